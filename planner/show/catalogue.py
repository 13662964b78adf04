"""Print the facts that plans rest on: models with prices, tiers and limits, with their sources."""

import dataclasses
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from planner import facts
from planner.show.table import table
from planner.words import count, price

_MODELS = {"name": "Model", "id": "Id", "status": "Status", "in": "Input", "out": "Output"}
_TIERS = {
    "name": "Tier",
    "queue": "Queue limit",
    "rpm": "Calls a minute",
    "cap": "Monthly spend",
}


def catalogue() -> str:
    """The facts as text for people."""
    lines = (
        f"Checked on {facts.checked_on()}. Prices in US$ for a million tokens in a batch.",
        "",
        *table(_MODELS, list(_models())),
        "",
        *table(_TIERS, list(_tiers())),
        "",
        *(f"{fact.key}: {fact.statement} [{fact.source}, {fact.date}]" for fact in facts.limits()),
    )
    return "\n".join(lines)


def catalogue_json() -> str:
    """The facts as JSON text; decimals are strings."""
    document = {
        "checked_on": facts.checked_on(),
        "models": [dataclasses.asdict(model) for model in facts.models()],
        "limits": [dataclasses.asdict(fact) for fact in facts.limits()],
        "tiers": [dataclasses.asdict(tier) for tier in facts.tiers()],
        "durations": [dataclasses.asdict(row) for row in facts.observations()],
        "writing": [dataclasses.asdict(row) for row in facts.writing()],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, default=_decimal)


def _models() -> Iterator[dict[str, str]]:
    for model in facts.models():
        yield {
            "name": model.name,
            "id": model.id,
            "status": model.status,
            "in": price(model.batch.input),
            "out": price(model.batch.output),
        }


def _tiers() -> Iterator[dict[str, str]]:
    for tier in facts.tiers():
        yield {
            "name": tier.name,
            "queue": _known(tier.queue_requests),
            "rpm": _known(tier.batch_rpm),
            "cap": _known(tier.monthly_spend_usd, "$") if tier.spend_is_capped else "none",
        }


def _known(number: int | None, unit: str = "") -> str:
    return "not published" if number is None else f"{unit}{count(number)}"


def _decimal(value: Any) -> str:
    # json asks for whatever it cannot write itself; another type would be a mistake in the facts
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
