"""Promise 14: no prompt in what is said, and the key goes to no host but the one that was configured."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from planner.fake import FakeApi
from tests.programs.cases import error, errored, on
from tests.programs.harness import SECRET, Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4"]


@pytest.fixture
def elsewhere() -> Iterator[FakeApi]:
    """Another host, which would take the same key."""
    with FakeApi() as api:
        yield api


def told_nothing(api: FakeApi, key: str) -> bool:
    """Whether a host never saw the key."""
    return not any(key in value for headers in api.headers for value in headers.values())


LEAKS: dict[str, tuple[dict[str, Any], int]] = {
    "a create that is refused": (error("create", 400, "invalid_request_error"), 3),
    "a create that is forbidden": (error("create", 403, "permission_error"), 3),
    "a create in doubt": (error("create", 500, "api_error"), 0),
    "a create that is to wait": (error("create", 429, "rate_limit_error", retry_after=0.1), 0),
    "a create without credit": (error("create", 402, "billing_error"), 3),
    "a poll": (error("retrieve", 500, "api_error"), 0),
    "a poll that is forbidden": (error("retrieve", 403, "permission_error"), 3),
    "a list": (error("list", 529, "overloaded_error"), 0),
    "results": (error("results", 500, "api_error"), 0),
}


@pytest.mark.parametrize(("fault", "code"), LEAKS.values(), ids=LEAKS)
def test_the_apis_words_hold_a_prompt(
    fault: dict[str, Any], code: int, language: str, bench: Callable[..., Bench]
) -> None:
    """ "No prompt, answer or key is logged or journalled, also not in the API's own words of an error." """
    words = f'The text "{SECRET} for r0" is not allowed here. Answer to r0: no.'
    there = bench({"faults": [{**fault, "message": words}]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == code, done.said
    there.is_quiet()
    assert f"HTTP {fault['status']}" in done.stderr
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS)


def test_the_path_at_the_front_of_the_apis_words(
    language: str, bench: Callable[..., Bench]
) -> None:
    """Where it says which part of the request is wrong, that is shown; nothing else of it is."""
    words = f"requests.0.params: {SECRET}: Input should be a string"
    there = bench({"faults": [error("create", 400, "invalid_request_error", message=words)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 3, done.said
    assert "requests.0.params" in done.stderr
    there.is_quiet()


@pytest.mark.parametrize("kind", ["invalid_request_error", "api_error", "solar_flare_error"])
def test_a_result_that_holds_a_prompt(
    kind: str, language: str, bench: Callable[..., Bench]
) -> None:
    """The words of a result that failed stand in failed.jsonl, in the API's own line, and nowhere else."""
    message = f"messages.0: {SECRET} for r5 is too long"
    there = bench({"outcomes": [errored("r5", kind, message=message, retriable=True)]})
    there.write(*IDS)
    done = there.run(language, *FOUR, "--max-retries", "1")
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert SECRET in there.text("failed.jsonl")


def test_results_at_another_host(
    elsewhere: FakeApi, language: str, bench: Callable[..., Bench]
) -> None:
    """ "The key goes to no host but the one that was configured (results are read through it when it is a gateway)." """
    there = bench({"results_at": elsewhere.url})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert not elsewhere.headers


def test_results_behind_a_gateway(language: str, bench: Callable[..., Bench]) -> None:
    """A gateway below a path: the API knows nothing of it, and the results are read through it."""
    there = bench({"prefix": "/team/anthropic", "results_at": "https://api.anthropic.invalid"})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)


@pytest.mark.parametrize("slashes", ["/", "//"])
def test_an_address_with_a_slash_at_its_end(
    slashes: str, language: str, bench: Callable[..., Bench]
) -> None:
    """The address may end as people write it."""
    there = bench({"results_at": "https://api.anthropic.invalid"})
    there.write(*IDS)
    there.env["ANTHROPIC_BASE_URL"] = there.api.url + slashes
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize("operation", ["list", "create", "retrieve", "results"])
def test_a_redirect_to_another_host(
    operation: str, status: int, elsewhere: FakeApi, language: str, bench: Callable[..., Bench]
) -> None:
    """The key does not follow where it is sent."""
    path = f"{elsewhere.url}/v1/messages/batches"
    there = bench({"faults": [on(operation, "redirect", status=status, url=path, times=3)]})
    there.write(*IDS[:4])
    running = there.start(language, *FOUR)
    there.until(lambda: there.api.calls[operation] >= 1)
    done = running.wait()
    assert done.code in (0, 3), done.said
    assert told_nothing(elsewhere, there.api.key)
    assert not elsewhere.batches
    there.api.set_scenario({})
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS[:4])
