"""What is sent for a line, and what is wrong with one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.programs.python.request import (
    Requests,
    request_settings,
    retired_models,
    run_settings,
    wrong_with_row,
)
from planner.programs.python.settings import Settings

SETTINGS = Settings(model="claude-sonnet-5-5", max_tokens=100)
GOOD: dict[str, Any] = {
    "custom_id": "a",
    "params": {
        "model": "claude-sonnet-5-5",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "?"}],
    },
}


@given(st.text(min_size=1))
def test_a_row_becomes_a_request(prompt: str) -> None:
    """The prompt arrives as it is, beside the settings and nothing else."""
    line = json.dumps({"id": "a", "prompt": prompt}).encode()
    assert json.loads(Requests(SETTINGS).wire(line).body) == {
        "custom_id": "a",
        "params": {
            "model": "claude-sonnet-5-5",
            "max_tokens": 100,
            "messages": [{"role": "user", "content": prompt}],
        },
    }


def test_a_system_prompt_is_cached_as_the_settings_say() -> None:
    """It stands in every row, with its cache entry and the residency."""
    settings = replace(SETTINGS, system_prompt="Be brief.", cache_ttl="1h", inference_geo="us")
    wire = Requests(settings).wire(b'{"id": "a", "prompt": "?"}')
    params = json.loads(wire.body)["params"]
    cached = {"type": "ephemeral", "ttl": "1h"}
    assert params["system"] == [{"type": "text", "text": "Be brief.", "cache_control": cached}]
    assert params["inference_geo"] == "us"
    assert wire.cached and wire.us


def test_a_whole_request_is_sent_byte_for_byte() -> None:
    """Spaces and the order of names stay; the line's own end does not."""
    line = json.dumps(GOOD, indent=None).replace(":", " :  ").encode()
    assert Requests(SETTINGS).wire(line + b"\r\n").body == line


def test_a_byte_order_mark_is_sent_to_nobody() -> None:
    """It may stand before the first line."""
    line = b"\xef\xbb\xbf" + json.dumps(GOOD).encode()
    requests = Requests(SETTINGS)
    assert requests.wire(line).body == json.dumps(GOOD).encode()
    assert (requests.id_of(line), requests.model_of(line)) == ("a", "claude-sonnet-5-5")


@pytest.mark.parametrize(("geo", "us"), [({}, True), ("us", True), ("global", False)])
def test_the_workspace_may_send_to_the_us(geo: object, us: bool) -> None:
    """The worst case counts the factor unless the request says otherwise."""
    params = {**GOOD["params"], **({"inference_geo": geo} if isinstance(geo, str) else {})}
    assert Requests(SETTINGS).wire(json.dumps({**GOOD, "params": params}).encode()).us is us


def test_a_retired_model_is_known_by_its_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to use instead; one that goes later is not."""
    gone = {"old": ("2020-01-01", "new"), "later": ("2999-01-01", "new")}
    monkeypatch.setattr("planner.programs.python.request.RETIRES", gone)
    assert [*retired_models()] == ["old"]
    assert "use new" in retired_models()["old"]


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        ([{"type": "document", "source": {"type": "url", "url": "https://x"}}], True),
        ([{"type": "tool_result", "content": [{"source": {"type": "file"}}]}], True),
        ([{"type": "image", "source": {"type": "base64", "data": "x"}}], False),
        ("https://example.org", False),
    ],
)
def test_documents_by_address_have_no_known_size(content: object, counts: bool) -> None:
    """No budget can be kept with them."""
    params = {**GOOD["params"], "messages": [{"role": "user", "content": content}]}
    request = {**GOOD, "params": params}
    with_budget = Requests(replace(SETTINGS, budget_usd="5"))
    assert bool([*with_budget.wrong_with_request(request)]) is counts
    assert [*Requests(SETTINGS).wrong_with_request(request)] == []


def test_the_worst_case_counts_what_the_request_asks_for() -> None:
    """More output costs more; an unknown model has no price."""
    requests = Requests(SETTINGS)
    dear = {**GOOD, "params": {**GOOD["params"], "max_tokens": 1000}}
    unknown = {**GOOD, "params": {**GOOD["params"], "model": "other"}}
    cheap_wire, dear_wire, unknown_wire = (
        requests.wire(json.dumps(each).encode()) for each in (GOOD, dear, unknown)
    )
    assert dear_wire.worst() > cheap_wire.worst() > 0
    assert unknown_wire.worst() == 0 and unknown_wire.price is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"custom_id": "a b"}, "letters"),
        ({"custom_id": 7}, "is no text"),
        ({"priority": 1}, 'delete "priority"'),
        ({"params": []}, "is no object"),
        ({"params": {**GOOD["params"], "messages": []}}, "at least one message"),
        ({"params": {**GOOD["params"], "model": ""}}, "name one"),
        ({"params": {**GOOD["params"], "max_tokens": True}}, "no whole number"),
        ({"params": {**GOOD["params"], "max_tokens": 10**9}}, "lower it"),
        ({"params": {**GOOD["params"], "stream": True}}, '"stream"'),
        ({"params": {**GOOD["params"], "temperature": 1}}, '"temperature"'),
    ],
)
def test_what_is_wrong_with_a_request(change: dict[str, Any], problem: str) -> None:
    """Each fault is named, and alone."""
    (message,) = Requests(SETTINGS).wrong_with_request({**GOOD, **change})
    assert problem in message


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"prompt": "?"}, '"id" is missing'),
        ({"id": "a"}, '"prompt" is missing'),
        ({"id": "a", "prompt": 7}, "is no text"),
        ({"id": "a", "prompt": " \n"}, "is empty"),
        ({"id": "a", "prompt": "?", "model": "m"}, 'delete "model"'),
    ],
)
def test_what_is_wrong_with_a_row(row: dict[str, Any], problem: str) -> None:
    """Each fault is named, and alone."""
    (message,) = wrong_with_row(row)
    assert problem in message


def test_good_lines_have_nothing_wrong() -> None:
    """Neither form, nor the settings as they stand."""
    requests = Requests(SETTINGS)
    assert [*requests.wrong_with_request(GOOD)] == [*requests.wrong_with_settings()] == []
    assert [*wrong_with_row({"id": "a", "prompt": "?"})] == []


def test_the_journal_gets_no_prompt() -> None:
    """What shapes requests and what may change make up the settings; the prompt is there as its hash only."""
    settings = replace(SETTINGS, system_prompt="secret words")
    of_requests, of_run = request_settings(settings), run_settings(settings)
    assert "secret words" not in json.dumps([of_requests, of_run])
    assert not of_requests.keys() & of_run.keys()
    other = request_settings(replace(settings, system_prompt="other words"))
    assert other["system_prompt_sha256"] != of_requests["system_prompt_sha256"]
