"""Take requests and rows one by one: check them, and add them up by model."""

from dataclasses import dataclass
from typing import Any

from planner import facts
from planner.measure.checks import (
    fault_of_context,
    faults_of_envelope,
    faults_of_id,
    faults_of_messages,
    faults_of_nesting,
    faults_of_row,
    faults_of_shape,
    model_of,
    plain_text,
    shape_of,
)
from planner.measure.findings import Findings
from planner.measure.measured import Duplicate
from planner.measure.places import Places
from planner.measure.repeats import Repeats
from planner.measure.rules import Fault
from planner.measure.template import Template, learn
from planner.measure.wire import ENVELOPE_BYTES, Wire, json_bytes
from planner.measure.workload import Like, Workload
from planner.model import answers
from planner.scenario import Scenario

MOST_BYTES = facts.batch_byte_limit() - ENVELOPE_BYTES
_MOST_SHAPES = 1000
_MOST_MODELS = 100
_MOST_TEMPLATES = 8
_DEARNESS = 20  # requests that are taken fast make up for one template
_NAMELESS = "unknown"
_OTHERS = "other models"


@dataclass(frozen=True, slots=True)
class _Shape:
    """What all requests of one shape have in common."""

    workload: Workload
    faults: tuple[Fault, ...]
    limit: int


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What all requests of one template have in common."""

    template: Template
    workload: Workload
    like: Like
    room: int  # tokens of a prompt that surely fit the model


class Requests:
    """What the requests of several files come to. Rows are sent as `base` says."""

    def __init__(self, base: Scenario, findings: Findings) -> None:
        self.files: list[str] = []
        self.count = self.bytes = 0
        self.workloads: dict[str, Workload] = {}
        self._findings = findings
        self._wire = Wire()
        self._row = row_params(base)
        self._shapes: dict[tuple[object, ...], _Shape] = {}
        self._known: list[_Known] = []
        self._learnt = 0
        self.learns = True
        self._places = Places()
        self._ids, self._contents = Repeats(), Repeats()

    def begin(self, name: str) -> None:
        """A file begins."""
        self._places.begin()
        self.files.append(name)

    def take_run(self, text: str, start: int, number: int) -> tuple[int, int]:
        """Take the lines of a text from a place on, the first of which has that number, as long as
        they are like an earlier one but for id and prompt; returns how many, and where they end.
        """
        for known in self._known:
            run = known.template.read(text, start, MOST_BYTES)
            if run is not None:
                break
        else:
            return 0, start
        workload, like = known.workload, known.like
        tokens = workload.add_run(like, run, number)
        if max(tokens) > known.room:
            for at, each in enumerate(tokens):
                self._check_context(
                    workload, like.limit, each, run.prompts[at], run.ids[at], number + at
                )
        self._ids.add(run.ids, 0, run.ids)
        whats = [(workload.name, each) for each in tokens]
        self._contents.add(run.prompts, known.template.number, whats)
        self._count(run.sizes, number)
        if known is not self._known[0]:  # a file often goes on as it is
            self._known.remove(known)
            self._known.insert(0, known)
        return len(run.ids), run.end

    def take(self, value: dict[str, Any], text: str, number: int) -> None:
        """Take a whole request, from its line and what that says as JSON."""
        custom_id, params = value.get("custom_id"), value.get("params")
        faults = [*faults_of_id(value, "custom_id"), *faults_of_nesting(value, text)]
        if len(value) != 2 or type(params) is not dict:
            faults += faults_of_envelope(value)
        if type(params) is dict:
            self._add(params, custom_id, "content", value, text, number, faults)
        elif faults:
            self._findings.add(self.files[-1], number, custom_id, faults)

    def take_row(self, row: dict[str, Any], text: str, number: int) -> None:
        """Take a row `{"id", "prompt"}`: it becomes a request of one message."""
        custom_id, prompt = row.get("id"), row.get("prompt")
        faults = [*faults_of_id(row, "id"), *faults_of_row(row), *faults_of_nesting(row, text)]
        if isinstance(prompt, str):
            params = {**self._row, "messages": [{"role": "user", "content": prompt}]}
            self._add(params, custom_id, "prompt", row, text, number, faults)
        elif faults:
            self._findings.add(self.files[-1], number, custom_id, faults)

    def repeated(self, findings: Findings) -> None:
        """Add to the findings each id that was there before."""
        for found in self._ids.found():
            file, line = self._place(found.place)
            first_file, first = self._place(found.first)
            where = f"line {first:,}" + ("" if file == first_file else f" of {first_file}")
            fault = Fault("custom-id-repeated", f"The id stands in {where} too", "Give it its own")
            findings.add(file, line, found.what, [fault])

    def duplicates(self) -> tuple[Duplicate, ...]:
        """Every request that says the same as an earlier one."""
        return tuple(Duplicate(*found.what) for found in self._contents.found())

    @property
    def repeats_left_out(self) -> int:
        """Requests that may repeat an id or a content, beyond those that were looked at."""
        return self._ids.left_out + self._contents.left_out

    # One request

    def _add(
        self,
        params: dict[str, Any],
        custom_id: object,
        prompt_key: str,
        value: dict[str, Any],
        text: str,
        number: int,
        faults: list[Fault],
    ) -> None:
        shape = self._shape_of(params)
        faults += shape.faults
        plain = plain_text(params.get("messages"))
        if not plain:
            faults += faults_of_messages(params.get("messages"), shape.workload.model)
        if (
            plain
            and not faults
            and self._learn(shape, params, prompt_key, value, text)
            and self.take_run(f"{text}\n", 0, number)[0]
        ):
            return
        request = value if prompt_key == "content" else {"custom_id": custom_id, "params": params}
        size = self._size(text, request, prompt_key == "content", faults)
        tokens = shape.workload.add(params, size, text, number)
        self._check_context(shape.workload, shape.limit, tokens, params, custom_id, number)
        bare = text.strip()
        if isinstance(custom_id, str):
            self._ids.add([custom_id], 0, [custom_id])
            bare = bare.replace(f'"{custom_id}"', "", 1)
        else:
            self._ids.skip()
        self._contents.add([bare], 0, [(shape.workload.name, tokens)])
        self._count([size], number)
        if faults:
            self._findings.add(self.files[-1], number, custom_id, faults)

    def _learn(
        self,
        shape: _Shape,
        params: dict[str, Any],
        prompt_key: str,
        value: dict[str, Any],
        text: str,
    ) -> bool:
        """Keep the form of this line, so that others like it are taken fast."""
        # where every line has a form of its own, to learn it is lost time
        if not self.learns or _DEARNESS * self._learnt > self.count + 64 * _DEARNESS:
            return False
        self._learnt += 1
        id_key = "custom_id" if prompt_key == "content" else "id"
        bare = {**params, "messages": [{**params["messages"][0], "content": ""}]}
        try:
            around = len(json_bytes({"custom_id": "", "params": bare}))
        except UnicodeEncodeError:  # half a surrogate pair: told where the line is counted
            return False
        template = learn(text, id_key, prompt_key, value, around)
        if template is None:
            return False
        head = shape.workload.head_of(params, text)
        us = params.get("inference_geo") == "us"
        like = Like(head, params, shape.limit, us)
        model = shape.workload.model
        room = model.context_tokens - shape.limit if model else 10**12
        known = _Known(template, shape.workload, like, room)
        self._known.insert(0, known)
        del self._known[_MOST_TEMPLATES:]
        return True

    def _check_context(
        self,
        workload: Workload,
        limit: int,
        tokens: int,
        prompt: Any,
        custom_id: object,
        number: int,
    ) -> None:
        model = workload.model
        if model and tokens + limit > model.context_tokens:
            low = workload.low_tokens(tokens, prompt)
            fault = fault_of_context(low, tokens, limit, model)
            self._findings.add(self.files[-1], number, custom_id, [fault])

    def _count(self, sizes: list[int], number: int) -> None:
        self._places.add(number, len(sizes))
        self.count += len(sizes)
        self.bytes += sum(sizes)

    def _size(self, text: str, request: Any, as_it_is: bool, faults: list[Fault]) -> int:
        try:
            size = self._wire.size(text.encode(), request) if as_it_is else len(json_bytes(request))
        except UnicodeEncodeError:
            half = "A text holds half a surrogate pair, which has no UTF-8"
            faults.append(Fault("utf-8", half, "Delete it, or write the whole pair"))
            size = len(text.encode("utf-8", "surrogatepass"))
        if size > MOST_BYTES:
            faults.append(too_large(size))
        return size

    def _shape_of(self, params: dict[str, Any]) -> _Shape:
        """What was learnt from an earlier request of the same shape, or from this one."""
        try:
            key = shape_of(params)
        except TypeError:  # a list where a name belongs
            return self._judged(params)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._judged(params)
            if len(self._shapes) < _MOST_SHAPES:
                self._shapes[key] = shape
        return shape

    def _judged(self, params: dict[str, Any]) -> _Shape:
        model, limit = model_of(params), params.get("max_tokens")
        asked = params.get("model")
        name = model.id if model else asked if isinstance(asked, str) and asked else _NAMELESS
        if name not in self.workloads and len(self.workloads) >= _MOST_MODELS:
            name = _OTHERS
        if name not in self.workloads:
            self.workloads[name] = Workload(name, model)
        return _Shape(
            self.workloads[name],
            tuple(faults_of_shape(params)),
            limit if isinstance(limit, int) else 0,
        )

    def _place(self, request: int) -> tuple[str, int]:
        """The file and the line of a request."""
        file, line = self._places.of(request)
        return self.files[file], line


def row_params(base: Scenario) -> dict[str, Any]:
    """With what a row is sent: the model and the limit of a scenario."""
    work = base.workload
    model = facts.model(work.model)
    lengths = answers.lengths(work.output_tokens, work.output_p95_tokens)
    most = min(model.batch_max_output_tokens, model.context_tokens - work.input_tokens)
    limit = work.max_tokens or lengths.max_tokens(answers.ACCEPTED_CUT, most)
    return {"model": model.id, "max_tokens": limit}


def too_large(size: int) -> Fault:
    """That a request of so many bytes, or more, fits no batch."""
    return Fault(
        "request-too-large",
        f"The request has {size:,} bytes or more, and a batch takes {MOST_BYTES:,}",
        "Shorten it, or name its documents by the id of an uploaded file",
    )
