"""What prompts share is found to the byte, and where that breaks is named."""

import random
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import facts
from planner.measure.prefixes import common_lead, common_tail
from planner.measure.sharing import Break, Prefix, Sharing, kind_of
from tests.planner.measure.examples import lines_of, measure, request

RULES = "You sort letters of customers. Answer in one word. " * 60  # 3,060 characters


def sharing_of(requests: list[dict[str, Any]]) -> Sharing:
    """What the requests of one model share."""
    (work,) = measure(lines_of(requests)).workloads
    assert work.model
    return Sharing(work.prefixes, work.model)


def prefixes(requests: list[dict[str, Any]]) -> list[Prefix]:
    return sharing_of(requests).prefixes()


def breaks(requests: list[dict[str, Any]]) -> list[Break]:
    return sharing_of(requests).breaks()


def saving(requests: int, tokens: int, hit_rate: str = "0.7") -> Decimal:
    """By another way: what a prefix costs as input, less what writing and reading it costs."""
    prices = facts.model("claude-sonnet-5-5").batch
    reads = ((requests - 1) * Decimal(hit_rate)).quantize(Decimal(1), ROUND_HALF_UP)
    cached = reads * prices.cache_read + (requests - reads) * prices.cache_write_1h
    return max(Decimal(0), (requests * prices.input - cached) * tokens / 1_000_000)


def test_system_prompt_is_a_prefix() -> None:
    """Requests with the same system prompt: how many, how long, and what a cache would save."""
    requests = [
        request(n, f"Letter {n}: {random.Random(n).random()}", system=RULES) for n in range(90)
    ]
    requests += [request(n, f"Other {n}") for n in range(90, 120)]
    (found,) = prefixes(requests)
    assert (found.requests, found.tokens, found.model) == (90, 1224, "claude-sonnet-5-5")
    assert (found.cacheable, found.marked) == (True, False)
    assert found.usd == saving(90, 1224)


@pytest.mark.parametrize(("ttl", "marker"), [("5m", {}), ("1h", {"ttl": "1h"})])
def test_marker_is_seen(ttl: str, marker: dict[str, str]) -> None:
    """A prefix that ends with cache_control is marked, with the time that it is kept."""
    block = {"type": "text", "text": RULES, "cache_control": {"type": "ephemeral", **marker}}
    (found,) = prefixes([request(n, f"Letter {n}", system=[block]) for n in range(50)])
    assert (found.requests, found.marked, found.ttl) == (50, True, ttl)


def test_short_prefix_is_not_cacheable() -> None:
    """Below the model's minimum nothing is cached, and nothing is saved."""
    (found,) = prefixes([request(n, f"Letter {n}", system="Be brief. " * 20) for n in range(50)])
    assert (found.tokens, found.cacheable, found.usd) == (80, False, 0)


def test_shared_documents_are_told_apart() -> None:
    """Each document that several requests share is a prefix of its own, behind the common one."""
    documents = [f"Document {n}. " * 200 for n in range(3)]
    requests = [
        request(
            n,
            [{"type": "text", "text": documents[n % 3]}, {"type": "text", "text": f"Question {n}"}],
            system=RULES,
        )
        for n in range(60)
    ]
    found = prefixes(requests)
    assert sorted(each.requests for each in found) == [20, 20, 20, 60]
    assert {each.tokens for each in found if each.requests == 20} == {1224 + 960}


def test_instruction_in_front_of_the_prompt() -> None:
    """Texts that begin alike share a prefix, though one block: the break is told with its saving."""
    requests = [request(n, RULES + f"{chr(97 + n % 26)}{n} is the letter") for n in range(40)]
    (found,) = prefixes(requests)
    assert (found.requests, found.tokens) == (40, 1224)
    (broken,) = breaks(requests)
    assert (broken.place, broken.byte) == ("messages, user", len(RULES))


DAYS = [f"2026-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29)]


def differing(kind: str, rng: random.Random, number: int) -> str:
    """A text of that kind, another one for each request."""
    return {
        "date": DAYS[number % len(DAYS)],
        "id": f"{rng.choice('abcdef')}{rng.getrandbits(60):015x}z",
        "number": str(10_000 + number),
    }[kind]


@pytest.mark.parametrize("seed", range(20))
def test_break_is_found(seed: int) -> None:
    """Files with a date, an id or a number in the prompt they share: the first differing byte, what
    it is, and what would be saved, are as made."""
    rng = random.Random(seed)
    kind = ("date", "id", "number", "keys")[seed % 4]
    count, head, body = rng.randrange(20, 60), rng.randrange(0, 400), rng.randrange(1500, 4000)
    letters = "abcdefg é漢"
    before = "".join(rng.choices(letters, k=head)) + " "
    after = " " + "".join(rng.choices("hijklmn o", k=body))
    requests, texts = [], []
    for number in range(count):
        if kind == "keys":
            keys = list("pqrst")
            rng.shuffle(keys)
            schema = {key: {"type": "string", "description": after} for key in keys}
            tool = {"name": "f", "input_schema": {"type": "object", "properties": schema}}
            requests.append(request(number, f"{rng.random()}", tools=[tool]))
        else:
            texts.append(before + differing(kind, rng, number) + after)
            requests.append(request(number, f"{rng.random()}", system=texts[-1]))
    found = breaks(requests)[0]
    assert (found.what, found.requests) == (kind, count)
    if kind == "keys":
        assert found.place == "tools"
        return
    lead = texts[0]
    for text in texts:
        while not text.startswith(lead):
            lead = lead[:-1]
    tail = texts[0][len(lead) :]
    for text in texts:
        while not text[len(lead) :].endswith(tail):
            tail = tail[1:]
    assert (found.place, found.byte) == ("system", len(lead.encode()))
    shared = lead + tail
    ascii_chars = sum(letter.isascii() for letter in shared)
    tokens = int(ascii_chars / 2.5 + len(shared) - ascii_chars + 0.5)
    assert (found.tokens, found.usd) == (tokens, saving(count, tokens))


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("on 2026-11-24 at", "on 2026-11-25 at", "date"),
        ("at 10:04:09 sharp", "at 10:05:12 sharp", "date"),
        ("user 7f3a9c2b11 x", "user 7f3a9c2bff x", "id"),
        ("case 1234 of", "case 1239 of", "number"),
        ("the cat sat", "the cow sat", "text"),
    ],
)
def test_kind_of_difference(one: str, other: str, kind: str) -> None:
    """The word in which two texts differ says what it is."""
    assert kind_of(one, other, len(common_lead(one, other))) == kind


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20), st.text(max_size=60))
def test_common_ends(lead: str, one: str, other: str, tail: str) -> None:
    """The shared lead and tail are the longest there are."""
    first, second = lead + one + tail, lead + other + tail
    found = common_lead(first, second)
    assert first.startswith(found) and second.startswith(found) and len(found) >= len(lead)
    size = len(found)
    assert first[size : size + 1] != second[size : size + 1] or size == min(len(first), len(second))
    assert common_tail(first, second) == common_lead(first[::-1], second[::-1])[::-1]


def test_memory_of_the_tree_is_bounded() -> None:
    """Ten thousand prompts with nothing in common leave few of them behind."""
    rng = random.Random(1)
    requests = [
        request(n, f"{rng.random()} " + "x" * 500 + f" {rng.random()}") for n in range(10_000)
    ]
    (work,) = measure(lines_of(requests), piece=2**20).workloads
    assert len(work.prefixes.root.heads) <= 256
    assert len(work.prefixes.root.tails) <= 256
