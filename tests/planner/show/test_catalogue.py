"""The facts in print: all of them, with sources, as text and as JSON."""

import json

from planner import facts
from planner.show.catalogue import catalogue, catalogue_json


def lines_of(beginning: str) -> list[list[str]]:
    """The words of each line that begins so."""
    return [line.split() for line in catalogue().splitlines() if line.startswith(beginning)]


def test_it_begins_with_the_day() -> None:
    """On which day the facts were checked, and what the prices are."""
    assert catalogue().splitlines()[:2] == [
        f"Checked on {facts.checked_on()}. Prices in US$ for a million tokens in a batch.",
        "",
    ]


def test_every_model_is_listed() -> None:
    """Name, id, state and both prices in a batch."""
    assert lines_of("Claude Sonnet 5.5 ") == [
        ["Claude", "Sonnet", "5.5", "claude-sonnet-5-5", "active", "$1.00", "$5.00"]
    ]
    assert lines_of("Model ") == [["Model", "Id", "Status", "Input", "Output"]]
    ids = catalogue().split()
    assert all(model.id in ids for model in facts.models())


def test_every_tier_is_listed() -> None:
    """Queue, calls and spend; what is not published is not guessed."""
    assert [" ".join(words) for words in lines_of("Tier ")] == [
        "Tier Queue limit Calls a minute Monthly spend"
    ]
    assert lines_of("Start ") == [["Start", "200,000", "1,000", "$500"]]
    assert " ".join(lines_of("Evaluation ")[0]) == "Evaluation" + " not published" * 3
    assert " ".join(lines_of("Custom ")[0]) == "Custom" + " not published" * 2 + " none"


def test_every_fact_has_its_source() -> None:
    """One line each: key, statement, source and date."""
    text = catalogue()
    for fact in facts.limits():
        assert f"\n{fact.key}: {fact.statement} [{fact.source}, {fact.date}]" in text


def test_as_json() -> None:
    """The same facts, decimals as texts."""
    document = json.loads(catalogue_json())
    assert set(document) == {"checked_on", "models", "limits", "tiers", "durations", "writing"}
    assert document["checked_on"] == facts.checked_on()
    assert [model["id"] for model in document["models"]] == [model.id for model in facts.models()]
    assert [fact["key"] for fact in document["limits"]] == [fact.key for fact in facts.limits()]
    assert [tier["key"] for tier in document["tiers"]] == [tier.key for tier in facts.tiers()]
    assert len(document["durations"]) == len(facts.observations())
    assert [row["tokens"] for row in document["writing"]] == [row.tokens for row in facts.writing()]
    assert document["models"][0]["batch"]["input"] == "4"
