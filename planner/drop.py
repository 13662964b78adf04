"""The browser's door for files: their bytes in, what they tell out, in JSON.

    drop = Drop('{"query": "workload.requests=5"}')
    drop.begin("requests.jsonl")
    drop.feed(piece)      # as often as there are pieces
    drop.end()
    drop.tell('{"query": "", "want": "page"}')

It runs in a worker of its own, beside the one that plans. Nothing is opened, kept or sent here.
"""

import csv
import io
import json
from typing import Any

from planner.errors import ScenarioError
from planner.measure.becomes import scenario_of
from planner.measure.export import export
from planner.measure.lines import ReadError
from planner.measure.measured import Measured
from planner.measure.measurement import Measurement
from planner.measure.rewriting import IDS, Part, Repairing, Splitting
from planner.measure.zipped import Zipped
from planner.plan import make_plan
from planner.review.actual import Actual, actual_of
from planner.review.export import export as export_review
from planner.review.export import learnt
from planner.review.lessons import next_scenario
from planner.review.reading import Reading
from planner.review.recognise import Head, Kind
from planner.scenario import Scenario, texts
from planner.show import reviewed_view
from planner.show.measured_view import use_of, view_of
from planner.words import counted, duration, size

_Json = dict[str, Any]


class Drop:
    """Files that were dropped together. `question` is JSON: query, column, id_column.

    A file that cannot be read on is told of in `troubles`; what was read up to there stays.
    """

    def __init__(self, question: str) -> None:
        asked = json.loads(question)
        self._columns = {key: asked.get(key, "") for key in ("column", "id_column")}
        self._measurement = Measurement(_base(asked), **self._columns)
        self._reading = Reading()
        self._name, self._place = "", -1
        self._before = 0  # lines that were measured before this file
        self._head: Head | None = None
        self._kind: Kind | None = None
        self._files: dict[int, tuple[str, Kind]] = {}  # by their place, those that are known
        self._troubles: list[dict[str, str]] = []

    def begin(self, name: str) -> None:
        """A file begins."""
        self._name, self._head, self._kind = name, Head(name), None
        self._place += 1

    def feed(self, piece: bytes) -> bool:
        """The next bytes of the file; False where it cannot be read any further."""
        try:
            if self._head is not None:
                kind = self._head.feed(piece)
                if kind is not None:
                    self._recognise(kind)
            else:
                self._push(piece)
        except ReadError as why:
            self.fail(str(why))
            return False
        return True

    def end(self) -> None:
        """The file ends."""
        try:
            if self._head is not None:
                self._recognise(self._head.end())
            for reader in self._readers():
                reader.end()
        except ReadError as why:
            self.fail(str(why))

    def fail(self, why: str) -> None:
        """The file cannot be read any further; the reason is told with what was read of it."""
        kind = self._kind
        lines = self._measurement.lines - self._before if kind and kind.measured else 0
        lines = lines or (self._reading.lines if kind and kind.reviewed else 0)
        read = f" Read up to there: {counted(lines, 'line')}." if lines else ""
        self._troubles.append({"name": self._name, "message": f"{why}.{read}"})

    def lost(self, read: int, size_bytes: int) -> None:
        """Of the file only so many bytes could be had."""
        self.fail(
            f"it has {counted(size_bytes, 'byte')}, of which {read:,} could be had: it is a folder, "
            "or it was changed or taken away while it was read"
        )

    def progress(self, read: int, total: int, seconds: float) -> str:
        """How far it is: bytes of all bytes, the rate, and an estimate of the rest."""
        told = f"{size(read)} of {size(total)}"
        if seconds < 0.5 or not read:
            return told
        told += f", {size(int(read / seconds))} a second"
        rest_s = (total - read) * seconds / read
        return f"{told}, about {duration(rest_s)} left" if rest_s >= 1 else told

    def tell(self, question: str) -> str:
        """What the files told so far, as JSON text.

        Question: query, the plan that stands on the page; now, ISO 8601; and what is wanted

            page    {"kinds", "names", "troubles", "columns", "chosen", "view", "use", "can", "running"}
            json    what `measure --json` prints
            review  what `review --json` prints
            csv     all findings as CSV
        """
        asked = json.loads(question)
        return _ANSWERS[asked.get("want", "page")](self, asked)

    def write(self, question: str) -> "Writing":
        """The files written again. Question: query; what, "split" or "mend"; zip, true or false."""
        asked = json.loads(question)
        requests = {
            place: (name, kind.csv)
            for place, (name, kind) in self._files.items()
            if kind.measured and not kind.reviewed
        }
        if asked["what"] == "mend":
            return Writing(requests, Repairing(**self._columns), zipped=asked["zip"])
        base = _base(asked)
        plan = make_plan(scenario_of(self._measurement.measured(), base))
        return Writing(requests, Splitting(plan, base, **self._columns), zipped=asked["zip"])

    def page(self, asked: _Json) -> str:
        """The part of the page that shows the files."""
        base, measured = _base(asked), self._measurement.measured()
        csv_rows = self._measurement.csv
        told: _Json = {
            "kinds": self._kinds(),
            "names": ", ".join(dict.fromkeys(name for name, _ in self._files.values())),
            "troubles": self._troubles,
            "columns": csv_rows.names if csv_rows else [],
            "chosen": csv_rows.chosen if csv_rows else {},
            "view": {"slots": {}, "lists": {}, "charts": {}},
            "use": {},
            "can": self._can(measured),
            "running": False,
        }
        if "measured" in told["kinds"]:
            told["view"] = view_of(measured, base)
            told["use"]["measured"] = use_of(scenario_of(measured, base), base)
        if "reviewed" in told["kinds"]:
            actual = self._actual(base, asked)
            history = learnt(actual)
            following = next_scenario(self._reading.found, history, base)
            more = reviewed_view.view_of(self._reading.found, actual, history)
            more["lists"]["reviewed.changes"] = reviewed_view.changes_of(base, following)
            told["view"] = {part: told["view"][part] | more[part] for part in more}
            told["use"]["reviewed"] = use_of(following, base)
            told["running"] = actual.running
        return json.dumps(told, ensure_ascii=False)

    def _actual(self, base: Scenario, asked: _Json) -> Actual:
        try:
            plan = make_plan(base)
        except ScenarioError:
            plan = None
        return actual_of(self._reading.found, plan, asked.get("now", ""))

    def review(self, asked: _Json) -> str:
        """The review as `review --json` prints it."""
        base = _base(asked)
        told = export_review(self._reading.found, self._actual(base, asked), base)
        return json.dumps(told, ensure_ascii=False, indent=1)

    def json(self, asked: _Json) -> str:
        """The measurement as `measure --json` prints it."""
        told = export(self._measurement.measured(), _base(asked))
        return json.dumps(told, ensure_ascii=False, indent=1)

    def csv(self, _: _Json) -> str:
        """All findings that are kept, as CSV, the worst first."""
        rows = io.StringIO()
        writer = csv.writer(rows)
        writer.writerow(("severity", "rule", "file", "line", "custom_id", "message"))
        for each in self._measurement.measured().findings.sorted():
            place = (each.file, each.line, each.custom_id or "")
            writer.writerow((each.severity, each.rule, *place, each.message))
        return rows.getvalue()

    def _can(self, measured: Measured) -> list[str]:
        """What can be written: batches where nothing is wrong, mended ids where some are."""
        ids = any(group.rule.startswith("custom-id-") for group in measured.findings.groups())
        fine = measured.requests > 0 and not measured.findings.errors
        return ["split"] * fine + ["mend"] * ids

    def _kinds(self) -> list[str]:
        kinds = [kind for _, kind in self._files.values()]
        found = self._reading.found
        told = {
            "measured": any(kind.measured for kind in kinds),
            "reviewed": bool(found.journal or found.lists or found.results.lines),
        }
        return [name for name, is_told in told.items() if is_told]

    def _recognise(self, kind: Kind) -> None:
        """It is known what the file is: its readers take what came so far."""
        assert self._head is not None
        pieces, self._head, self._kind = self._head.pieces, None, kind
        self._files[self._place] = self._name, kind
        if kind.measured:
            self._before = self._measurement.lines
            self._measurement.begin(self._name, csv=kind.csv)
        if kind.reviewed:
            self._reading.begin(self._name)
        for piece in pieces:
            self._push(piece)

    def _push(self, piece: bytes) -> None:
        for reader in self._readers():
            reader.feed(piece)

    def _readers(self) -> list[Measurement | Reading]:
        kind = self._kind
        if kind is None:
            return []
        return [*[self._measurement] * kind.measured, *[self._reading] * kind.reviewed]


