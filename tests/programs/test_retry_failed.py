"""Promise 20: `--retry-failed` sends what failed.jsonl holds in new rounds of the same folder."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.programs.cases import ALWAYS, errored, on
from tests.programs.harness import Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FLAGS = ["--requests-per-batch", "4", "--max-retries", "1", "--adopt-grace-seconds", "0.05"]
AGAIN = [*FLAGS, "--retry-failed"]
# r2 succeeds at its third attempt, r3 at its fifth; r5 never will.
OUTCOMES = [
    *[errored("r2", "api_error", attempt=n) for n in (1, 2)],
    *[errored("r3", "overloaded_error", attempt=n) for n in (1, 2, 3, 4)],
    errored("r5", "invalid_request_error"),
]


def failed_once(since: Callable[..., Bench], language: str) -> Bench:
    def begin(there: Bench) -> None:
        there.write(*IDS)
        done = there.run(language, *FLAGS)
        assert done.code == 1, done.said
        assert set(there.given_up()) == {"r2", "r3", "r5"}

    return since(("failed once", language), {"outcomes": OUTCOMES}, begin)


def test_retry_failed(language: str, since: Callable[..., Bench]) -> None:
    """ "`--retry-failed` sends what `failed.jsonl` holds in new rounds of the same folder, when a person asks for it; what
    was given up for good says why." """
    there = failed_once(since, language)
    done = there.run(other(language), *AGAIN)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.given_up() == {"r3": "overloaded_error", "r5": "invalid_request_error"}
    assert "invalid_request_error" in done.stderr, "why r5 stays"
    assert there.api.books.accepted["r5"] == 1
    attempts = {line["custom_id"]: line["attempts"] for line in there.lines("failed.jsonl")}
    assert attempts == {"r3": 4, "r5": 1}
    assert there.summary()["succeeded"] == 6
    done = there.run(language, *AGAIN)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.given_up() == {"r5": "invalid_request_error"}


def test_nothing_is_deleted(language: str, since: Callable[..., Bench]) -> None:
    """ "Nothing in DIR is ever deleted by the programs": the list of failures of before is still there."""
    there = failed_once(since, language)
    before = there.text("failed.jsonl")
    assert there.run(language, *AGAIN).code == 1
    assert there.text("failed-1.jsonl") == before


def test_nothing_to_send_again(language: str, bench: Callable[..., Bench]) -> None:
    """Where nothing can be sent again it says so, with the code of before."""
    there = bench({"outcomes": [errored("r5", "invalid_request_error")]})
    there.write(*IDS)
    assert there.run(language, *FLAGS).code == 1
    created = there.api.calls["create"]
    done = there.run(other(language), *AGAIN)
    assert done.code == 1, done.said
    assert "invalid_request_error" in done.stderr
    there.is_complete(IDS)
    assert there.api.calls["create"] == created


def test_without_the_flag_nothing_is_sent_again(language: str, since: Callable[..., Bench]) -> None:
    """ "… when a person asks for it"."""
    there = failed_once(since, language)
    calls = sum(there.api.calls.values())
    assert there.run(other(language), *FLAGS).code == 1
    assert sum(there.api.calls.values()) == calls


def test_what_was_paid_for_is_not_sent_again(language: str, bench: Callable[..., Bench]) -> None:
    """Answers that the API no longer gives, or whose kind nobody knows, were paid for."""
    stray = json.dumps({"custom_id": "x", "result": {"type": "succeeded", "message": {}}})
    there = bench(
        {
            "outcomes": [{"id": "r1", "type": "postponed"}],
            "faults": [
                on("retrieve", "archived", batch=2, **ALWAYS),
                on("results", "spoil", text=stray, batch=1, **ALWAYS),
            ],
        }
    )
    there.write(*IDS)
    assert there.run(language, *FLAGS).code == 1
    created = there.api.calls["create"]
    there.api.set_scenario({})
    done = there.run(other(language), *AGAIN)
    assert done.code == 1, done.said
    assert there.api.calls["create"] == created
    there.pays_once()


