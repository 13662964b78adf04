"""Each rule, against a case that the API's documentation or the SDK names."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner import facts
from planner.measure.checks import DEEPEST
from planner.measure.measurement import Measurement
from planner.measure.rules import RULES
from planner.programs.python import text as program
from tests.planner.measure.examples import lines_of, measure, request, rules_of

NAMES = [
    "json",
    "utf-8",
    "object",
    "nesting",
    "custom-id-missing",
    "custom-id-form",
    "custom-id-repeated",
    "params-missing",
    "model-missing",
    "model-unknown",
    "model-retired",
    "max-tokens-missing",
    "max-tokens-zero",
    "max-tokens-over-model",
    "messages-missing",
    "messages-empty",
    "stream",
    "speed",
    "sampling",
    "prefill",
    "unknown-key",
    "context",
    "request-too-large",
    "mixed-rows",
    "empty-file",
]


def test_rules_are_those_of_the_contract() -> None:
    """Their names are stable: programs read them."""
    assert sorted(RULES) == sorted(NAMES)


@pytest.mark.parametrize("rule", NAMES)
def test_rule_has_sources(rule: str) -> None:
    """Each rule names facts, and each of those has a source and a date."""
    sources = [facts.limit(key) for key in RULES[rule].sources]
    assert all(fact.source and fact.date for fact in sources) and sources


def found(line: bytes | dict[str, Any]) -> list[tuple[str, str]]:
    """Rule and severity of what is wrong with one line behind a good one."""
    data = line if isinstance(line, bytes) else json.dumps(line).encode()
    measured = measure(lines_of([request(9)]) + data + b"\n")
    assert all(each.line == 2 for each in measured.findings.kept)
    return [(rule, severity) for _, rule, severity in rules_of(measured)]


def test_good_request_breaks_no_rule() -> None:
    """Nothing is found where nothing is wrong."""
    tools = [{"name": "f", "description": "d", "input_schema": {"type": "object"}}]
    blocks = [{"type": "text", "text": "Hello"}, {"type": "text", "text": "you"}]
    assert found(request(1, blocks, tools=tools, system="s", stream=False)) == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b'{"custom_id": "a", "params": {', "json"),
        (b'{"custom_id": "a", "params": {"max_tokens": NaN}}', "json"),
        (b"[" * 100_000, "nesting"),
        (b'{"custom_id": "\xe9"}', "utf-8"),
        (lines_of([request(1, "x")]).strip().replace(b'"x"', rb'"\ud800"'), "utf-8"),
        (b"[1, 2]", "object"),
        (b"17", "object"),
    ],
)
def test_line_that_is_no_request(line: bytes, rule: str) -> None:
    """A line that cannot be read is told by what is wrong with it."""
    assert found(line) == [(rule, "error")]


def nested(levels: int, value: Any = 1) -> Any:
    """A value in so many lists and objects, in turn."""
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize(
    "line",
    [
        lambda levels: request(2, metadata=nested(levels - 2)),
        lambda levels: {"id": "a", "prompt": "b", "note": nested(levels - 1)},
    ],
)
def test_nesting(line: Callable[[int], dict[str, Any]]) -> None:
    """A hundred levels, that of the line itself counted, are what the programs send."""
    deepest, too_deep = line(DEEPEST), line(DEEPEST + 1)
    assert [program.is_deep(each) for each in (deepest, too_deep)] == [False, True]
    rest = found(deepest)
    assert ("nesting", "error") not in rest
    assert sorted(found(too_deep)) == sorted([*rest, ("nesting", "error")])


def test_brackets_in_a_text_are_no_nesting() -> None:
    """Nor are many objects that stand side by side."""
    blocks = [{"type": "text", "text": "[" * 200}] * 200
    assert found(request(2, blocks)) == []


@pytest.mark.parametrize("levels", [DEEPEST + 1, 100_000])
def test_nesting_is_told(levels: int) -> None:
    """With the line and what to do, however deep."""
    text = '{"a":' + "[" * levels + "]" * levels + "}"
    first, *_ = measure(lines_of([request(1)]) + text.encode()).findings.kept[::-1]
    assert (first.line, first.rule) == (2, "nesting")
    assert first.message == (
        "The line is nested deeper than 100 levels. The programs of a plan do not send it; "
        "what the API would say is not published. Flatten the request."
    )


@pytest.mark.parametrize(
    ("custom_id", "rule"),
    [
        (None, "custom-id-missing"),
        ("", "custom-id-form"),
        ("x" * 65, "custom-id-form"),
        ("report.pdf", "custom-id-form"),
        ("a b", "custom-id-form"),
        ("é", "custom-id-form"),
        ("a\n", "custom-id-form"),
        (17, "custom-id-form"),
    ],
)
def test_custom_id(custom_id: object, rule: str) -> None:
    """1 to 64 letters, digits, hyphens and underscores (fact custom_id_pattern)."""
    line = request()
    line["custom_id"] = custom_id
    assert found(line) == [(rule, "error")]


def test_repeated_id() -> None:
    """Each custom_id occurs once; the finding names the line of the first."""
    measured = measure(lines_of([request(1), request(2), request(1), request(1)]))
    assert rules_of(measured) == [
        (3, "custom-id-repeated", "error"),
        (4, "custom-id-repeated", "error"),
    ]
    assert all("line 1 " in each.message for each in measured.findings.kept)
    assert measured.findings.kept[0].custom_id == "request-1"


def test_ids_that_look_alike_to_the_map_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map of eight bits takes nearly all ids for known ones; none of them is called repeated."""
    monkeypatch.setattr("planner.measure.repeats._BYTES", 1)
    assert rules_of(measure(lines_of(request(n, f"{n}") for n in range(99)))) == []


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ({"custom_id": "a"}, ["params-missing"]),
        ({"custom_id": "a", "params": []}, ["params-missing"]),
        ({**request(), "extra": 1}, ["unknown-key"]),
        (
            {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {}},
            ["params-missing", "unknown-key", "unknown-key", "unknown-key"],
        ),
    ],
)
def test_envelope(line: dict[str, Any], rules: list[str]) -> None:
    """A request is custom_id and params, and nothing else."""
    assert [rule for rule, _ in found(line)] == rules


