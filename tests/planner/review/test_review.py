"""A review tells what happened: by the fake API's own books, and nothing that did not."""

import json
from decimal import Decimal
from typing import Any

import pytest

from planner.measure.lines import ReadError
from planner.plan import make_plan
from planner.review.actual import Actual, actual_of
from planner.review.export import export, learnt
from planner.review.findings import findings_of
from planner.review.reading import Found, Reading
from planner.scenario import Scenario, parse
from planner.show.reviewed import report
from tests.planner.review.account import BEGAN, Account, account, run_event, stamp

BASE = Scenario()
SEEDS = range(50)


def read(*files: bytes | tuple[str, bytes], piece: int = 700) -> Found:
    """What files tell."""
    reading = Reading()
    for file in files:
        name, data = file if isinstance(file, tuple) else ("file", file)
        reading.begin(name)
        for start in range(0, len(data), piece):
            reading.feed(data[start : start + piece])
        reading.end()
    return reading.found


def both(made: Account) -> tuple[Found, Actual]:
    found = read(made.journal_bytes(), made.list_bytes())
    return found, actual_of(found, None)


def suspected(found: Found, actual: Actual) -> set[frozenset[str]]:
    findings = findings_of(found, actual)
    return {frozenset(each.batches) for each in findings if each.rule == "possible-duplicate"}


@pytest.mark.parametrize("seed", SEEDS)
def test_account_is_as_the_books_say(seed: int) -> None:
    """Makespan, cost and counts are the books'; every duplicate is found."""
    made = account(seed)
    found, actual = both(made)
    own = made.own()
    assert actual.makespan_s == pytest.approx(
        max(each.ended or 0 for each in own) - min(each.created for each in own), abs=1e-3
    )
    kinds = [entry.outcome["type"] for each in own for entry in each.entries]
    assert (actual.succeeded, actual.given_up) == (kinds.count("succeeded"), kinds.count("errored"))
    doubled = {name for pair in made.duplicates for name in pair} - {each.id for each in own}
    books = made.provider.books
    lost = sum(
        entry.usd()
        for each in made.provider.batches
        if each.id in doubled
        for entry in each.entries
        if entry.outcome["type"] == "succeeded"
    )
    assert actual.usd == books.spent_usd() - lost
    assert made.duplicates <= suspected(found, actual)


def test_false_alarms_are_rare() -> None:
    """In fifty accounts at most one batch is suspected that was not made twice."""
    alarms = [
        pair for made in map(account, SEEDS) for pair in suspected(*both(made)) - made.duplicates
    ]
    assert len(alarms) <= 1, alarms


def test_json_has_the_names_of_the_contract() -> None:
    """Every name of the contract, and a scenario that can be planned."""
    made = account(1)
    found = read(made.journal_bytes(), made.list_bytes())
    planned = make_plan(BASE)
    told = export(found, actual_of(found, planned), BASE)
    assert {
        "batches",
        "history",
        "left_out",
        "actual",
        "planned",
        "place",
        "findings",
        "scenario",
    } <= set(told)
    assert list(told["batches"][0]) == [
        "id",
        "requests",
        "created_at",
        "ended_at",
        "seconds",
        "counts",
    ]
    assert list(told["batches"][0]["counts"]) == ["succeeded", "errored", "expired", "canceled"]
    assert list(told["planned"]) == ["p50_s", "p85_s", "usd"]
    faster = [each for each in planned.forecast.makespans_s if each < told["actual"]["makespan_s"]]
    assert told["place"] == len(faster) / planned.forecast.replications
    assert told["history"] and len(told["history"][0]) == 3
    scenario = parse(told["scenario"])
    assert scenario.duration.model == "history"
    assert [row[:2] for row in scenario.duration.history] == [
        (requests, seconds) for requests, seconds, _ in told["history"]
    ]
    json.dumps(told, allow_nan=False)
    assert report(found, actual_of(found, planned), learnt(actual_of(found, planned)), Scenario())


