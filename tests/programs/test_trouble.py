"""Promise 2: trouble with one line or one batch keeps nothing else from being collected."""

import json
from collections.abc import Callable

import pytest

from tests.programs.cases import ALWAYS, error, on
from tests.programs.harness import Bench
from tests.programs.processes import Done
from tests.programs.written import other

IDS = [f"r{number}" for number in range(10)]
FOUR = ["--requests-per-batch", "4", "--concurrent-batches", "3"]
STRANGE = {
    "an id that was not sent": json.dumps({"custom_id": "x", "result": {"type": "succeeded"}}),
    "no object": "[1, 2, 3]",
    "no id": json.dumps({"result": {"type": "succeeded"}}),
    "no JSON": "<html>",
    "half a line": '{"custom_id": "r',
    "no UTF-8": "\udcff\udcfe",
    "an empty object": "{}",
    "NUL bytes": "\x00" * 40,
    "too deep": '{"custom_id": "x", "result": ' + "[" * 20_000 + "]" * 20_000 + "}",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_a_stray_line(text: str, language: str, bench: Callable[..., Bench]) -> None:
    """ "In a batch that this run made, a line with an unknown id or that cannot be read is logged and set aside; it holds
    back nothing else." """
    there = bench({"faults": [on("results", "stray", lines=[text], after=2, **ALWAYS)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


NUMBERS = {
    "NaN": "NaN",
    "Infinity": "Infinity",
    "1e999": "1e999",
    "a number of 5000 digits": "1" + "0" * 5000,
    "half a surrogate pair": '"\\ud800"',
    "a number below zero": "-5",
    "a text": '"7"',
    "nothing": "null",
    "deep nesting": "[" * 20_000 + "]" * 20_000,
}


@pytest.mark.parametrize("value", NUMBERS.values(), ids=NUMBERS)
def test_a_line_of_ours_that_is_odd(value: str, language: str, bench: Callable[..., Bench]) -> None:
    """The same, when the line is the answer to one of our requests: the others are collected, and nothing is sent again."""
    usage = '{"input_tokens": 9, "output_tokens": ' + value + "}"
    message = '{"model": "claude-sonnet-5-5", "content": [], "usage": ' + usage + "}"
    line = '{"custom_id": "r0", "result": {"type": "succeeded", "message": ' + message + "}}"
    there = bench({"outcomes": [{"id": "r[0]", "raw": line}]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code in (0, 1), done.said
    assert "Traceback" not in done.said and "unforeseen" not in done.said
    succeeded = {
        f"r{n}" for n in range(10) if f'"custom_id":"r{n}"' in there.text("succeeded.jsonl")
    }
    succeeded |= {"r0"} if line in there.text("succeeded.jsonl") else set()
    assert succeeded | set(there.given_up()) == set(IDS)
    assert set(there.given_up().values()) <= {"missing"}
    assert there.api.calls["create"] == 3
    there.pays_once()


def test_an_answer_that_is_deep(language: str, bench: Callable[..., Bench]) -> None:
    """Nesting makes an answer no worse: it is kept to the byte, counted and priced."""
    deep = '{"a":[' * 5_000 + '"]}\\"[{"' + "]}" * 5_000
    content = f'[{{"type":"tool_use","input":{deep}}}]'
    usage = '{"input_tokens":9,"output_tokens":1000000}'
    message = f'{{"model":"claude-sonnet-5-5","content":{content},"stop_reason":"max_tokens","usage":{usage}}}'
    line = f'{{"custom_id":"r0","result":{{"type":"succeeded","message":{message}}}}}'
    there = bench(
        {"outcomes": [{"id": "r0", "output_tokens": 1_000_000, "raw": line, "type": "succeeded"}]}
    )
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    assert line in there.text("succeeded.jsonl").split("\n")
    summary = there.summary()
    assert (summary["succeeded"], summary["truncated"], summary["cost_usd"][:4]) == (10, 1, "5.00")
    there.pays_once()


@pytest.mark.parametrize("levels", [100, 101, 500, 20_000])
def test_an_error_that_is_deep(levels: int, language: str, bench: Callable[..., Bench]) -> None:
    """What is tried again or given up is written anew: null stands for what lies deeper than a
    hundred levels, in both languages and at whichever start."""
    # of the line, its result and the two errors in it the lists begin at the fifth level
    lists, near = levels - 4, min(levels, 100) - 4
    error_of = (
        '{"type": "error", "error": {"type": "api_error", "message": "x", "n": '
        + "[" * lists
        + "]" * lists
        + "}}"
    )
    line = '{"custom_id": "r0", "result": {"type": "errored", "error": ' + error_of + "}}"
    outcome = {"id": "r0", "type": "errored", "error": "api_error", "raw": line}
    there = bench({"outcomes": [outcome]})
    there.write(*IDS)
    there.run(language, *FOUR, "--max-retries", "1", kill=("round", "after"))
    done = there.run(other(language), *FOUR, "--max-retries", "1")
    assert done.code == 1, done.said
    assert there.given_up() == {"r0": "api_error"}
    (failure,) = there.text("failed.jsonl").split("\n")[:-1]
    written = failure.replace(" ", "").partition('"n":')[2].removesuffix("}}}}")
    within = "null" if levels > 100 else ""
    assert written == "[" * near + within + "]" * near


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_an_odd_number_in_what_is_tried_again(
    number: str, language: str, bench: Callable[..., Bench]
) -> None:
    """What goes to the next round's list can be read there, and in failed.jsonl, by both languages."""
    error_of = (
        '{"type": "error", "error": {"type": "api_error", "message": "x", "n": ' + number + "}}"
    )
    line = '{"custom_id": "r0", "result": {"type": "errored", "error": ' + error_of + "}}"
    outcome = {"id": "r0", "type": "errored", "error": "api_error", "raw": line, "attempt": 1}
    there = bench({"outcomes": [outcome]})
    there.write(*IDS)
    there.run(language, *FOUR, kill=("round", "after"))
    done = there.run(other(language), *FOUR)
    assert done.code in (0, 1), done.said
    there.pays_once()
    strict = {"parse_constant": lambda word: pytest.fail(f"{word} is no JSON")}
    for text in there.text("failed.jsonl").split("\n")[:-1]:
        json.loads(text, **strict)


def test_an_unreadable_line_is_logged(language: str, bench: Callable[..., Bench]) -> None:
    """ "… is logged": with its batch, and without what stands in it."""
    spoil = on("results", "spoil", text='{"Answer to": ', batch=2, **ALWAYS)
    there = bench({"faults": [spoil]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert list(there.given_up().values()) == ["missing"]
    assert "unreadable" in done.stderr or "cannot be read" in done.stderr


def test_an_unreadable_line_once(language: str, bench: Callable[..., Bench]) -> None:
    """A line that arrived broken is fetched again."""
    there = bench({"faults": [on("results", "spoil", text='{"custom', batch=2)]})
    there.write(*IDS)
    assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)


def deleted(there: Bench, language: str, *flags: str, open_batches: int) -> Done:
    """A run whose first batch is deleted by somebody when so many are open; the others end later."""
    program = there.altered(language, LOST_BATCH_SECONDS=0.2)
    there.api.set_scenario({"polls": 10**6})
    running = there.start(language, *flags, program=program)
    there.until(lambda: len(there.events("created")) == open_batches)
    with there.api.lock:
        there.api.vanish(there.api.batches[0])
    there.pause(1.5)  # by then it is given up, on a busy machine too
    there.let_all_end()
    done = running.wait()
    there.said.append(done.said)
    return done


def test_a_deleted_batch(language: str, bench: Callable[..., Bench]) -> None:
    """ "Trouble with one batch (deleted, lost) does not keep the others from being collected." """
    there = bench()
    there.write(*IDS)
    done = deleted(there, language, *FOUR, open_batches=3)
    assert done.code == 3, done.said
    assert "msgbatch_000001" in done.stderr and "--cancel" in done.stderr
    assert len(there.lines("succeeded.jsonl")) == 6, "the others are collected"
    there.pays_once()


def test_a_cancel_that_is_not_found(language: str, bench: Callable[..., Bench]) -> None:
    """Where a gateway does not know how to cancel, the batch is there all the same: its answers are collected."""
    there = bench({"faults": [error("cancel", 404, "not_found_error", **ALWAYS)]})
    there.write(*IDS)
    assert there.run(language, *FOUR, kill=("created", "after")).code == -9
    last = other(language)
    program = there.altered(last, LOST_BATCH_SECONDS=0.3)
    done = there.run(last, *FOUR, "--cancel", program=program)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert len(there.lines("succeeded.jsonl")) == 4


def test_a_deleted_batch_and_cancel(language: str, bench: Callable[..., Bench]) -> None:
    """After the others, `--cancel` ends the run: what was deleted is listed as such."""
    there = bench()
    there.write(*IDS)
    assert deleted(there, language, *FOUR, open_batches=3).code == 3
    program = there.altered(other(language), LOST_BATCH_SECONDS=0.2)
    done = there.run(other(language), *FOUR, "--cancel", program=program)
    assert done.code == 1, done.said
    assert there.given_up() == dict.fromkeys(IDS[:4], "batch_not_found")
    assert len(there.lines("succeeded.jsonl")) == 6
    there.pays_once()


def test_nothing_new_is_sent_beside_a_deleted_batch(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A run that is about to stop pays for nothing more."""
    there = bench()
    there.write(*IDS)
    flags = ["--requests-per-batch", "2", "--concurrent-batches", "2"]
    done = deleted(there, language, *flags, open_batches=2)
    assert done.code == 3, done.said
    assert there.api.calls["create"] == 2
    assert len(there.lines("succeeded.jsonl")) == 2


def test_results_that_never_come(language: str, bench: Callable[..., Bench]) -> None:
    """A batch whose results are not found is trouble of that batch alone."""
    gone = error("results", 404, "not_found_error", batch=1, **ALWAYS)
    there = bench({"faults": [gone]})
    there.write(*IDS)
    program = there.altered(language, LOST_BATCH_SECONDS=2)
    done = there.run(language, *FOUR, program=program)
    assert done.code == 3, done.said
    assert len(there.lines("succeeded.jsonl")) == 6
    there.api.set_scenario({})
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS)


def test_an_id_that_a_complete_file_lacks(language: str, bench: Callable[..., Bench]) -> None:
    """ "An id that a complete result file lacks counts as failed for that round", when nothing counts it as succeeded."""
    there = bench({"outcomes": [{"id": "r2", "attempt": 1, "type": "missing"}]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 4