class Writing:
    """The requests of a drop, written again while their files are read `passes` times.

    Parts are the name of a file and bytes that go to it; zipped, all go to one archive.
    """

    def __init__(
        self, files: dict[int, tuple[str, bool]], to: Splitting | Repairing, *, zipped: bool
    ) -> None:
        self._files, self._to = files, to
        self._zip = Zipped() if zipped else None
        self.passes = to.passes

    def begin_pass(self) -> None:
        """All files come, from the first on."""
        self._to.begin_pass()

    def begin(self, place: int) -> bool:
        """A file begins, by its place among those dropped; False for one that has no requests."""
        if place not in self._files:
            return False
        name, csv_rows = self._files[place]
        self._to.begin(name, csv=csv_rows)
        return True

    def feed(self, piece: bytes) -> list[Part]:
        """The next bytes of the file. Raises ReadError where it has changed."""
        return [self._part(*part) for part in self._to.feed(piece)]

    def end(self) -> list[Part]:
        """The file ends."""
        return [self._part(*part) for part in self._to.end()]

    def close(self) -> list[Part]:
        """All has been read: the rest of the archive."""
        return [("", self._zip.end())] if self._zip else []

    def broken(self, name: str) -> str:
        """What is said where a file that is written again can no longer be read as it was."""
        return (
            f"{name} was changed or taken away while it was read: what was written is not whole. "
            "Drop it again."
        )

    def told(self) -> str:
        """What was written, in words."""
        if isinstance(self._to, Splitting):
            return f"{counted(self._to.batches, 'batch', 'batches')} written."
        return f"{counted(self._to.changed, 'id')} mended; {IDS} leads back to the old ones."

    def _part(self, name: str, data: bytes) -> Part:
        return ("", self._zip.add(name, data)) if self._zip else (name, data)


_ANSWERS = {"page": Drop.page, "json": Drop.json, "csv": Drop.csv, "review": Drop.review}


def _base(asked: _Json) -> Scenario:
    """The plan that stands on the page; the example where it cannot be read."""
    try:
        return texts.read_query(asked.get("query", ""))
    except ScenarioError:
        return Scenario()