@pytest.mark.parametrize(
    ("params", "rule", "severity"),
    [
        ({"model": None}, "model-missing", "error"),
        ({"model": ["a"]}, "model-missing", "error"),
        ({"model": "gpt-5"}, "model-unknown", "error"),
        ({"model": "claude-3-haiku-20240307"}, "model-retired", "error"),
        ({"model": "claude-sonnet-4-5"}, "model-retired", "warning"),
        ({"max_tokens": None}, "max-tokens-missing", "error"),
        ({"max_tokens": True}, "max-tokens-missing", "error"),
        ({"max_tokens": "500"}, "max-tokens-missing", "error"),
        ({"max_tokens": 0}, "max-tokens-zero", "error"),
        ({"max_tokens": 300_001}, "max-tokens-over-model", "error"),
        ({"max_tokens": 200_000}, "max-tokens-over-model", "warning"),
        ({"messages": None}, "messages-missing", "error"),
        ({"messages": "Hello"}, "messages-missing", "error"),
        ({"messages": [{"role": "user"}]}, "messages-missing", "error"),
        ({"messages": []}, "messages-empty", "error"),
        ({"prompt": ""}, "messages-empty", "error"),
        ({"prompt": " \n"}, "messages-empty", "error"),
        ({"stream": True}, "stream", "error"),
        ({"speed": "fast"}, "speed", "error"),
        ({"speed": "standard"}, "speed", "error"),
        ({"temperature": 1}, "sampling", "error"),
        ({"top_p": 0.9}, "sampling", "error"),
        ({"top_k": 5}, "sampling", "error"),
        ({"betas": ["x"]}, "unknown-key", "error"),
        ({"fallbacks": []}, "unknown-key", "error"),
        ({"extra_body": {}}, "unknown-key", "error"),
    ],
)
def test_params(params: dict[str, Any], rule: str, severity: str) -> None:
    """What the API would say of the params only after the whole batch has ended."""
    assert found(request(1, params.pop("prompt", "Hello"), **params)) == [(rule, severity)]


