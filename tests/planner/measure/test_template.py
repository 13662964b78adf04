"""Lines that are read by a template are measured as if they were read whole."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.measure.measured import Measured
from planner.measure.prefixes import Node
from planner.measure.template import Run, Template, learn
from tests.planner.measure.examples import measure, request

TEXT = st.text(
    st.sampled_from(list('ab "\\/\n\t\x00\x1f\x7fé“漢😀{}:,')) | st.characters(codec="utf-8"),
    max_size=80,
)


def told(measured: Measured) -> tuple[object, ...]:
    """All that a measurement says."""
    works = [
        (
            work.name,
            work.requests,
            work.bytes,
            work.largest,
            work.us,
            work.text,
            work.tokens,
            work.limits,
            [*passed(work.prefixes.root)],
        )
        for work in measured.workloads
    ]
    return (measured.requests, measured.bytes, works, measured.findings.kept, measured.duplicates)


def passed(node: Node) -> Iterator[tuple[str, int, int]]:
    """The tree of prefixes as rows."""
    for (place, text), branch in node.branches.items():
        yield f"{place} {text}", branch.requests, branch.marked
        yield from passed(branch)
    for candidate in node.candidates():
        yield candidate.lead + "…" + candidate.tail, candidate.requests, 0


LINE = st.one_of(
    st.builds(request, st.integers(0, 3), TEXT, system=st.sampled_from([None, "s" * 80, "é" * 70])),
    st.builds(request, st.integers(0, 9), TEXT, metadata=st.sampled_from([{"n": 1}, {"n": 1.0}])),
    st.builds(request, st.integers(0, 9), TEXT, inference_geo=st.sampled_from(["us", "global"])),
    st.builds(request, st.integers(0, 9), TEXT, top_k=st.just(1)),
    st.builds(lambda key, text: {"id": key, "prompt": text}, st.sampled_from(["a", "b c"]), TEXT),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(LINE, st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_template_changes_nothing(rows: list[tuple[dict[str, Any], bool, bool]]) -> None:
    """Bytes, tokens, findings, prefixes and repeats are the same with templates and without."""
    lines = [
        json.dumps(value, ensure_ascii=escaped, separators=(",", ":") if tight else (", ", ": "))
        for value, escaped, tight in rows
    ]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    fast = told(measure(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("planner.measure.requests.learn", lambda *_: None)
        slow = told(measure(data))
    assert fast[:4] == slow[:4]


def test_template_reads_what_is_like_its_line() -> None:
    """Of the lines that follow only the two texts are read, and their size is told."""
    first, second = (json.dumps(request(number, "a\n“b”" * number)) for number in (1, 22))
    template = learn(first, "custom_id", "content", json.loads(first), 0)
    assert template is not None
    prompt = "a\n“b”" * 22
    size = len(json.dumps(["request-22", prompt], ensure_ascii=False).encode()) - len('["", ""]')
    text = f"{first}\n{second}\n{second}\n\n{first}\n"
    end = len(first) + 2 * len(second) + 3
    run = Run(["request-22"] * 2, [prompt] * 2, [size] * 2, end)
    assert template.read(text, len(first) + 1, size) == run
    assert template.read(text, len(first) + 1, size - 1) is None


@pytest.mark.parametrize(
    "line",
    [
        '{"custom_id": "a", "params": {"x": 1, "content": "Hello"}, "n": 1}',
        '{"custom_id": "a b", "params": {"x": 1, "content": "Hello"}}',
        '{"custom_id": "a", "params": {"x": 2, "content": "Hello"}}',
        '{"custom_id": "a", "params": {"x": 1, "content": "Hel"lo"}}',
        '{"custom_id": "a", "params": {"x": 1, "content": "Hello", "y": "z"}}',
        '{"custom_id": "a", "params": {"x": 1, "content": "Hel\nlo"}}',
        '{"custom_id": "a", "params": {"x": 1, "content": "Hello\\"}}',
        '{"custom_id": "a", "params": {"x": 1, "content": "Hello"}}}',
    ],
)
def test_other_lines_are_left_alone(line: str) -> None:
    """What differs in anything else does not fit the template."""
    template = Template('{"custom_id": "', '", "params": {"x": 1, "content": "', '"}}', 0)
    good = '{"custom_id": "a", "params": {"x": 1, "content": "Hello"}}'
    run = template.read(f"{good}\n{line}\n{good}\n", 0, 1000)
    assert run is not None and run.ids == ["a"]


def test_no_template_where_texts_stand_elsewhere() -> None:
    """A text that looks like the prompt, or an id behind it, is not taken for it."""
    value = {"params": request()["params"], "custom_id": "a"}
    assert learn(json.dumps(value), "custom_id", "content", value, 0) is None
    value = request(1, 'say "content": "this"', metadata={"content": "other"})
    text = json.dumps(value)
    template = learn(text, "custom_id", "content", value, 0)
    assert template is None or template.read(f"{text}\n", 0, 1000)
