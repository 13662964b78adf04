"""The commands that read files, from end to end."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from planner.__main__ import main
from planner.measure.wire import json_bytes
from tests.planner.measure.examples import lines_of, measure, request
from tests.planner.review.account import account

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *words: object) -> tuple[int, str, str]:
    """Exit code and both outputs."""
    code = main([str(word) for word in words])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file without faults: spaces, CRLF, an empty line, no last line feed."""
    path = tmp_path / "good.jsonl"
    lines = [json.dumps(request(n, "x" * n)) for n in range(1, 98)]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*lines[:50], "", *lines[50:]]).encode())
    return path


def test_exit_codes(capsys: Capture, tmp_path: Path, good: Path) -> None:
    """0 without errors, 1 with, 2 where a file cannot be read; what was read is told."""
    assert run(capsys, "measure", good)[0] == 0
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(lines_of([{"custom_id": "a"}]))
    assert run(capsys, "measure", bad)[0] == 1
    old = tmp_path / "old.jsonl"
    old.write_bytes(lines_of([request(1, model="claude-sonnet-4-5")]))
    assert run(capsys, "measure", old)[0] == 0  # a warning
    code, out, err = run(capsys, "measure", good, tmp_path)
    assert (
        code == 2
        and "97 requests" in out
        and "irectory" in err
        and "Read up to there: 98 lines" in err
    )
    assert run(capsys, "measure", tmp_path / "none")[0] == 2


def test_json(capsys: Capture, good: Path) -> None:
    """The contract's JSON on standard output, and nothing else."""
    code, out, err = run(capsys, "measure", good, "--json")
    assert (code, err) == (0, "") and json.loads(out)["requests"] == 97


@pytest.mark.parametrize("packed", [False, True])
def test_split_files_put_together_are_the_input(
    capsys: Capture, tmp_path: Path, good: Path, packed: bool
) -> None:
    """Byte for byte, plain or gzip, and no batch has more than the plan's."""
    data = good.read_bytes()
    if packed:
        good = tmp_path / "good.jsonl.gz"
        good.write_bytes(gzip.compress(data))
    out = tmp_path / "out"
    code, said, _ = run(
        capsys, "measure", good, "--split", out, "--set", "batches.requests_per_batch=20"
    )
    files = sorted(out.iterdir())
    assert code == 0 and "5 batches written" in said
    assert b"".join(file.read_bytes() for file in files) == data
    counts = [measure(file.read_bytes()).requests for file in files]
    assert counts == [20, 20, 20, 20, 17]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n\n"])
def test_small_file_is_split_to_the_byte(capsys: Capture, tmp_path: Path, end: bytes) -> None:
    """Two short lines keep the line feed between them, and the end that they had."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(lines_of([request(1), request(2)]).removesuffix(b"\n") + end)
    run(capsys, "measure", path, "--split", tmp_path / "out")
    (file,) = (tmp_path / "out").iterdir()
    assert file.read_bytes() == path.read_bytes()


def test_two_files_do_not_run_into_one_line(capsys: Capture, tmp_path: Path, good: Path) -> None:
    """Where the first has no last line feed, the second begins a batch."""
    other = tmp_path / "other.jsonl"
    other.write_bytes(lines_of([request(n) for n in range(200, 210)]))
    run(capsys, "measure", good, other, "--split", tmp_path / "out")
    files = sorted((tmp_path / "out").iterdir())
    assert [measure(file.read_bytes()).requests for file in files] == [97, 10]


def test_a_mark_in_the_middle_is_left_out(capsys: Capture, tmp_path: Path) -> None:
    """A byte order mark begins a file: in the middle of one the line could not be read."""
    names = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for number, name in enumerate(names):
        rows = [request(10 * number + row, "x" * row) for row in (1, 2)]
        name.write_bytes(b"\xef\xbb\xbf" + lines_of(rows))
    sized = ("--set", "batches.requests_per_batch=4", "--split", tmp_path / "out")
    assert run(capsys, "measure", *names, *sized)[0] == 0
    one, other = (file.read_bytes() for file in sorted((tmp_path / "out").iterdir()))
    assert [measure(each).requests for each in (one, other)] == [4, 2]
    assert not measure(one).findings.errors
    assert one.count(b"\xef\xbb\xbf") == 1 and other == names[2].read_bytes()


def test_split_by_bytes(
    capsys: Capture, tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch has at most the bytes that are allowed, as they are sent."""
    monkeypatch.setattr("planner.measure.cutting.facts.batch_byte_limit", lambda: 3_000)
    run(capsys, "measure", good, "--split", tmp_path / "out")
    sizes = [measure(file.read_bytes()).bytes for file in sorted((tmp_path / "out").iterdir())]
    assert max(sizes) <= 3_000
    assert all(one + two > 2_800 for one, two in zip(sizes, sizes[1:], strict=False))


