"""Promise 1: batches have counts of their own, so that each is recognised in the list."""

from collections.abc import Callable

from tests.programs.harness import Bench

IDS = [f"r{number}" for number in range(600)]
FLAGS = ["--requests-per-batch", "100", "--concurrent-batches", "4"]


def sizes(there: Bench) -> list[int]:
    return [len(batch.entries) for batch in there.api.batches]


def test_open_batches_have_different_counts(language: str, bench: Callable[..., Bench]) -> None:
    """ "Batches of one run are cut to different counts … from a small range below the full size." """
    there = bench({"polls": 8})
    there.write(*IDS)
    assert there.run(language, *FLAGS).code == 0
    *whole, last = sizes(there)
    assert all(96 <= size <= 100 for size in whole) and last <= 100
    there.is_complete(IDS)
    counts: dict[int, int] = {}  # of the batches that there are, by their numbers
    for event in there.lines("journal.jsonl"):
        if event["event"] == "cut" and event["end"] < there.input.stat().st_size:
            assert event["requests"] not in counts.values(), "no two of the open ones are alike"
            counts[event["batch"]] = event["requests"]
        if event["event"] == "sorted":
            counts.pop(event["batch"], None)


def test_counts_are_drawn_at_random(language: str, bench: Callable[..., Bench]) -> None:
    """ "… drawn at random": four runs on one input are not cut alike."""
    cuts = set()
    for _ in range(4):
        there = bench()
        there.write(*IDS)
        assert there.run(language, *FLAGS).code == 0
        cuts.add(tuple(sizes(there)))
    assert len(cuts) > 1


def test_a_small_batch_keeps_its_count(language: str, bench: Callable[..., Bench]) -> None:
    """ "… a small range": of ten requests nothing can be taken without making many batches."""
    there = bench()
    there.write(*IDS[:30])
    assert there.run(language, "--requests-per-batch", "10").code == 0
    assert sizes(there) == [10, 10, 10]


def test_the_rest_goes_as_it_is(language: str, bench: Callable[..., Bench]) -> None:
    """What fits into one batch is one batch, however full; a range that others leave too."""
    there = bench()
    there.write(*IDS[:100])
    assert there.run(language, *FLAGS).code == 0
    assert sizes(there) == [100]


def test_the_canary_is_as_large_as_it_was_told(language: str, bench: Callable[..., Bench]) -> None:
    """The first N requests go alone: N, not about N."""
    there = bench()
    there.write(*IDS)
    assert there.run(language, *FLAGS, "--canary", "60").code == 0
    assert sizes(there)[0] == 60
    there.is_complete(IDS)