def shown(
    batch_id: str, minutes: float = 0, took_s: float | None = 600, size: int = 10, **more: Any
) -> dict[str, Any]:
    """A batch as the list shows it."""
    created = BEGAN + minutes * 60
    ended = None if took_s is None else stamp(created + took_s)
    counts = {"processing": 0, "succeeded": size, "errored": 0, "canceled": 0, "expired": 0}
    if took_s is None:
        counts |= {"processing": size, "succeeded": 0}
    return {
        "id": batch_id, "type": "message_batch", "request_counts": counts | more.pop("counts", {}),
        "processing_status": "ended" if ended else "in_progress", "created_at": stamp(created),
        "expires_at": stamp(created + 86_400), "ended_at": ended, "cancel_initiated_at": None,
        "archived_at": None, "results_url": None, **more,
    }  # fmt: skip


def listing(*batches: dict[str, Any], has_more: bool = False) -> bytes:
    return json.dumps({"data": [*batches], "has_more": has_more}).encode()


def journal(*events: dict[str, Any], form: int = 2) -> bytes:
    lines = [run_event(form), *({"at": stamp(BEGAN + 60), **event} for event in events)]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def created(number: int, batch_id: str, minutes: float = 0, size: int = 10) -> list[dict[str, Any]]:
    """Cut, submitted and made."""
    return [
        {"event": "cut", "batch": number, "requests": size},
        {"event": "submit", "batch": number},
        {
            "event": "created",
            "batch": number,
            "id": batch_id,
            "created_at": stamp(BEGAN + minutes * 60),
        },
    ]


def rules(*files: bytes | tuple[str, bytes], now: str = "") -> list[tuple[str, str]]:
    found = read(*files)
    return [(each.rule, each.severity) for each in findings_of(found, actual_of(found, None, now))]


@pytest.mark.parametrize(
    ("minutes", "took", "size", "is_suspected"),
    [(1, 600, 10, True), (14, 7000, 10, True), (16, 7000, 10, False), (1, 600, 11, False)],
)
def test_possible_duplicate(minutes: float, took: float, size: int, is_suspected: bool) -> None:
    """The same count, made within 15 minutes, overlapping."""
    files = listing(shown("one", took_s=7000), shown("two", minutes, took, size))
    assert (("possible-duplicate", "warning") in rules(files)) == is_suspected


def test_one_after_the_other_is_no_duplicate() -> None:
    """A batch that had ended before the next was made is not suspected."""
    assert rules(listing(shown("one", took_s=60), shown("two", 2, 60))) == []


def test_results_prove_a_duplicate_or_clear_it() -> None:
    """Where results of both are there, their ids decide."""
    files = listing(shown("one"), shown("two", 1))

    def results(name: str, *ids: str) -> tuple[str, bytes]:
        lines = [{"custom_id": each, "result": {"type": "expired"}} for each in ids]
        return f"results/{name}.jsonl", "\n".join(map(json.dumps, lines)).encode()

    assert ("possible-duplicate", "error") in rules(
        files, results("one", "a", "b"), results("two", "b", "a")
    )
    assert rules(files, results("one", "a", "b"), results("two", "a", "c")) == []


def test_sisters_of_a_journal_are_no_duplicates() -> None:
    """Batches of one run that have the same count are known apart by the journal."""
    events = [*created(1, "one"), *created(2, "two", 1), *created(3, "three", 2)]
    sisters = [shown("one"), shown("two", 1), shown("three", 2)]
    assert rules(journal(*events), listing(*sisters)) == []


def test_stranger_is_held_against_one_sister() -> None:
    """Of sisters of one count the one that was made next after the unknown batch is named."""
    events = [*created(1, "one"), *created(2, "two", 5), *created(3, "three", 6)]
    listed = [shown("one", took_s=4000), shown("two", 5), shown("three", 6), shown("lost", 2)]
    found = read(journal(*events), listing(*listed))
    assert suspected(found, actual_of(found, None)) == {frozenset(("two", "lost"))}