def test_nothing_is_split_with_errors(capsys: Capture, tmp_path: Path) -> None:
    """Batches that the API would refuse are not written; nor is a full folder written over."""
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(lines_of([request(1), request(1)]))
    code, out, _ = run(capsys, "measure", bad, "--split", tmp_path / "out")
    assert code == 1 and "Nothing was split" in out and not list((tmp_path / "out").iterdir())
    assert run(capsys, "measure", bad, "--mend", tmp_path)[0] == 2


def test_mended_ids_are_valid_and_unique(capsys: Capture, tmp_path: Path) -> None:
    """Ids that are missing, forbidden or repeated get others; all else stays, and a map leads back."""
    rng = random.Random(1)
    ids: list[Any] = [
        "a",
        "a",
        "a-2",
        "report 1.pdf",
        "report_1_pdf",
        "é",
        "x" * 70,
        "x" * 64,
        17,
        None,
    ]
    rows = []
    for custom_id in ids:
        line = request(1, f"“{rng.random()}”")
        line["custom_id"] = custom_id
        rows.append(line)
    del rows[-1]["custom_id"]
    before = tmp_path / "in.jsonl"
    before.write_bytes(lines_of(rows) + b"no JSON\n")
    run(capsys, "measure", before, "--mend", tmp_path / "out")
    after = (tmp_path / "out" / "in-1.jsonl").read_bytes()
    assert after.endswith(b"\nno JSON\n")
    mended = [json.loads(line) for line in after.splitlines()[:-1]]
    assert [each["params"] for each in mended] == [each["params"] for each in rows]
    assert (
        measure(after).findings.groups()[0].rule == "json" and measure(after).findings.errors == 1
    )
    back = [json.loads(line) for line in (tmp_path / "out" / "ids.jsonl").read_text().splitlines()]
    assert [(each["line"], each["old"]) for each in back] == [
        (2, "a"), (4, "report 1.pdf"), (6, "é"), (7, "x" * 70), (9, 17), (10, None)
    ]  # fmt: skip
    news = {each["line"]: each["new"] for each in back}
    assert [row["custom_id"] for row in mended] == [
        news.get(n, custom_id) for n, custom_id in enumerate(ids, 1)
    ]
    # a line whose id was a text is the same but for it
    lines = before.read_bytes().splitlines()
    assert after.splitlines()[3] == lines[3].replace(b"report 1.pdf", news[4].encode())


def test_csv_is_split_as_rows(capsys: Capture, tmp_path: Path) -> None:
    """Records become rows, which the programs take."""
    path = tmp_path / "in.csv"
    path.write_text('key,text\n1,"a ""b""\nc"\n2,d\n', "utf-8")
    words = ("--column", "text", "--id-column", "key")
    assert run(capsys, "measure", path, *words, "--split", tmp_path / "out")[0] == 0
    (file,) = (tmp_path / "out").iterdir()
    rows = [{"id": "1", "prompt": 'a "b"\nc'}, {"id": "2", "prompt": "d"}]
    assert [json.loads(line) for line in file.read_text("utf-8").splitlines()] == rows
    assert json_bytes(rows)


