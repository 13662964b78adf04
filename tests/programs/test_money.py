"""Promise 13: the budget counts what an answer costs, whatever its model is called, and what a request may cost at most."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.programs.cases import stayed_within
from tests.programs.harness import SECRET, Bench

IDS = [f"r{number}" for number in range(10)]
FOUR = ["--requests-per-batch", "4"]
MODEL = "claude-sonnet-5-5"


def write_requests(there: Bench, *each: dict[str, Any]) -> None:
    """INPUT of whole requests, `r0`, `r1` …, with more parameters for each."""
    base = {
        "model": MODEL,
        "max_tokens": 2900,
        "messages": [{"role": "user", "content": SECRET}],
    }
    rows = [{"custom_id": f"r{n}", "params": {**base, **more}} for n, more in enumerate(each)]
    there.input.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.mark.parametrize(
    "named", [f"{MODEL}-20260901", f"{MODEL}-20270102", MODEL, "some-model-of-theirs"]
)
def test_an_answer_is_priced_by_its_model(
    named: str, language: str, bench: Callable[..., Bench]
) -> None:
    """ "What `usage` reports is priced by the model that the answer names, dated or not, else by the one that was asked for." """
    there = bench({"outcomes": [{"type": "succeeded", "model": named, "output_tokens": 1000}]})
    there.write(*IDS)
    assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)
    summary = there.summary()
    assert Decimal(summary["cost_usd"]) == there.api.books.spent_usd()
    assert summary["unpriced"] == 0
    assert "$0.05 spent" in there.said[-1]


def test_an_answer_of_a_cheaper_model(language: str, bench: Callable[..., Bench]) -> None:
    """The name in the answer decides before the name in the request."""
    there = bench({"outcomes": [{"type": "succeeded", "model": "claude-haiku-4-5-20251001"}]})
    there.write(*IDS)
    assert there.run(language, *FOUR).code == 0
    tokens = there.summary()["usage"]
    usd = Decimal(tokens["input_tokens"]) * Decimal("0.5") + tokens["output_tokens"] * Decimal(
        "2.5"
    )
    assert Decimal(there.summary()["cost_usd"]) == usd / 10**6


def test_a_budget_against_dated_models(language: str, bench: Callable[..., Bench]) -> None:
    """ "What is in flight plus what was spent is compared with the budget": dated answers are spent too."""
    outcome = {"type": "succeeded", "model": f"{MODEL}-20260901", "output_tokens": 2900}
    there = bench({"outcomes": [outcome]})
    there.write(*IDS)
    done = there.run(language, *FOUR, "--budget-usd", "0.11")
    assert done.code == 3, done.said
    assert "$0.06 is spent" in done.stderr
    assert there.api.calls["create"] == 1
    assert there.api.books.spent_usd() <= Decimal("0.11")
    assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)


BY_ADDRESS = {
    "a document by address": {
        "type": "document",
        "source": {"type": "url", "url": "https://x/y.pdf"},
    },
    "an image by address": {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
    "a document by id": {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
    "an image by id": {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
    "inside a tool's result": {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [{"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}}],
    },
    "inside a document of blocks": {
        "type": "document",
        "source": {
            "type": "content",
            "content": [{"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}],
        },
    },
}


def refuses_the_second_line(there: Bench, language: str) -> None:
    """A budget cannot be kept with it, which is told before anything is sent; without one it is sent."""
    done = there.run(language, "--budget-usd", "5")
    assert done.code == 2, done.said
    assert "line 2" in done.stderr and "budget" in done.stderr
    assert "line 1" not in done.stderr
    assert not there.api.calls
    assert there.run(language).code == 0, "without a budget it may be sent"
    there.is_complete(["r0", "r1"])


@pytest.mark.parametrize("block", BY_ADDRESS.values(), ids=BY_ADDRESS)
def test_a_budget_and_what_is_not_in_the_request(
    block: dict[str, Any], language: str, bench: Callable[..., Bench]
) -> None:
    """ "Input whose size is not in the request (documents by address) makes the budget say so before the first create." """
    there = bench()
    messages = [{"role": "user", "content": [{"type": "text", "text": "Read."}, block]}]
    write_requests(there, {}, {"messages": messages})
    refuses_the_second_line(there, language)


@pytest.mark.parametrize("kind", ["web_search_20260209", "web_fetch_20260209", "mcp_toolset"])
def test_a_budget_and_what_a_tool_brings_in(
    kind: str, language: str, bench: Callable[..., Bench]
) -> None:
    """What a search finds is input too, and its size is not in the request."""
    there = bench()
    own = {"name": "web_search_20260209", "input_schema": {"type": "object"}}
    tool = {"type": kind, "name": "tool"}
    write_requests(there, {"tools": [own]}, {"tools": [own, tool]})
    refuses_the_second_line(there, language)


def test_a_budget_and_what_tools_add(language: str, bench: Callable[..., Bench]) -> None:
    """Tools add a prompt of their own to each request, which no byte of it tells."""
    there = bench()
    tool = {"name": "tool", "input_schema": {"type": "object"}}
    write_requests(there, {"max_tokens": 1, "tools": [tool]})
    done = there.run(language, "--budget-usd", "0.0009")
    assert done.code == 3, done.said
    assert "budget" in done.stderr and not there.api.calls["create"]
    assert there.run(language, "--budget-usd", "0.0015").code == 0
    there.is_complete(["r0"])


def test_a_budget_and_what_is_in_the_request(language: str, bench: Callable[..., Bench]) -> None:
    """A document in the request itself has a size, and a text that speaks of addresses is a text."""
    there = bench()
    source = {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}
    inside = [{"role": "user", "content": [{"type": "document", "source": source}]}]
    text = '{"type": "document", "source": {"type": "url", "url": "https://x"}}'
    write_requests(there, {"messages": inside}, {"messages": [{"role": "user", "content": text}]})
    assert there.run(language, "--budget-usd", "5").code == 0
    there.is_complete(["r0", "r1"])


def test_an_unpriced_model_and_a_budget(language: str, bench: Callable[..., Bench]) -> None:
    """ "An unpriced model … makes the budget say so before the first create." """
    there = bench()
    write_requests(there, {"model": "claude-of-next-year"})
    done = there.run(language, "--budget-usd", "5")
    assert done.code == 2, done.said
    assert "claude-of-next-year" in done.stderr and not there.api.calls


def test_a_dated_model_has_a_price(language: str, bench: Callable[..., Bench]) -> None:
    """A request may name the model with its date; a budget can be kept for it."""
    there = bench()
    write_requests(there, {"model": f"{MODEL}-20260901"})
    assert there.run(language, "--budget-usd", "5").code == 0
    there.is_complete(["r0"])


@pytest.mark.parametrize(
    ("geo", "code"), [(None, 3), ("us", 3), ("global", 0)], ids=["unsaid", "us", "global"]
)
def test_the_workspaces_own_residency(
    geo: str | None, code: int, language: str, bench: Callable[..., Bench]
) -> None:
    """A request that does not say where it runs may run in the US by the workspace's default: the worst case counts it.

    Four requests of 2,900 tokens of output at $5 are $0.058, with input below $0.060; a tenth more is above it.
    """
    there = bench()
    more = {"inference_geo": geo} if geo else {}
    write_requests(there, *[more] * 4)
    done = there.run(language, "--budget-usd", "0.061")
    assert done.code == code, done.said
    assert there.api.calls["create"] == (1 if code == 0 else 0)


def test_the_worst_case_bounds_what_is_spent(language: str, bench: Callable[..., Bench]) -> None:
    """Answers as long as they may be, in the US: the account is never charged more than the budget."""
    outcome = {
        "type": "succeeded",
        "output_tokens": 2900,
        "model": f"{MODEL}-20260901",
        "usage": {"inference_geo": "us"},
    }
    there = bench({"outcomes": [outcome], "polls": 2})
    there.write(*IDS)
    flags = ["--requests-per-batch", "2", "--concurrent-batches", "3", "--budget-usd", "0.1"]
    done = there.run(language, *flags)
    assert done.code == 3, done.said
    stayed_within(0.1)(there)
    assert there.api.books.spent_usd() * Decimal("1.1") <= Decimal("0.1")
