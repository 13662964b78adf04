"""How long the programs wait, with their constants shortened: timeouts, and a batch that the API no longer knows."""

from collections.abc import Callable
from pathlib import Path

from tests.programs.harness import Bench
from tests.programs.written import altered

IDS = ["a", "b", "c", "d"]
TWO = ["--requests-per-batch", "2"]


def test_a_create_that_is_not_answered(
    language: str, bench: Callable[..., Bench], tmp_path: Path
) -> None:
    """A timeout proves nothing: the batch is looked for, and adopted."""
    there = bench({"faults": [{"on": "create", "do": "hang", "seconds": 1.5}]})
    there.write(*IDS)
    done = there.run(language, *TWO, program=altered(language, tmp_path, ANSWER_SECONDS=0.4))
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2
    assert len(there.events("adopted")) == 1


def test_polls_and_downloads_that_are_not_answered(
    language: str, bench: Callable[..., Bench], tmp_path: Path
) -> None:
    """They are asked again."""
    there = bench(
        {
            "faults": [
                {"on": "retrieve", "do": "hang", "seconds": 1.2},
                {"on": "results", "do": "hang", "seconds": 1.2},
            ]
        }
    )
    there.write(*IDS)
    done = there.run(
        language,
        *TWO,
        program=altered(language, tmp_path, SILENCE_SECONDS=0.4, TIMEOUT_SECONDS=0.4),
    )
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_batch_that_the_api_no_longer_knows(
    language: str, bench: Callable[..., Bench], tmp_path: Path
) -> None:
    """After its time the run stops: the key may be of another workspace. It pays for nothing again; --cancel ends it."""
    there = bench(
        {
            "faults": [
                {
                    "on": "retrieve",
                    "do": "error",
                    "status": 404,
                    "type": "not_found_error",
                    "batch": 1,
                    "times": -1,
                }
            ]
        }
    )
    there.write(*IDS)
    program = altered(language, tmp_path, LOST_BATCH_SECONDS=0.3)
    done = there.run(language, *TWO, program=program)
    assert done.code == 3, done.said
    assert (
        "msgbatch_000001" in done.stderr
        and "workspace" in done.stderr
        and "--cancel" in done.stderr
    )
    assert there.run(language, *TWO, "--cancel", program=program).code == 1
    assert there.given_up() == {
        "a": "batch_not_found",
        "b": "batch_not_found",
        "c": "not_sent",
        "d": "not_sent",
    }
    assert there.api.calls["create"] == 1
    assert there.api.books.needless == []
