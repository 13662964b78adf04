"""What people read."""

import pytest

from planner.programs.python.report import Log, last_line, progress_line, summary_of
from planner.programs.python.scan import Scan
from planner.programs.python.state import Batch, State

SCAN = Scan("in.jsonl", requests=10, kind="rows")


def state() -> State:
    state = State(own={"b1", "b2"}, round=1)
    totals = state.totals
    totals.succeeded, totals.given_up, totals.truncated, totals.spent = 8, 2, 1, 12_345 * 10**9
    totals.reasons.update(expired=2)
    return state


def batch(number: int) -> Batch:
    return Batch(number, 0, 0, 1, 1_000, 1, 0, False, status="open")


def test_the_summary_counts_everything() -> None:
    """Money to a millionth, reasons by name."""
    summary = summary_of(state(), SCAN)
    assert (summary["succeeded"], summary["given_up"], summary["rounds"]) == (8, 2, 2)
    assert summary["cost_usd"] == "1.234500"
    assert summary["reasons"] == {"expired": 2}
    assert summary["usage"]["input_tokens"] == 0


def test_the_last_line_counts_truncated_and_refused() -> None:
    """And says where the answers are, and why some are not."""
    line = last_line(state(), SCAN, "out/succeeded.jsonl")
    assert line.startswith("8 of 10 requests succeeded, 1 of them truncated at max_tokens, 0 ref")
    assert "2 given up (failed.jsonl says why)" in line
    assert line.endswith("Answers: out/succeeded.jsonl")


def test_progress_is_by_batch() -> None:
    """The API shows no count before a batch has ended."""
    assert progress_line(state(), 10).startswith("10 of 10 answered, 0 open, ")


def test_progress_fits_80_columns() -> None:
    """A million requests, a hundred batches, a week."""
    crowd = {n: batch(n) for n in range(100)}
    long = State(began={"at": "2026-11-10T08:00:00.000Z"}, batches=crowd)
    long.totals.succeeded = 900_000
    assert len(progress_line(long, 1_000_000)) <= 80


def test_a_log_without_a_terminal_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    """A line with the time for each text; progress now and then only."""
    log = Log()
    log.line("text")
    log.progress("progress")
    line = capsys.readouterr().err
    assert line.endswith(" text\n") and "progress" not in line and "\x1b" not in line
