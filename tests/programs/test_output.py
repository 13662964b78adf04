"""Promise 17: standard output that is closed or full, and proxies that the SDK cannot use."""

from collections.abc import Callable

import pytest

from tests.programs.harness import Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4"]


@pytest.mark.parametrize(
    "script", ['"$@" > /dev/full', '"$@" | true; exit "${PIPESTATUS[0]}"'], ids=["full", "pipe"]
)
def test_standard_output_that_takes_nothing(
    script: str, language: str, bench: Callable[..., Bench]
) -> None:
    """ "A closed standard output … ends with code 3": the run itself is done, and its files are whole."""
    there = bench()
    there.write(*IDS)
    done = there.shell(script, language, *FOUR)
    assert done.code == 3, done.said
    assert "Traceback" not in done.said and "EPIPE" not in done.said
    there.is_complete(IDS)
    calls = sum(there.api.calls.values())
    again = there.run(other(language), *FOUR)
    assert again.code == 0 and "8 of 8 requests succeeded" in again.stdout
    assert sum(there.api.calls.values()) == calls


def test_standard_output_that_was_never_open(language: str, bench: Callable[..., Bench]) -> None:
    """The same for `>&-`; Node puts /dev/null in its place, and then nothing is amiss. No file takes its number."""
    there = bench()
    there.write(*IDS)
    done = there.shell('"$@" >&-', language, *FOUR)
    assert done.code == 3 or (done.code == 0 and language == "javascript"), done.said
    there.is_complete(IDS)
    assert "requests succeeded" not in there.journal()
    assert there.run(other(language), *FOUR).code == 0


@pytest.mark.parametrize("script", ['"$@" 2>&-', '"$@" 2>/dev/full'], ids=["closed", "full"])
def test_standard_error_that_takes_nothing(
    script: str, language: str, bench: Callable[..., Bench]
) -> None:
    """A closed terminal does not end a run that has hours to go."""
    there = bench()
    there.write(*IDS)
    done = there.shell(script, language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_check_with_standard_output_that_takes_nothing(
    language: str, bench: Callable[..., Bench]
) -> None:
    """What `--check` has to say could not be said."""
    there = bench()
    there.write(*IDS)
    done = there.shell('"$@" > /dev/full', language, "--check")
    assert done.code == 3, done.said
    assert "Traceback" not in done.said


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("HTTP_PROXY", "socks4a://127.0.0.1:9"),
        ("all_proxy", "gopher://127.0.0.1:9"),
    ],
)
def test_a_proxy_that_cannot_be_used(
    name: str, address: str, language: str, bench: Callable[..., Bench]
) -> None:
    """One line with code 3 where the SDK uses it, not a trace; where the SDK does not, the run goes on without it."""
    there = bench()
    there.write(*IDS)
    there.env[name] = address
    done = there.run(language, *FOUR)
    assert done.code == (3 if language == "python" else 0), done.said
    assert "Traceback" not in done.said and "unforeseen" not in done.said
    if done.code == 3:
        assert "proxy" in done.stderr.lower()
        assert len(done.stderr.strip().split("\n")) <= 3
        there.env.clear()
        assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)
