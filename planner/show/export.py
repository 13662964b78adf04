"""Export a plan for programs: the JSON document of `python -m planner plan --json`.

Money is a decimal string, exact to a hundredth of a cent; times are seconds.
"""

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from planner import advice, facts, scenario
from planner.advice import neighbours
from planner.model.cost import Line
from planner.model.split import Batch
from planner.plan import Plan
from planner.words import plain

# Programs read it: it grows when a name goes or means something else, not when a name is added.
FORMAT = 1

_HUNDREDTH_OF_A_CENT = Decimal("0.0001")


def export(plan: Plan) -> dict[str, Any]:
    """The whole plan as JSON values, its caveats and alternatives included; the names are those of the contract."""
    forecast = plan.forecast
    return {
        "format": FORMAT,
        "scenario": scenario.to_json(plan.scenario),
        "catalogue": {"checked_on": facts.checked_on()},
        "batches": [_batch(batch) for batch in plan.batches + plan.retry_batches],
        "time": {
            "p50_s": forecast.p50.makespan_s,
            "p85_s": forecast.p85.makespan_s,
            "p95_s": forecast.p95.makespan_s,
            "confidence_s": plan.confident_s,
            "deadline_probability": forecast.deadline_probability,
            "expiry_probability": forecast.expiry_probability,
            "replications": forecast.replications,
        },
        "cost": {
            "batch_usd": usd(plan.cost.batch_usd),
            "realtime_usd": usd(plan.cost.realtime_usd),
            "saved_usd": usd(plan.cost.saved_usd),
            "lines": [_line(line) for line in plan.cost.lines],
        },
        "requests": {
            "failed_first_round": plan.requests.failed_first_round,
            "retried": plan.requests.retried,
            "given_up": plan.requests.given_up,
            "answered": plan.requests.answered,
        },
        "answers": {"max_tokens": plan.answers.max_tokens, "share_cut": plan.answers.share_cut},
        "realtime": {"seconds": plan.realtime.seconds, "binding": plan.realtime.binding}
        if plan.realtime
        else None,
        "caveats": [
            {
                "code": caveat.code,
                "severity": caveat.severity,
                "message": caveat.message,
                "fix": caveat.fix,
            }
            for caveat in advice.caveats(plan)
        ],
        "alternatives": [
            {
                "change": alternative.change,
                "p85_s": alternative.plan.forecast.p85.makespan_s,
                "batch_usd": usd(alternative.plan.cost.batch_usd),
            }
            for alternative in neighbours.alternatives(plan)
        ],
    }


def export_text(plan: Plan) -> str:
    """The plan as JSON text, the same to the letter wherever it is made."""
    return json.dumps(export(plan), ensure_ascii=False, indent=1)


def usd(amount: Decimal) -> str:
    """Dollars with two decimals, or up to four where there are fractions of a cent: '55.00', '262.5025'."""
    whole, _, digits = f"{amount.quantize(_HUNDREDTH_OF_A_CENT, ROUND_HALF_UP):f}".partition(".")
    return f"{whole}.{digits.rstrip('0').ljust(2, '0')}"


def _batch(batch: Batch) -> dict[str, Any]:
    return {
        "number": batch.number,
        "requests": batch.requests,
        "bytes": batch.bytes,
        "round": batch.round,
        "binding": batch.binding,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "tokens": line.tokens,
        "usd_per_mtok": plain(line.usd_per_mtok),
        "usd": usd(line.usd),
    }