def test_file_that_shrinks(capsys: Capture, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is cut while it is read is told."""
    monkeypatch.setattr("planner.files._PIECE_BYTES", 1000)
    begun = []

    def shrink(self: Any, piece: bytes) -> None:
        if not begun:
            good.write_bytes(good.read_bytes()[:2500])
        begun.append(piece)

    monkeypatch.setattr("planner.measure.measurement.Measurement.feed", shrink)
    code, _, err = run(capsys, "measure", good)
    assert code == 2 and "shrank" in err


def test_review(capsys: Capture, tmp_path: Path) -> None:
    """A journal and a list beside a plan: the report, the JSON, and what cannot be read."""
    made = account(3)
    journal, listed = tmp_path / "journal.jsonl", tmp_path / "batches.json"
    journal.write_bytes(made.journal_bytes())
    listed.write_bytes(made.list_bytes())
    code, out, err = run(
        capsys, "review", journal, listed, "--json", "--set", "workload.requests=9"
    )
    told = json.loads(out)
    assert (code, err) == (0, "") and len(told["batches"]) == len(made.own())
    assert 0 <= told["place"] <= 1
    code, out, _ = run(capsys, "review", journal, listed)
    assert code == 0 and "succeeded" in out and "What to change next time:" in out
    assert run(capsys, "review", listed, "--json")[0] == 0
    assert run(capsys, "review", tmp_path)[0] == 2
    assert run(capsys, "review", listed, "--now", "soon")[0] == 2


def test_a_run_in_which_nothing_failed(capsys: Capture, tmp_path: Path) -> None:
    """Its failed.jsonl is there and empty; another file that is empty is no file of a run."""
    journal, failed = tmp_path / "journal.jsonl", tmp_path / "failed.jsonl"
    journal.write_bytes(account(3).journal_bytes())
    failed.touch()
    code, out, err = run(capsys, "review", journal, failed)
    assert (code, err) == (0, "") and "succeeded" in out
    assert run(capsys, "review", journal, failed.rename(tmp_path / "other.jsonl"))[0] == 2


def test_review_knows_what_time_it_is(capsys: Capture, tmp_path: Path) -> None:
    """Results of long ago are gone, though the list itself is as old; --now says another moment."""
    path = tmp_path / "batches.json"
    counts = {"processing": 0, "succeeded": 5, "errored": 0, "canceled": 0, "expired": 0}
    made = {"created_at": "2024-11-01T00:00:00Z", "ended_at": "2024-11-01T01:00:00Z"}
    path.write_text(json.dumps({"id": "b", "request_counts": counts, **made}) + "\n")
    assert "results-expire" in run(capsys, "review", path)[1]
    assert "results-expire" not in run(capsys, "review", path, "--now", made["ended_at"])[1]


def test_findings_are_told_by_line_and_file(capsys: Capture, tmp_path: Path, good: Path) -> None:
    """A line that breaks a rule three times is one line; of several files the file is named, and
    so is the one that began otherwise."""
    theirs, rows = tmp_path / "theirs.jsonl", tmp_path / "rows.jsonl"
    theirs.write_text('{"custom_id": "a", "method": "POST", "url": "/", "body": {}}\n' * 5)
    rows.write_text('{"id": "x", "prompt": "hello"}\n')
    main(["measure", str(theirs)])
    assert "unknown-key: 5 lines, first line 1, id 'a'\n" in capsys.readouterr().out
    main(["measure", str(good), str(rows)])
    out = capsys.readouterr().out
    assert f"mixed-rows: 1 line, first line 1 of {rows}\n" in out
    assert f"    {good} began with requests (line 1); this is one of rows. " in out
