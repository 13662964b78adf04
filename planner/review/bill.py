"""Price what `usage` of an answer reports, in exact dollars."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from planner import facts
from planner.measure.results import tokens_in

_DATE = re.compile(r"-20[0-9]{6}$")
_MILLION = Decimal(1_000_000)


def usd_of(message: Mapping[str, Any]) -> Decimal | None:
    """What one answer cost at batch prices; None where no price of its model is known.

    Web searches have no batch price (fact web_search_usd_per_1000).
    """
    model = _model_of(message.get("model"))
    usage = message.get("usage")
    if model is None or not isinstance(usage, Mapping):
        return None
    read = tokens_in(usage, "cache_read_input_tokens")
    written = tokens_in(usage, "cache_creation_input_tokens")
    kinds = usage.get("cache_creation")
    hour = tokens_in(kinds, "ephemeral_1h_input_tokens") if isinstance(kinds, Mapping) else 0
    hour = min(hour, written)
    plain = tokens_in(usage, "input_tokens")
    long_prompt = model.long_batch and plain + read + written > (model.long_prompt_tokens or 0)
    prices = model.long_batch if long_prompt and model.long_batch else model.batch
    usd = (
        plain * prices.input
        + tokens_in(usage, "output_tokens") * prices.output
        + (written - hour) * prices.cache_write_5m
        + hour * prices.cache_write_1h
        + read * prices.cache_read
    ) / _MILLION
    if usage.get("inference_geo") == "us" and model.us_multiplier:
        usd *= model.us_multiplier
    tools = usage.get("server_tool_use")
    searches = tokens_in(tools, "web_search_requests") if isinstance(tools, Mapping) else 0
    return usd + searches * Decimal(facts.limit("web_search_usd_per_1000").value) / 1000


def _model_of(name: object) -> facts.Model | None:
    """The model that an answer names, dated or not."""
    for each in (name, _DATE.sub("", name)) if isinstance(name, str) else ():
        try:
            return facts.model(each)
        except KeyError:
            continue
    return None
