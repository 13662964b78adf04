"""The facts that the planner stands on: models and prices, limits, and observed batch durations.

Every number stands in a JSON file beside this module, with its source and its date; here it is only
read. A file is read on the first question about it and never again. All results are frozen, money
and ratios are exact `Decimal`.
"""

import json
import pkgutil
from decimal import Decimal
from functools import cache
from typing import Any

from planner.facts.rows import Fact, GuideRow, Model, Observation, Prices, Rates, Tier

__all__ = [
    "Fact",
    "GuideRow",
    "Model",
    "Observation",
    "Prices",
    "Rates",
    "Tier",
    "batch_byte_limit",
    "checked_on",
    "guide",
    "limit",
    "limits",
    "model",
    "models",
    "observations",
    "realtime_rates",
    "successor",
    "tier",
    "tiers",
]

Row = dict[str, Any]  # an object of a data file


@cache
def models() -> tuple[Model, ...]:
    """Every model, the newest first."""
    file = _read("models.json")
    return tuple(_model(row, file["sources"]) for row in file["models"])


def model(name: str) -> Model:
    """The model with this id or alias. KeyError if there is none."""
    return _models_by_name()[name]


def successor(model: Model) -> Model:
    """The model to use instead: the newest active one of the family, or the model itself if it is
    active.

    A model of limited access is named only in place of another one of limited access.
    """
    if model.status == "active":
        return model
    for candidate in models():
        open_to_all = model.limited_access or not candidate.limited_access
        if candidate.family == model.family and candidate.status == "active" and open_to_all:
            return candidate
    raise LookupError(f"no active model of the family {model.family}")


def limit(key: str) -> Fact:
    """The fact with this key. KeyError if there is none."""
    return _facts()[key]


def limits() -> tuple[Fact, ...]:
    """Every fact, in the order of the data file."""
    return tuple(_facts().values())


def batch_byte_limit() -> int:
    """The most bytes that we let the body of a batch have: the provider's limit less our margin."""
    limit, margin = (
        Decimal(_facts()[key].value) for key in ("batch_max_bytes", "batch_byte_margin")
    )
    return int(limit - limit * margin)


def tier(key: str) -> Tier:
    """The tier "evaluation", "start", "build", "scale" or "custom". KeyError for another key."""
    return _tiers()[key]


def tiers() -> tuple[Tier, ...]:
    """Every usage tier, the smallest first."""
    return tuple(_tiers().values())


def realtime_rates(tier_key: str, pool: str | None) -> Rates | None:
    """Limits of the real-time API for a `Model.rate_limit_pool`. None where they are not published.

    KeyError for a tier that does not exist.
    """
    tier(tier_key)
    return _realtime().get((tier_key, pool))


@cache
def guide() -> tuple[GuideRow, ...]:
    """The original planner's table of durations. No source supports it; `limit("original_guide")`
    says more.
    """
    return tuple(GuideRow(**row) for row in _read("limits.json")["guide"])


@cache
def observations() -> tuple[Observation, ...]:
    """Every public duration of a finished or still running batch of this provider."""
    return tuple(_observation(row) for row in _read("durations.json")["observations"])


def checked_on() -> str:
    """The day on which the model catalogue was last checked, as an ISO date."""
    return str(_read("models.json")["checked_on"])


@cache
def _read(name: str) -> Row:
    data = pkgutil.get_data(__name__, name)  # not a path: in the browser the package is a zip
    if data is None:
        raise FileNotFoundError(f"planner/facts/{name}")
    try:
        file: Row = json.loads(data, parse_float=Decimal)
    except ValueError as error:
        raise ValueError(f"planner/facts/{name}: {error}") from None
    return file


def _model(row: Row, sources: Row) -> Model:
    usd = row["usd_per_mtok"]
    long_prompt = row["long_prompt"] or {}
    long_usd = long_prompt.get("usd_per_mtok")
    rest = {
        name: value for name, value in row.items() if name not in ("usd_per_mtok", "long_prompt")
    }
    return Model(
        **rest
        | {
            "aliases": tuple(row["aliases"]),
            "sources": tuple(sources[key]["text"] for key in row["sources"]),
            "standard": _prices(usd["standard"]),
            "batch": _prices(usd["batch"]),
            "long_prompt_tokens": long_prompt.get("above_tokens"),
            "long_standard": _prices(long_usd["standard"]) if long_usd else None,
            "long_batch": _prices(long_usd["batch"]) if long_usd else None,
        }
    )


def _prices(row: Row) -> Prices:
    return Prices(
        **{kind: Decimal(usd) for kind, usd in row.items()}
    )  # whole dollars stand as integers


@cache
def _models_by_name() -> dict[str, Model]:
    return {name: model for model in models() for name in (model.id, *model.aliases)}


@cache
def _facts() -> dict[str, Fact]:
    file = _read("limits.json")
    return {row["key"]: Fact(**_sourced(row, file["sources"])) for row in file["facts"]}


@cache
def _tiers() -> dict[str, Tier]:
    file = _read("limits.json")
    return {row["key"]: Tier(**_sourced(row, file["sources"])) for row in file["tiers"]}


@cache
def _realtime() -> dict[tuple[str, str | None], Rates]:
    file = _read("limits.json")
    rates = {}
    for row in file["realtime"]:
        limits = _sourced(row, file["sources"])
        key = limits.pop("tier"), limits.pop("pool")
        rates[key] = Rates(**limits)
    return rates


def _sourced(row: Row, sources: Row) -> Row:
    """A copy of the row that has the text of its sources instead of their keys, and the date of the
    newest.
    """
    cited = [sources[key] for key in row["sources"]]
    rest = {name: value for name, value in row.items() if name != "sources"}
    return rest | {
        "source": "; ".join(s["text"] for s in cited),
        "date": max(s["date"] for s in cited),
    }


def _observation(row: Row) -> Observation:
    seconds = {name: float(row[name]) for name in ("seconds_low", "seconds_high")}
    return Observation(**row | seconds)