def test_not_in_journal() -> None:
    """A batch of the list that was made while the run went on; what the run let go is a stranger's."""
    files = journal(*created(1, "one")), listing(shown("one"), shown("other", 1, size=7))
    assert rules(*files) == [("not-in-journal", "note")]
    known = journal(
        *created(1, "one"), {"event": "let_go", "batch": 1, "id": "other", "why": "ids"}
    )
    assert rules(known, files[1]) == []
    assert rules(files[0], listing(shown("one"), shown("other", -60, size=7))) == []


def test_not_at_provider() -> None:
    """A batch of the journal that a list which goes back that far lacks."""
    ended = {
        "event": "ended",
        "batch": 1,
        "id": "one",
        "ended_at": stamp(BEGAN + 600),
        "counts": {},
    }
    files = journal(*created(1, "one"), ended), listing(shown("old", -600))
    assert rules(*files) == [("not-at-provider", "warning")]
    stored = {"event": "stored", "batch": 1}
    assert rules(journal(*created(1, "one"), ended, stored), files[1]) == [
        ("not-at-provider", "note")
    ]
    # a page that does not go back so far proves nothing
    assert rules(files[0], listing(shown("new", 60), has_more=True)) == []


@pytest.mark.parametrize(
    ("days", "severity"), [(21, None), (22.5, "warning"), (28, "warning"), (30, "error")]
)
def test_results_expire(days: float, severity: str | None) -> None:
    """Within 7 days of the 29, counted from created_at, unless the run has stored them."""
    now = stamp(BEGAN + days * 86_400)
    wanted = [("results-expire", severity)] if severity else []
    assert rules(listing(shown("one")), now=now) == wanted
    kept = [
        *created(1, "one"),
        {"event": "ended", "batch": 1, "id": "one", "ended_at": stamp(BEGAN + 9), "counts": {}},
        {"event": "stored", "batch": 1},
    ]
    assert rules(journal(*kept), listing(shown("one")), now=now) == []


def test_still_running_and_slow() -> None:
    """A batch without an end is running; one that takes far longer than others of its size is slow."""
    files = listing(shown("one", took_s=None))
    assert rules(files, now=stamp(BEGAN + 60)) == [("still-running", "note")]
    assert rules(files, now=stamp(BEGAN + 80_000)) == [("still-running", "note"), ("slow", "note")]
    assert rules(listing(shown("one", took_s=80_000)), now=stamp(BEGAN + 90_000)) == [
        ("slow", "note")
    ]


def test_failures() -> None:
    """Expired and errored requests are counted over all batches; most of them is an error."""
    one = shown("one", counts={"succeeded": 6, "errored": 4})
    two = shown("two", 60, counts={"succeeded": 1, "expired": 9})
    assert rules(listing(one)) == [("errored-requests", "warning")]
    assert rules(listing(two)) == [("expired-requests", "error")]


def test_answers() -> None:
    """Answers that were cut or refused, by the journal or by results, with what they cost."""
    done = {
        "event": "sorted",
        "batch": 1,
        "succeeded": 10,
        "usd": "2.00",
        "truncated": 3,
        "refused": 1,
    }
    files = journal(*created(1, "one"), done)
    found = read(files)
    told = {each.rule: each.usd for each in findings_of(found, actual_of(found, None))}
    assert told["truncated-answers"] == Decimal("0.6")
    assert told["refused-answers"] == Decimal("0.2")
    message = {"model": "claude-sonnet-5-5-20260928", "stop_reason": "max_tokens"}
    message |= {"usage": {"input_tokens": 1_000_000, "output_tokens": 1_000_000}}
    line = {"custom_id": "a", "result": {"type": "succeeded", "message": message}}
    found = read(json.dumps(line).encode())
    actual = actual_of(found, None)
    assert (actual.usd, actual.truncated) == (Decimal(6), 1)


