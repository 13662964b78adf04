"""The bytes of a request are those that the Python SDK sends."""

import json
import random
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.measure.wire import Wire, json_bytes
from tests.planner.measure.examples import lines_of, measure, request


def body_of(requests: list[dict[str, Any]]) -> bytes:
    """The body that the SDK's own client sends for a batch of these requests."""
    bodies: list[bytes] = []

    def answer(sent: httpx2.Request) -> httpx2.Response:
        bodies.append(sent.read())
        return httpx2.Response(500, json={})

    client = anthropic.Anthropic(
        api_key="sk-test",
        base_url="http://127.0.0.1:9",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
    )
    with pytest.raises(anthropic.InternalServerError):
        client.messages.batches.create(requests=requests)  # type: ignore[arg-type]
    client.close()
    (body,) = bodies
    return body


TEXTS = [
    "plain",
    "“é” and 漢字",
    'a "quoted" \\ back/slash\n\ttab',
    "\x00\x01\x1f\x7f",
    "😀 pair",
    "",
]


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("spaces", [(", ", ": "), (",", ":"), (" , ", " : ")])
def test_bytes_are_those_of_the_sdk(escaped: bool, spaces: tuple[str, str]) -> None:
    """However the lines are written, `bytes` is the size of the body that the SDK sends."""
    rng = random.Random(1)
    requests = [
        request(
            number, prompt=" ".join(rng.choices(TEXTS, k=5)) + "x", system=rng.choice(TEXTS) + "s"
        )
        for number in range(200)
    ]
    requests += [request(200 + n, temperature=value) for n, value in enumerate((1.50, 1e22, 0.1))]
    lines = [json.dumps(each, ensure_ascii=escaped, separators=spaces) for each in requests]
    assert measure("\n".join(lines).encode()).bytes == len(body_of(requests))


def test_slashes_that_some_writers_escape() -> None:
    r"""What was written as \\/ is sent as a slash alone, in lines of one form too."""
    requests = [request(number, f'https://a/{number}\n"b"') for number in range(5)]
    lines = [json.dumps(each).replace("/", "\\/") for each in requests]
    assert measure("\n".join(lines).encode()).bytes == len(body_of(requests))


@pytest.mark.parametrize(
    "line",
    [
        r'{"custom_id":"a","params":{"max_tokens":1E3,"n":-0,"x":1.50,"messages":[]}}',
        r'{"custom_id":"a","custom_id":"longer","params":{"a":{"b":1,"b":22}}}',
        r'{"custom_id":"http:\/\/a","params":{"t":"\u0041\u00e9\u000a\u001f\u007f\u2028"}}',
        r'{"custom_id":"a\\","params":{"t":"\\u0041\\\u0041 \\\" :, { \" "}}',
        '  {\t"custom_id" : "a: , b" , "params":{ } }\r',
    ],
)
def test_odd_lines(line: str) -> None:
    """Numbers, repeated keys, escapes and spaces that are not sent as they stand."""
    assert Wire().size(line.encode(), json.loads(line)) == len(json_bytes(json.loads(line)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    st.lists(JSON.map(lambda value: {"v": value}), min_size=1, max_size=5),
    st.booleans(),
    st.booleans(),
)
def test_size_of_any_json(values: list[Any], escaped: bool, wide: bool) -> None:
    """One reader over many lines: the size is that of the compact form, always."""
    wire = Wire()
    for value in values:
        try:
            wanted = len(json_bytes(value))
        except UnicodeEncodeError:
            continue
        line = json.dumps(
            value, ensure_ascii=escaped, separators=(", ", ": ") if wide else (",", ":")
        )
        assert wire.size(line.encode(), json.loads(line)) == wanted


def test_rows_have_the_bytes_of_their_requests() -> None:
    """A row is measured as the request that it becomes."""
    rows = [{"id": f"r{n}", "prompt": text + "x"} for n, text in enumerate(TEXTS)]
    measured = measure(lines_of(rows))
    params = {"model": "claude-sonnet-5-5", "max_tokens": 2900}
    requests = [
        {
            "custom_id": row["id"],
            "params": {**params, "messages": [{"role": "user", "content": row["prompt"]}]},
        }
        for row in rows
    ]
    assert measured.bytes == len(body_of(requests))