@pytest.mark.parametrize(
    ("model", "severity"), [("claude-opus-5-5", "error"), ("claude-haiku-4-5", "warning")]
)
def test_prefill(model: str, severity: str) -> None:
    """Newer models refuse a last message of the assistant's (fact prefill)."""
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]
    assert found(request(1, model=model, messages=messages)) == [("prefill", severity)]


@pytest.mark.parametrize(("chars", "severity"), [(900_000, "error"), (600_000, "warning")])
def test_context(chars: int, severity: str) -> None:
    """Surely too long by the low estimate is an error, too long by the likely one a warning."""
    line = request(1, "x" * chars, model="claude-haiku-4-5", max_tokens=50_000)
    assert found(line) == [("context", severity)]
    # and likewise behind lines of the same form, which are read faster
    good = request(2, "x", model="claude-haiku-4-5", max_tokens=50_000)
    assert rules_of(measure(lines_of([good, line]))) == [(2, "context", severity)]


def test_request_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that fits no batch, whether its line is held or not."""
    for module in ("planner.measure.requests", "planner.measure.measurement"):
        monkeypatch.setattr(f"{module}.MOST_BYTES", 5_000)
    for chars in (6_000, 2_000_000):
        assert found(request(1, "x" * chars)) == [("request-too-large", "error")]


def test_mixed_rows() -> None:
    """Rows and whole requests are not mixed; rows alone are fine."""
    row = {"id": "a", "prompt": "Hello"}
    assert found(row) == [("mixed-rows", "error")]
    assert rules_of(measure(lines_of([row]))) == []


@pytest.mark.parametrize("first", [request(1), {"id": "a", "prompt": "Hello"}])
def test_results_among_requests(first: dict[str, Any]) -> None:
    """A file holds results throughout or not at all, whichever comes first: what is split would
    lack them. Files of either kind stand side by side.
    """
    result = {"custom_id": "r", "result": {"type": "expired"}}
    mixed = [(2, "mixed-rows", "error")]
    for values in ([first, result], [result, first]):
        assert rules_of(measure(lines_of(values))) == mixed
    measurement = Measurement()
    for values in ([first], [result], [first, result], [result, first]):
        for value in values:
            value |= {"custom_id" if "custom_id" in value else "id": f"id-{measurement.lines}"}
        measurement.begin("a.jsonl")
        measurement.feed(lines_of(values))
        measurement.end()
    assert rules_of(measurement.measured()) == 2 * mixed


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_empty_file(data: bytes) -> None:
    """A file that says nothing."""
    assert rules_of(measure(data)) == [(1, "empty-file", "error")]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"prompt": "a"}, "custom-id-missing"),
        ({"id": "a"}, "messages-missing"),
        ({"id": "a", "prompt": ["b"]}, "messages-missing"),
        ({"id": "a", "prompt": "  "}, "messages-empty"),
        ({"id": "a", "prompt": "b", "note": "c"}, "unknown-key"),
    ],
)
def test_rows(row: dict[str, Any], rule: str) -> None:
    """A row has id and prompt, and nothing else."""
    assert rules_of(measure(lines_of([{"id": "z", "prompt": "z"}, row]))) == [(2, rule, "error")]


def test_params_are_those_of_the_sdk() -> None:
    """The names that the rule unknown-key knows are the fields of the SDK's own types."""
    import anthropic

    names: set[str] = set()
    for path in ("types/message_create_params.py", "types/beta/message_create_params.py"):
        source = (Path(anthropic.__file__).parent / path).read_text("utf-8")
        base = source.partition("class MessageCreateParamsBase")[2].partition("\nclass ")[0]
        names |= set(re.findall(r"^    (\w+): (?!$)", base, re.MULTILINE)) | {"stream"}
    headers = {"betas", "user_profile_id", "workspace_id"}
    assert set(str(facts.limit("request_params").value).split(", ")) == names - headers