def test_history_leaves_out_what_says_nothing() -> None:
    """Canceled, expired and running batches teach nothing; each is told with its reason."""
    found = read(
        listing(
            shown("good"),
            shown("canceled", 60, cancel_initiated_at=stamp(BEGAN)),
            shown("expired", 120, 86_400, counts={"expired": 4}),
            shown("full-day", 150, 86_400),
            shown("running", 180, None),
        )
    )
    history = learnt(actual_of(found, None))
    assert history.rows == ((10, 600.0, stamp(BEGAN)),)
    assert [batch_id for batch_id, _ in history.left_out] == [
        "canceled",
        "expired",
        "full-day",
        "running",
    ]


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"data": [shown("a"), shown("b", 60)], "has_more": False}).encode(),
        json.dumps([{"data": [shown("a")]}, {"data": [shown("b", 60)]}], indent=2).encode(),
        json.dumps({"data": [shown("a")]}, indent=1).encode() + b"\n" + json.dumps({"data": [shown("b", 60)]}).encode(),
        json.dumps([shown("a"), shown("b", 60)]).encode(),
        "\n".join(json.dumps(each) for each in (shown("a"), shown("b", 60))).encode(),
        ("\ufeff" + json.dumps(shown("a")) + "\r\n" + json.dumps(shown("b", 60))).encode(),
    ],
)  # fmt: skip
def test_forms_of_a_list(data: bytes) -> None:
    """A page, several, on one line or many, a list, or one object a line."""
    assert [*read(data, piece=50).listed] == ["a", "b"]


def test_growing_and_torn_journal() -> None:
    """A journal that ends in the middle of a line, or holds one twice, is read up to there."""
    whole = journal(*created(1, "one"), *created(2, "two", 5))
    lines = whole.splitlines(keepends=True)
    found = read(whole[:-20])
    assert [*found.journal.batches] == ["one"] if found.journal else False
    assert found.odd == ["file: the last line is not whole yet: passed over"]
    twice = b"".join([*lines[:3], lines[2], *lines[3:]])
    actual = actual_of(read(twice), None)
    assert (len(actual.own), actual.running, actual.makespan_s) == (2, True, None)


def test_damaged_journal_is_told_by_line() -> None:
    """A line that is no JSON costs nothing else."""
    lines = journal(*created(1, "one")).splitlines(keepends=True)
    found = read(b"".join([lines[0], b"{torn\n", *lines[1:]]))
    assert found.odd == ["file: line 2 cannot be read: passed over"]
    assert found.journal and [*found.journal.batches] == ["one"]


@pytest.mark.parametrize("form", [1, 2])
def test_formats_of_journals(form: int) -> None:
    """Both formats are read."""
    assert read(journal(*created(1, "one"), form=form)).journal


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (journal(form=3), "format 3"),
        (b"", "empty"),
        (b"hello\n", "no JSON"),
        (b'{"data": [', "cut in the middle"),
        (b'{"object": "list", "data": [{"object": "batch", "id": "batch_1"}]}', "another provider"),
        (b'{"object": "batch", "id": "batch_1"}', "another provider"),
        (
            b'{"object": "batch", "id": "batch_1", "request_counts": {"total": 5, "failed": 0}}',
            "another provider",
        ),
        (b'{"custom_id": "a", "params": {}}', "Give them to measure"),
        (b'{"event": "cut", "at": "x"}', "does not begin"),
        (b"17", "nothing that tells"),
        (b'{"x": 1}', "neither"),
        (b"\x89PNG\0\0", "no text"),
    ],
)
def test_other_files_are_told(data: bytes, words: str) -> None:
    """What is no file of a run is told with what it is."""
    with pytest.raises(ReadError, match=words):
        read(data)
