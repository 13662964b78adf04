"""Export a plan for programs: the JSON document of the command `plan --json`.

Money is a decimal string, exact to a hundredth of a cent; times are seconds.
"""

import json
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from planner import facts, scenario
from planner.advice.caveat import Caveat
from planner.advice.verdict import verdict
from planner.advice.ways import Way
from planner.model.cost import Line
from planner.model.split import Batch
from planner.plan import Plan
from planner.words import plain

# Programs read it: it grows when a name goes or means something else, not when a name is added.
FORMAT = 2

_HUNDREDTH_OF_A_CENT = Decimal("0.0001")


def export(plan: Plan, caveats: Sequence[Caveat], ways: Sequence[Way]) -> dict[str, Any]:
    """The whole plan as JSON values; the names are those of the contract."""
    batches = [_batch(batch) for batch in plan.batches + plan.retry_batches]
    return _document(plan, caveats, ways, batches)


def export_text(plan: Plan, caveats: Sequence[Caveat], ways: Sequence[Way]) -> str:
    """That document as JSON text, the same to the letter wherever it is made."""
    text = json.dumps(_document(plan, caveats, ways, []), ensure_ascii=False, indent=1)
    # by hand: json.dumps takes seconds for the 100,000 batches of the largest plans once it indents
    rows = ",\n".join(map(_batch_text, plan.batches + plan.retry_batches))
    return text.replace('"batches": []', f'"batches": [\n{rows}\n ]', 1)


def _document(
    plan: Plan,
    caveats: Sequence[Caveat],
    ways: Sequence[Way],
    batches: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "scenario": scenario.to_json(plan.scenario),
        "catalogue": {"checked_on": facts.checked_on()},
        "batches": batches,
        "time": _time(plan),
        "cost": _cost(plan),
        "requests": {
            "failed_first_round": plan.requests.failed_first_round,
            "retried": plan.requests.retried,
            "given_up": plan.requests.given_up,
            "answered": plan.requests.answered,
        },
        "answers": {"max_tokens": plan.answers.max_tokens, "share_cut": plan.answers.share_cut},
        "realtime": _realtime(plan),
        "caveats": [_caveat(caveat) for caveat in caveats],
        "verdict": _verdict(plan),
        "ways": [_way(way) for way in ways],
    }


def usd(amount: Decimal) -> str:
    """Dollars with two decimals, or up to four where there are fractions of a cent: '262.5025'."""
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


def _batch_text(batch: Batch) -> str:
    return (
        f'  {{\n   "number": {batch.number},\n   "requests": {batch.requests},\n'
        f'   "bytes": {batch.bytes},\n   "round": {batch.round},\n   "binding": "{batch.binding}"\n  }}'
    )


def _time(plan: Plan) -> dict[str, Any]:
    forecast = plan.forecast
    return {
        "p50_s": forecast.p50.makespan_s,
        "p85_s": forecast.p85.makespan_s,
        "p95_s": forecast.p95.makespan_s,
        "confidence_s": plan.confident_s,
        "deadline_probability": forecast.deadline_probability,
        "expiry_probability": forecast.expiry_probability,
        "replications": forecast.replications,
    }


def _cost(plan: Plan) -> dict[str, Any]:
    return {
        "batch_usd": usd(plan.cost.batch_usd),
        "realtime_usd": usd(plan.cost.realtime_usd),
        "saved_usd": usd(plan.cost.saved_usd),
        "lines": [_cost_line(cost_line) for cost_line in plan.cost.lines],
    }


def _cost_line(cost_line: Line) -> dict[str, Any]:
    return {
        "kind": cost_line.kind,
        "tokens": cost_line.tokens,
        "usd_per_mtok": plain(cost_line.usd_per_mtok),
        "usd": usd(cost_line.usd),
        **({"realtime": True} if cost_line.realtime else {}),
    }


def _realtime(plan: Plan) -> dict[str, Any] | None:
    if plan.realtime is None:
        return None
    return {"seconds": plan.realtime.seconds, "binding": plan.realtime.binding}


def _caveat(caveat: Caveat) -> dict[str, Any]:
    return {
        "code": caveat.code,
        "severity": caveat.severity,
        "message": caveat.message,
        "fix": caveat.fix,
        "fix_label": caveat.fix_label,
    }


def _verdict(plan: Plan) -> dict[str, bool | None]:
    judged = verdict(plan)
    return {"deadline": judged.deadline, "budget": judged.budget, "blocked": judged.blocked}


def _way(way: Way) -> dict[str, Any]:
    return {
        "change": way.change,
        "label": way.label,
        "p85_s": way.p85_s,
        "chance": way.chance,
        "usd": usd(way.usd),
        "meets": way.meets,
        "this": way.this,
        "realtime_share": way.realtime_share,
    }
