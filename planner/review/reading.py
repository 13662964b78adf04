"""Read what tells of a run, as its bytes come in: a journal, a list of batches, results.

Files are told apart by what stands in them. A list may be one page, several, a JSON list, or one
object a line, written on one line or many.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from planner.measure.lines import Lines, ReadError
from planner.measure.results import Results
from planner.review.batches import Batch, listed_batch
from planner.review.bill import usd_of
from planner.review.journal import Journal
from planner.review.recognise import is_of_answers

_MOST_BYTES = 64_000_000  # of a line, and of a list: a hundred thousand batches have as much
_decode = json.JSONDecoder().raw_decode


@dataclass(slots=True)
class Found:
    """What the files tell. `oldest_listed`: "" where the list goes back to the first batch."""

    journal: Journal | None = None
    listed: dict[str, Batch] = field(default_factory=dict)
    lists: int = 0
    has_more: bool = False
    results: Results = field(default_factory=Results)
    results_usd: Decimal = Decimal(0)
    unpriced: int = 0
    ids: dict[str, set[int]] = field(default_factory=dict)  # hashes of ids by file of results
    odd: list[str] = field(default_factory=list)  # what was passed over


class Reading:
    """Takes files piece by piece, as `Measurement` does."""

    def __init__(self) -> None:
        self.found = Found()
        self.bytes_read = 0
        self._name = ""
        self._lines = Lines(_MOST_BYTES)
        self._document: list[bytes] | None = None  # of a JSON document over many lines
        self._filled = self._held = 0
        self._last = b""

    @property
    def lines(self) -> int:
        """Lines of this file that were read."""
        return self._lines.number

    def begin(self, name: str) -> None:
        """A file begins."""
        self._name, self._lines = name, Lines(_MOST_BYTES)
        self._document, self._filled, self._held, self._last = None, 0, 0, b""

    def feed(self, piece: bytes) -> None:
        """The next bytes of the file. Raises ReadError."""
        self.bytes_read += len(piece)
        for line in self._lines.feed(piece):
            self._line(line)

    def end(self) -> None:
        """The file ends. Raises ReadError."""
        for line in self._lines.end():
            self._line(line)
        if self._document is not None:
            self._take_document(b"\n".join(self._document))
        if not self._filled and not is_of_answers(self._name):
            raise ReadError("it is empty")

    def _line(self, line: bytes | None) -> None:
        if line is None:
            raise ReadError(f"line {self._lines.number:,} is too long to be of a run")
        if not line or line.isspace() or line == self._last:  # a journal's line may stand twice
            return
        self._filled, self._last = self._filled + 1, line
        if self._document is not None:
            self._hold(line)
            return
        try:
            value = json.loads(line.decode())  # not as UTF-16, whatever it begins with
        except (ValueError, RecursionError):
            self._unreadable(line)
        else:
            self._take(value)

    def _unreadable(self, line: bytes) -> None:
        number = self._lines.number
        if self._filled == 1 and line.lstrip()[:1] in (b"{", b"["):
            self._document = []  # it may go on in the next line
            self._hold(line)
        elif self._filled == 1:
            raise ReadError("it is no JSON: neither a journal, nor a list of batches, nor results")
        elif self._lines.torn:
            self.found.odd.append(f"{self._name}: the last line is not whole yet: passed over")
        else:
            self.found.odd.append(f"{self._name}: line {number:,} cannot be read: passed over")
            if self.found.journal is not None:
                self.found.journal.unreadable.append(number)

    def _hold(self, line: bytes) -> None:
        assert self._document is not None
        self._document.append(line)
        self._held += len(line)
        if self._held > _MOST_BYTES:
            raise ReadError(f"its list has more than {_MOST_BYTES:,} bytes")

    def _take_document(self, data: bytes) -> None:
        """One JSON value after the other, whatever stands between them."""
        try:
            text = data.decode("utf-8")
            place = 0
            while place < len(text):
                value, end = _decode(text, place)
                self._take(value)
                place = end
                while place < len(text) and text[place] in " \t\r\n,":
                    place += 1
        except UnicodeDecodeError:
            raise ReadError("it is not UTF-8") from None
        except (ValueError, RecursionError):
            raise ReadError("it is no JSON, or it was cut in the middle") from None

    def _take(self, value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                self._take(each)
        elif not isinstance(value, Mapping):
            raise ReadError("it is JSON, but nothing that tells of a run")
        elif "event" in value:
            self._take_event(value)
        elif "data" in value and isinstance(value["data"], list):
            self._take_page(value)
        elif "result" in value or {"reason", "attempts"} <= value.keys():
            self._take_result(value)
        elif "request_counts" in value or value.get("type") == "message_batch":
            self._take_batch(value)
        elif value.get("object") in ("batch", "list"):
            raise ReadError("it is the list of another provider")
        elif "params" in value or "prompt" in value:
            raise ReadError("these are requests. Give them to measure")
        else:
            raise ReadError("it is neither a journal, nor a list of batches, nor results")

    def _take_event(self, value: Mapping[str, Any]) -> None:
        if self.found.journal is None or value["event"] == "run":
            if value["event"] != "run":
                raise ReadError("this journal does not begin with the beginning of a run")
            if self.found.journal is not None:
                raise ReadError("it is the journal of a second run. Review one run at a time")
            self.found.journal = Journal()
        self.found.journal.take(value)

    def _take_page(self, page: Mapping[str, Any]) -> None:
        self.found.lists += 1
        self.found.has_more = self.found.has_more or page.get("has_more") is True
        for row in page["data"]:
            self._take_batch(row)

    def _take_batch(self, row: Any) -> None:
        # theirs has request_counts too
        theirs = isinstance(row, Mapping) and row.get("object") == "batch"
        batch = listed_batch(row) if isinstance(row, Mapping) and not theirs else None
        if batch is None:
            raise ReadError(
                "it is the list of another provider"
                if theirs
                else "a row of its list is no batch of the Message Batches API"
            )
        self.found.lists = max(1, self.found.lists)
        self.found.listed[batch.id] = batch

    def _take_result(self, value: Mapping[str, Any]) -> None:
        found = self.found
        found.results.add(value)
        if isinstance(value.get("custom_id"), str):
            found.ids.setdefault(self._name, set()).add(hash(value["custom_id"]))
        result = value.get("result")
        message = result.get("message") if isinstance(result, Mapping) else None
        if isinstance(message, Mapping):
            usd = usd_of(message)
            found.unpriced += usd is None
            found.results_usd += usd or 0
