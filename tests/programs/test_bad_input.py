"""Bad input is told with line numbers, ids and remedies before anything is submitted."""

import json
from collections.abc import Callable

import pytest

from tests.programs.harness import Bench

GOOD = b'{"id": "good", "prompt": "x"}\n'
PARAMS = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "x"}],
}


def request(custom_id: str = "a", **params: object) -> bytes:
    """One whole request; a parameter of None is left out."""
    kept = {name: value for name, value in {**PARAMS, **params}.items() if value is not None}
    return json.dumps({"custom_id": custom_id, "params": kept}).encode() + b"\n"


def nested(levels: int) -> bytes:
    """One whole request whose line is nested so deeply."""
    tool = b"[" * (levels - 2) + b"]" * (levels - 2)
    return request(tools="TOOL").replace(b'"TOOL"', tool)


# Name, the file, the words that the message has (its line number among them).
BAD: list[tuple[str, bytes, tuple[str, ...]]] = [
    ("not JSON", GOOD + b"{'id': 1}\n", ("line 2", "not JSON", "each line is one JSON object")),
    ("NaN", b'{"id": "a", "prompt": NaN}\n', ("line 1", "not JSON")),
    ("a number of 5000 digits", b'{"id": "a", "prompt": 1' + b"0" * 5000 + b"}\n", ("line 1",)),
    ("nested and torn", b"[" * 100_000 + b"\n", ("line 1",)),
    ("nested too deeply", nested(101), ("line 1", "nested deeper than 100 levels")),
    ("nested far too deeply", nested(100_000), ("line 1", "nested deeper than 100 levels")),
    ("not an object", GOOD + b"[1]\n3\n", ("line 2", "line 3", "not a JSON object")),
    ("an id is missing", GOOD + b'{"prompt": "x"}\n', ("line 2", '"id" is missing')),
    ("a custom_id is missing", b'{"params": {}}\n', ("line 1", '"custom_id" is missing')),
    ("an id is a number", b'{"id": 17, "prompt": "x"}\n', ("line 1", "put it in quotes")),
    ("an id with a space", b'{"id": "a b", "prompt": "x"}\n', ("line 1", '"a b"', "rename it")),
    ("an id of 65 characters", request("a" * 65), ("line 1", "rename it")),
    ("an id with a newline at its end", request("a\n"), ("line 1", '"a\\n"', "rename it")),
    ("an id with a letter of another script", request("ä"), ("line 1", "rename it")),
    (
        "an id twice",
        GOOD + b'{"id": "b", "prompt": "x"}\n' + GOOD,
        ("line 3", '"good"', "stands in line 1 too"),
    ),
    ("a prompt is missing", b'{"id": "a"}\n', ("line 1", '"prompt" is missing')),
    ("a prompt is empty", b'{"id": "a", "prompt": " "}\n', ("line 1", '"a"', "empty")),
    ("a prompt is a list", b'{"id": "a", "prompt": []}\n', ("line 1", "no text")),
    (
        "a row with more",
        b'{"id": "a", "prompt": "x", "system": "y"}\n',
        ("line 1", "delete", '"system"'),
    ),
    (
        "a request with more",
        b'{"custom_id": "a", "params": {}, "method": "POST"}\n',
        ("line 1", "delete", '"method"'),
    ),
    (
        "params are no object",
        b'{"custom_id": "a", "params": 1}\n',
        ("line 1", '"params" is no object'),
    ),
    ("rows and requests", GOOD + request("a"), ("line 2", "one form throughout")),
    ("requests and rows", request("a") + GOOD, ("line 2", "one form throughout")),
    ("an empty file", b"", ("line 1", "empty")),
    ("empty lines only", b"\n \r\n\n", ("line 1", "empty")),
    ("no model", request(model=None), ("line 1", '"model" is missing')),
    (
        "a retired model",
        request(model="claude-3-opus-20240229"),
        ("line 1", "retired", "claude-opus-5-5"),
    ),
    ("no max_tokens", request(max_tokens=None), ("line 1", '"max_tokens" is missing')),
    ("max_tokens 0", request(max_tokens=0), ("line 1", '"a"', "at least 1")),
    ("max_tokens true", request(max_tokens=True), ("line 1", "whole number")),
    ("max_tokens 1.5", request(max_tokens=1.5), ("line 1", "whole number")),
    ("max_tokens too large", request(max_tokens=10**9), ("line 1", "lower it")),
    ("no messages", request(messages=None), ("line 1", '"messages"')),
    ("messages are empty", request(messages=[]), ("line 1", '"messages"')),
    ("stream", request(stream=True), ("line 1", '"stream"', "delete it")),
    ("speed", request(speed="fast"), ("line 1", '"speed"', "delete it")),
    ("temperature", request(temperature=1.0), ("line 1", '"temperature"', "delete it")),
    ("top_p", request(top_p=0.5), ("line 1", '"top_p"', "delete it")),
    ("top_k", request(top_k=5), ("line 1", '"top_k"', "delete it")),
    ("not UTF-8", GOOD + b'{"id": "a", "prompt": "\xff"}\n', ("line 2", "UTF-8")),
    ("a last line without newline, torn", GOOD + b'{"id": "b", "pro', ("line 2", "not JSON")),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD, ids=[name for name, _, _ in BAD])
def test_bad_input(
    name: str, content: bytes, words: tuple[str, ...], language: str, bench: Callable[..., Bench]
) -> None:
    """It is told, nothing is sent and nothing is written."""
    there = bench()
    there.input.write_bytes(content)
    done = there.run(language)
    assert done.code == 2, name
    for word in (*words, "Nothing was submitted"):
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not there.api.calls
    assert not there.out.exists()


