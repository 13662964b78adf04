"""Limits of the account: when they are said, and where exactly they begin to bind."""

import pytest

from planner.advice.caveat import Caveat
from tests.planner.advice.examples import caveat_of, has


def test_a_queue_limit_that_is_not_published() -> None:
    """The plan says which number it counts with; to know better is the person's own affair."""
    assert caveat_of("queue-unknown") == Caveat(
        code="queue-unknown",
        severity="warns",
        message=(
            "The queue limit of tier Custom is not published. The plan counts with 500,000 "
            "requests; set your own if you know it."
        ),
    )


def test_an_own_queue_limit_is_known() -> None:
    """Whoever gives it has no doubt about it."""
    assert not has("queue-unknown", {"limits": {"tier": "custom", "queue_requests": 1000}})


def test_a_queue_that_binds() -> None:
    """Of five batches of 10,000 only two fit into 20,000: open no more."""
    assert caveat_of("queue-binds") == Caveat(
        code="queue-binds",
        severity="notes",
        message=(
            "The queue limit of 20,000 requests lets only 2 batches of 10,000 be open at once, "
            "not 5."
        ),
        fix={"batches.concurrent": 2},
        fix_label="Open 2 at once",
    )


@pytest.mark.parametrize(
    ("concurrent", "queue", "binds"),
    [(2, 20_000, False), (3, 20_000, True), (3, 30_000, False), (3, 29_999, True)],
)
def test_edge_of_the_queue(concurrent: int, queue: int, binds: bool) -> None:
    """As many batches as fit are no caveat; one more is."""
    raw = {
        "workload": {"requests": 50_000},
        "batches": {"requests_per_batch": 10_000, "concurrent": concurrent},
        "limits": {"queue_requests": queue},
    }
    assert has("queue-binds", raw) is binds


def test_more_at_once_than_there_are_batches() -> None:
    """Nobody needs room for batches that do not exist."""
    raw = {"batches": {"concurrent": 100}, "limits": {"queue_requests": 10_000}}
    assert not has("queue-binds", raw)


def test_bytes_that_bind() -> None:
    """243 MB hold 243 requests of 1 MB: a wish for 1,000 changes nothing."""
    assert caveat_of("bytes-bind") == Caveat(
        code="bytes-bind",
        severity="notes",
        message=("A batch may have 243 MB: requests of 1 MB make batches of 243, not 1,000."),
        fix={"batches.requests_per_batch": 243},
        fix_label="Put 243 into a batch",
    )


def test_one_batch_is_not_bound_by_bytes() -> None:
    """Five requests of 1 MB fit into one batch: the bytes made nothing smaller."""
    assert not has("bytes-bind", {"workload": {"requests": 5, "bytes_per_request": 1_000_000}})


def test_polling_too_fast() -> None:
    """100 batches every second are 6,000 calls a minute; every 6 s they are the 1,000 allowed."""
    assert caveat_of("polling-too-fast") == Caveat(
        code="polling-too-fast",
        severity="warns",
        message="100 batches polled every 1 s exceed the 1,000 calls a minute of the tier.",
        fix={"batches.poll_s": 6},
        fix_label="Poll every 6 s",
    )


@pytest.mark.parametrize(("poll_s", "fast"), [(6, False), (5.99, True)])
def test_edge_of_polling(poll_s: float, fast: bool) -> None:
    """100 batches every 6 s are the 1,000 calls a minute that are allowed."""
    batches = {"requests_per_batch": 100, "concurrent": 100, "poll_s": poll_s}
    assert has("polling-too-fast", {"batches": batches}) is fast


def test_only_open_batches_are_polled() -> None:
    """A hundred at once are allowed, but there is one: a call a second is not too many."""
    assert not has("polling-too-fast", {"batches": {"concurrent": 100, "poll_s": 1}})


def test_the_remedy_of_polling_is_rounded_up() -> None:
    """99 batches need 5.94 s between their polls: 5 s would be too fast."""
    batches = {"requests_per_batch": 102, "concurrent": 100, "poll_s": 1}
    caveat = caveat_of("polling-too-fast", {"batches": batches})
    assert caveat.message.startswith("99 batches")
    assert caveat.fix == {"batches.poll_s": 6}


def test_slow_polling() -> None:
    """An hour between polls is an hour that nobody notices the end; the usual minute is better."""
    assert caveat_of("polling-slow") == Caveat(
        code="polling-slow",
        severity="notes",
        message=(
            "The end of a batch is noticed up to 1 h late, and what follows it waits as long."
        ),
        fix={"batches.poll_s": 60},
        fix_label="Poll every 60 s",
    )


@pytest.mark.parametrize(("poll_s", "slow"), [(599, False), (600, True)])
def test_edge_of_slow_polling(poll_s: float, slow: bool) -> None:
    """Ten minutes are slow."""
    assert has("polling-slow", {"batches": {"poll_s": poll_s}}) is slow
