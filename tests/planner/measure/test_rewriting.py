"""Files written again: batches that are the input when put together, and ids that lead back."""

import io
import json
import random
import zipfile

import pytest

from planner.measure.becomes import scenario_of
from planner.measure.lines import ReadError
from planner.measure.rewriting import IDS, Repairing, Splitting, mended_name
from planner.measure.wire import ENVELOPE_BYTES, json_bytes
from planner.measure.zipped import Zipped
from planner.plan import make_plan
from planner.scenario import Scenario, parse
from tests.planner.measure.examples import lines_of, measure, request


def rewritten(
    writing: Splitting | Repairing, files: dict[str, bytes], piece: int = 777
) -> dict[str, bytes]:
    """All parts by the file that they go to; no file is gone back to in a pass."""
    written: dict[str, bytes] = {}
    for _ in range(writing.passes):
        writing.begin_pass()
        left: list[str] = []
        for name, data in files.items():
            writing.begin(name)
            parts = [
                part
                for at in range(0, len(data), piece)
                for part in writing.feed(data[at : at + piece])
            ]
            for out, content in [*parts, *writing.end()]:
                assert out not in left[:-1]
                left += [out] * (not left or left[-1] != out)
                written[out] = written.get(out, b"") + content
    return written


def splitting(data: bytes, base: Scenario) -> Splitting:
    return Splitting(make_plan(scenario_of(measure(data, base=base), base)), base)


@pytest.mark.parametrize("seed", range(8))
def test_batches_put_together_are_the_input(seed: int) -> None:
    """To the byte, whatever the pieces and the ends of lines; none is over the limits."""
    rng = random.Random(seed)
    lines = [json.dumps(request(n, "x" * rng.randrange(1, 300))) for n in range(200)]
    ends = [rng.choice(("\n", "\r\n", "\n\n")) for _ in lines]
    data = "".join(line + end for line, end in zip(lines, ends, strict=True)).rstrip().encode()
    base = parse({"batches": {"requests_per_batch": rng.randrange(5, 90)}})
    written = rewritten(splitting(data, base), {"a.jsonl": data}, rng.randrange(1, 3000))
    assert b"".join(written.values()) == data
    for content in written.values():
        rows = [json.loads(line) for line in content.splitlines() if line.strip()]
        assert 0 < len(rows) <= base.batches.requests_per_batch
        assert len(json_bytes({"requests": rows})) >= ENVELOPE_BYTES


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"id": "a"}', b'{"prompt": "a"}', b"\xff"])
def test_a_file_that_has_changed(line: bytes) -> None:
    """What was measured was fine; a line that is not is said, not stumbled over."""
    with pytest.raises(ReadError, match="has changed"):
        rewritten(splitting(lines_of([request(1)]), Scenario()), {"a.jsonl": line + b"\n"})


def test_results_are_not_sent() -> None:
    """They may be measured beside requests; they are in no batch."""
    data = lines_of(request(n) for n in range(9))
    results = lines_of([{"custom_id": "a", "result": {"type": "canceled"}}])
    written = rewritten(splitting(data, Scenario()), {"a.jsonl": data, "results.jsonl": results})
    assert b"".join(written.values()) == data


def test_mended_ids_lead_back() -> None:
    """Each is valid, unique and in the map; what was right stays as it was, to the byte."""
    good = lines_of(request(n) for n in range(5))
    bad = lines_of([{**request(9), "custom_id": name} for name in ("a b", "a_b", "a b", "")])
    files = {"x/one.jsonl": good + bad, "two.jsonl": good}
    repairing = Repairing()
    written = rewritten(repairing, files)
    assert list(written) == ["one-1.jsonl", "two-2.jsonl", IDS]
    assert written["one-1.jsonl"].startswith(good)
    every = [json.loads(line) for name in list(written)[:2] for line in written[name].splitlines()]
    ids = [row["custom_id"] for row in every]
    assert len(set(ids)) == len(ids) == 14
    back = [json.loads(line) for line in written[IDS].splitlines()]
    assert repairing.changed == len(back) == 8
    assert {entry["new"] for entry in back} <= set(ids)
    assert [entry["old"] for entry in back[:3]] == ["a b", "a b", ""]


def test_names_of_mended_files() -> None:
    """Without folders and endings; a number keeps two of one name apart."""
    assert mended_name("a\\b/c.jsonl.gz", 2) == "c-2.jsonl"
    assert mended_name(".csv", 1) == "requests-1.jsonl"


def test_an_archive_is_whole() -> None:
    """Its bytes come while it is filled, and any program reads it; twice the same is the same."""

    def packed() -> bytes:
        zipped = Zipped()
        parts = [zipped.add("a", b"1"), zipped.add("a", b"2" * 99_999), zipped.add("b", b"3")]
        assert len(parts[1]) > 99_000  # nothing is held back
        return b"".join([*parts, zipped.end()])

    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        assert archive.testzip() is None and archive.namelist() == ["a", "b"]
        assert archive.read("a") == b"1" + b"2" * 99_999
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    assert packed() == packed()


def test_an_empty_archive() -> None:
    """Nothing in it is an archive too."""
    assert zipfile.ZipFile(io.BytesIO(Zipped().end())).namelist() == []
