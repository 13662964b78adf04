"""Promise 8: uploads that take long, and waits that the API asks for."""

import json
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.programs.cases import error, on
from tests.programs.harness import Bench

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4"]


def write_large(there: Bench, ids: list[str], size: int) -> None:
    rows = [json.dumps({"id": name, "prompt": f"{name} " + "x" * size}) for name in ids]
    there.input.write_text("".join(row + "\n" for row in rows), "utf-8")


def test_a_slow_upload_arrives(language: str, bench: Callable[..., Bench]) -> None:
    """ "An upload is given up for silence, never for its length: 243 MB at 24 kB/s arrive." All times are shortened alike."""
    slow = on("create", "ok", bytes_per_second=600_000)
    there = bench({"faults": [slow], "receive_buffer": 8192})
    write_large(there, IDS[:4], 400_000)
    times = {"SILENCE_SECONDS": 0.8, "ANSWER_SECONDS": 1.2}
    done = there.run(language, *FOUR, program=there.altered(language, **times))
    assert done.code == 0, done.said
    there.is_complete(IDS[:4])
    assert there.api.calls["create"] == 1
    assert not there.events("doubt")


def test_a_silent_upload_is_given_up(language: str, bench: Callable[..., Bench]) -> None:
    """A peer that takes no more bytes is not waited for longer than silence may last."""
    deaf = on("create", "stop-reading", bytes=200_000, seconds=90.0)
    there = bench({"faults": [deaf], "receive_buffer": 8192})
    write_large(there, IDS[:4], 3_000_000)
    program = there.altered(language, SILENCE_SECONDS=0.7)
    done = there.start(language, *FOUR, program=program).wait(60.0)
    assert done.code == 0, done.said
    there.is_complete(IDS[:4])
    assert there.api.calls["create"] == 2


def test_a_download_that_falls_silent(language: str, bench: Callable[..., Bench]) -> None:
    """It is fetched again."""
    there = bench({"faults": [on("results", "stall", seconds=90.0)]})
    there.write(*IDS)
    program = there.altered(language, SILENCE_SECONDS=0.7)
    done = there.start(language, *FOUR, program=program).wait(60.0)
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_a_slow_download_arrives(language: str, bench: Callable[..., Bench]) -> None:
    """A download too is given up for silence, never for its length."""
    there = bench({"faults": [on("results", "slow", seconds=2.5, pieces=10)]})
    there.write(*IDS)
    program = there.altered(language, SILENCE_SECONDS=1.2)
    done = there.run(language, *FOUR, program=program)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["results"] == 2


@pytest.mark.parametrize("operation", ["retrieve", "list", "results", "create"])
def test_retry_after_zero(operation: str, language: str, bench: Callable[..., Bench]) -> None:
    """ "`retry-after: 0` is no invitation to hammer": our own growing wait is kept."""
    busy = error(operation, 429, "rate_limit_error", retry_after=0, times=5)
    there = bench({"faults": [busy]})
    there.write(*IDS[:4])
    done = there.run(language, *FOUR, "--poll-seconds", "0.4")
    assert done.code == 0, done.said
    there.is_complete(IDS[:4])
    moments = there.api.moments[operation][:6]
    assert all(later - sooner >= 0.25 for sooner, later in pairwise(moments))


def test_a_retry_after_in_the_past(language: str, bench: Callable[..., Bench]) -> None:
    """A date that has gone by is no invitation either."""
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    there = bench(
        {"faults": [error("retrieve", 429, "rate_limit_error", retry_after=past, times=4)]}
    )
    there.write(*IDS[:4])
    assert there.run(language, *FOUR, "--poll-seconds", "0.4").code == 0
    moments = there.api.moments["retrieve"][:5]
    assert all(later - sooner >= 0.25 for sooner, later in pairwise(moments))


def test_a_retry_after_that_is_longer_than_ours(language: str, bench: Callable[..., Bench]) -> None:
    """ "429 honours `retry-after`": the larger of what it says and our own wait."""
    there = bench({"faults": [error("retrieve", 429, "rate_limit_error", retry_after=0.7, nth=2)]})
    there.write(*IDS[:4])
    assert there.run(language, *FOUR).code == 0
    moments = there.api.moments["retrieve"]
    assert moments[2] - moments[1] >= 0.7


def test_our_own_waits_grow(language: str, bench: Callable[..., Bench]) -> None:
    """ "… with capped, jittered waits": a provider in trouble is not asked at the same pace."""
    there = bench({"faults": [error("retrieve", 500, "api_error", times=4)]})
    there.write(*IDS[:4])
    program = there.altered(language, FIRST_WAIT_SECONDS=0.05)
    assert there.run(language, *FOUR, "--poll-seconds", "0.4", program=program).code == 0
    moments = there.api.moments["retrieve"]
    assert moments[4] - moments[3] >= 0.25


def test_the_provider_is_gone_for_a_while(language: str, bench: Callable[..., Bench]) -> None:
    """No answer of any kind while results are fetched, polled and listed: all passes."""
    gone = [on(operation, "drop", nth=2, times=4) for operation in ("list", "retrieve", "results")]
    there = bench({"faults": gone})
    there.write(*IDS)
    assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_batch_that_is_unknown_on_and_off(language: str, bench: Callable[..., Bench]) -> None:
    """ "A 404 for a batch it made is taken for passing trouble for ten minutes": a 404 that passes does not add up."""
    flaky = [error("retrieve", 404, "not_found_error", nth=n, batch=1) for n in range(1, 40, 2)]
    there = bench({"faults": flaky, "polls": 22})
    there.write(*IDS)
    program = there.altered(language, LOST_BATCH_SECONDS=0.5)
    done = there.run(language, *FOUR, "--poll-seconds", "0.05", program=program)
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_answers_that_never_come(language: str, bench: Callable[..., Bench]) -> None:
    """Polls and lists that hang are given up and asked again."""
    hang = [on("retrieve", "hang", seconds=90.0, nth=2), on("list", "hang", seconds=90.0, nth=2)]
    there = bench({"faults": hang})
    there.write(*IDS)
    program = there.altered(language, SILENCE_SECONDS=0.5, TIMEOUT_SECONDS=0.5)
    done = there.start(language, *FOUR, program=program).wait(60.0)
    assert done.code == 0, done.said
    there.is_complete(IDS)