def test_every_problem_is_listed(language: str, bench: Callable[..., Bench]) -> None:
    """The first fifty problems by line, then a count; one line may have several."""
    there = bench()
    lines = [request(f"r{n}", max_tokens=0, stream=True) for n in range(60)]
    there.input.write_bytes(b"".join(lines))
    done = there.run(language)
    assert done.code == 2
    assert done.stderr.count("requests.jsonl: line ") == 50
    assert "line 25, " in done.stderr and "line 26, " not in done.stderr
    assert "and 70 more problems" in done.stderr


def test_a_request_over_the_limit(language: str, bench: Callable[..., Bench]) -> None:
    """A request that fits no batch is bad input, also when it is a line too long to be read whole."""
    there = bench()
    rows = [
        {"id": "small", "prompt": "x"},
        {"id": "large", "prompt": "x" * 5000},
        {"id": "huge", "prompt": "x" * 500_000},
    ]
    there.input.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    done = there.run(language, "--max-bytes-per-batch", "4000")
    assert done.code == 2
    assert (
        'line 2, id "large"' in done.stderr
        and "line 3" in done.stderr
        and "shorten it" in done.stderr
    )
    assert "line 1" not in done.stderr
    assert not there.api.calls


def test_harmless_input(language: str, bench: Callable[..., Bench]) -> None:
    """CRLF, empty lines, separators inside a text, and a last line without its newline are no problems."""
    there = bench()
    odd = '{"id": "c", "prompt": "one\u2028two\u0085three\x0bfour \U0001f600 \\ud83d"}'.replace(
        "\x0b", "\\u000b"
    )
    there.input.write_bytes(
        b'{"id": "a", "prompt": "x"}\r\n\r\n \t\n  {"id": "b", "prompt": "y\\r\\n"}  \r\n'
        + odd.encode()
        + b'\n{"prompt":"z","id":"d"}'
    )
    assert there.run(language).code == 0
    there.is_complete(["a", "b", "c", "d"])
    sent = {i: params[0]["messages"][0]["content"] for i, params in there.api.params.items()}
    assert sent == {
        "a": "x",
        "b": "y\r\n",
        "c": "one\u2028two\u0085three\x0bfour \U0001f600 \ud83d",
        "d": "z",
    }


def test_whole_requests_are_sent_as_they_stand(language: str, bench: Callable[..., Bench]) -> None:
    """To the byte: no number, escape or order of keys is changed on the way."""
    there = bench()
    line = (
        b'{ "params": {"messages":[{"role":"user","content":"\\u00e9 \\/ \\ud800"}], "max_tokens":10,\t"model":"claude-sonnet-5-5",'
        b'"metadata":{"n":12345678901234567890,"x":1.0,"y":1e400}}, "custom_id":"a" }'
    )
    there.input.write_bytes(b"  " + line + b" \r\n")
    assert there.run(language).code == 0
    assert there.api.batches[0].bytes == len(b'{"requests":[' + line + b"]}")
    assert there.api.bodies == [b'{"requests":[' + line + b"]}"]


def test_what_is_nested_is_sent_up_to_a_hundred_levels(
    language: str, bench: Callable[..., Bench]
) -> None:
    """To the byte, as any other; brackets in a text are no levels."""
    there = bench()
    line = nested(100).replace(b'"x"', b'"' + b"[" * 500 + b'"')
    there.input.write_bytes(line)
    assert there.run(language).code == 0
    assert there.api.bodies == [b'{"requests":[' + line.strip() + b"]}"]


@pytest.mark.parametrize(
    "flags",
    [
        "--requests-per-batch 0",
        "--requests-per-batch 100001",
        "--requests-per-batch 1.5",
        "--max-bytes-per-batch 256000001",
        "--concurrent-batches many",
        "--poll-seconds -1",
        "--poll-seconds nan",
        "--max-retries 11",
        "--backoff quadratic",
        "--budget-usd inf",
        "--canary -1",
        "--adopt msg,batch",
        "--no-such-flag",
        "another-input",
    ],
)
def test_bad_usage(flags: str, language: str, bench: Callable[..., Bench]) -> None:
    """A flag that is not known or out of bounds is told; nothing is sent."""
    there = bench()
    there.write("a")
    done = there.run(language, *flags.split())
    assert done.code == 2
    assert flags.split()[0] in done.stderr
    assert not there.api.calls


def test_a_folder_without_a_name(language: str, bench: Callable[..., Bench]) -> None:
    """As a shell writes it whose variable is not set: the run does not go where one happens to be."""
    there = bench()
    there.write("a")
    done = there.run(language, "--out", "")
    assert done.code == 2 and "--out" in done.stderr
    assert not there.api.calls


@pytest.mark.parametrize(("prompt", "code"), [("\ufeff", 2), ("\u3000", 2), ("\u001f", 0)])
def test_what_an_empty_prompt_is(
    prompt: str, code: int, language: str, bench: Callable[..., Bench]
) -> None:
    """Either program says so of the same rows: one goes on with a run of the other."""
    there = bench()
    there.input.write_text(json.dumps({"id": "a", "prompt": prompt}) + "\n")
    assert there.run(language).code == code


def test_no_input(language: str, bench: Callable[..., Bench]) -> None:
    """A file that is not there, or is no file."""
    there = bench()
    assert there.run(language).code == 2
    assert "cannot be read" in there.said[-1]
    there.input.mkdir()
    assert there.run(language).code == 2
    assert "cannot be read" in there.said[-1]