def test_a_run_that_is_not_done(language: str, bench: Callable[..., Bench]) -> None:
    """An open run has rounds of its own to go: what has failed so far is not sent beside them."""
    there = bench({"outcomes": OUTCOMES})
    there.write(*IDS)
    assert there.run(language, *FLAGS, kill=(9, "after")).code == -9
    there.run(other(language), *AGAIN)
    if not there.events("done"):
        assert there.run(language, *FLAGS).code == 1
    there.is_complete(IDS)
    assert set(there.given_up()) == {"r2", "r3", "r5"}


@pytest.mark.parametrize("flag", ["--retry-failed", "--cancel"])
@pytest.mark.parametrize("journal", [None, '{"event":"run","form'])
def test_a_folder_without_a_run(
    journal: str | None, flag: str, language: str, bench: Callable[..., Bench]
) -> None:
    """There is nothing to send again, or to cancel, and no run begins by the way."""
    there = bench()
    there.write(*IDS)
    if journal:
        there.out.mkdir()
        (there.out / "journal.jsonl").write_text(journal, "utf-8")
    done = there.run(language, *FLAGS, flag)
    assert done.code == 2, done.said
    assert "holds no run" in done.stderr
    assert there.journal() == (journal or "")


def test_a_canceled_run(language: str, bench: Callable[..., Bench]) -> None:
    """What `--cancel` left unsent is sent when a person asks for it."""
    there = bench({"polls": 3})
    there.write(*IDS)
    assert there.run(language, *FLAGS, kill=("created", "after")).code == -9
    assert there.run(language, *FLAGS, "--cancel").code == 1
    left = set(there.given_up())
    assert left
    done = there.run(other(language), *AGAIN)
    assert done.code == 0, done.said
    succeeded = {line["custom_id"] for line in there.lines("succeeded.jsonl")}
    assert succeeded == set(IDS) and not there.lines("failed.jsonl")
    assert there.api.books.paid_twice() == []
    assert set(there.api.books.needless) <= left, "what was canceled was never answered"


def test_nothing_to_send_again_after_a_cancel(language: str, bench: Callable[..., Bench]) -> None:
    """A list of the next round that `--cancel` left stays as it is: later starts find what the journal says."""
    there = bench({"outcomes": [{"id": "r0", "type": "missing"}]})
    there.write("r0")
    assert there.run(language, *FLAGS, kill=("sorted", "after")).code == -9
    assert there.run(language, *FLAGS, "--cancel").code == 1
    assert there.run(language, *AGAIN).code == 1
    again = there.run(other(language), *FLAGS)
    assert again.code == 1, again.said
    there.pays_once()


def test_what_a_cancel_found_not_made(language: str, bench: Callable[..., Bench]) -> None:
    """A batch that --cancel found not made is no batch when its requests are sent again, whoever goes on."""
    there = bench({"faults": [on("create", "drop")]})
    there.write(*IDS)
    assert there.run(language, *FLAGS, kill=("doubt", "after")).code == -9
    assert there.run(language, *FLAGS, "--cancel").code == 1
    assert there.run(other(language), *AGAIN, kill=("cut", "after")).code == -9
    done = there.run(language, *FLAGS)
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_an_old_list_that_was_put_away(language: str, since: Callable[..., Bench]) -> None:
    """The list of failures of before may be moved elsewhere when the run is done."""
    there = failed_once(since, language)
    assert there.run(language, *AGAIN).code == 1
    (there.out / "failed-1.jsonl").rename(there.folder / "put away")
    done = there.run(language, *FLAGS)
    assert done.code == 1, done.said
    there.is_complete(IDS)


@pytest.mark.parametrize("when", ["torn", "after"])
def test_killed_while_it_sends_again(
    when: str,
    language: str,
    since: Callable[..., Bench],
    kills: Callable[..., Iterator[Bench]],
) -> None:
    """Killed at each line of the journal in turn; the flag is given again, or not, and the other program finishes."""
    first = failed_once(since, language)
    lines = 0
    for there in kills(first, when, language, *AGAIN):
        lines += 1
        again = "again" in {event["event"] for event in there.whole_events()}
        done = there.run(other(language), *(FLAGS if again else AGAIN))
        assert done.code == 1, done.said
        there.is_complete(IDS)
        assert there.given_up() == {"r3": "overloaded_error", "r5": "invalid_request_error"}
    assert lines > 6, "sending again has more lines than this"
    first.is_complete(IDS)
