"""Write the rows of the page's lists: each row is a dict of cells, all of them texts.

A list is a `data-list` of the HTML, a cell a `data-cell` of its row.
"""

from collections.abc import Sequence
from decimal import Decimal

from planner.advice.caveat import Caveat
from planner.advice.ways import Way
from planner.model.simulate import Run
from planner.plan import Plan
from planner.programs import Program
from planner.scenario import Scenario
from planner.show.links import link
from planner.show.timeline import Row, Timeline
from planner.words import KINDS, clock, count, duration, money, price, share, share_below, size

Cells = dict[str, str]

_SEVERITY = {"blocks": "Blocks the run", "warns": "Warning", "notes": "Note"}
_CHANCES = (0.1, 0.25, 0.5, 0.75, 0.85, 0.9, 0.95, 0.99)
_MARKS = {True: "✓", False: "○"}
_RATE_LIMIT = {"rpm": "requests", "itpm": "input tokens", "otpm": "output tokens"}
_SAME_TIME_S = 30  # forecasts that differ by less are alike
_START = {
    "run_batches.py": "python run_batches.py",
    "run_batches.mjs": "node run_batches.mjs",
    "run_batches_dbos.py": "python run_batches_dbos.py",
}
_INSTALL = {
    "run_batches.py": 'pip install "anthropic>=2,<3"',
    "run_batches.mjs": "npm install @anthropic-ai/sdk@1",
    "run_batches_dbos.py": 'pip install "anthropic>=2.5,<3" "dbos>=3.4,<4"',
    "run_batches_dag.py": 'pip install "apache-airflow>=3.3" "anthropic>=2.5,<3"',
}
_PLACE = {
    "run_batches_dag.py": 'cp run_batches_dag.py "$AIRFLOW_HOME/dags/"',
    "run_batches_airflow.py": 'cp run_batches_airflow.py "$AIRFLOW_HOME/plugins/"',
}
UNCOUNTED: tuple[Cells, ...] = (
    {
        "text": "Server tools: web search is charged for each search, without the batch discount; "
        "code execution by the hour."
    },
    {"text": "The time to upload batches and to download results."},
    {"text": "Input tokens that tool definitions add to each request, unless you count them in."},
    {"text": "Taxes, and discounts of a contract."},
)


def caveats(scenario: Scenario, every: Sequence[Caveat]) -> list[Cells]:
    """Caveats of the scenario's plan, each with the link of its remedy: code severity label
    message fix_label fix_href."""
    return [
        {
            "code": caveat.code,
            "severity": caveat.severity,
            "label": _SEVERITY[caveat.severity],
            "message": caveat.message,
            "fix_label": caveat.fix_label,
            "fix_href": link(scenario, caveat.fix) if caveat.fix else "",
        }
        for caveat in every
    ]


def batches(plan: Plan, timeline: Timeline) -> list[Cells]:
    """The table of the queue: name round requests bytes limit start wait service end latest
    open."""
    return [_batch(plan, row) for row in timeline.rows]


def _batch(plan: Plan, row: Row) -> Cells:
    return {
        "name": row.name,
        "round": f"retry {row.round}" if row.round else "first",
        "requests": count(row.requests),
        "bytes": size(row.bytes),
        "limit": row.binding,
        "start": when(plan, row.submitted_s),
        "wait": duration(row.submitted_s - row.ready_s),
        "service": duration(row.ended_s - row.submitted_s),
        "end": when(plan, row.ended_s),
        "latest": when(plan, row.latest_s),
        "open": f"{row.first}-{row.last}" if row.folded else "",
    }


def when(plan: Plan, seconds: float) -> str:
    """A time of the run in words, with the time of day where the run has a start."""
    at = clock(plan.start, seconds)
    return f"{duration(seconds)} ({at})" if at else duration(seconds)


def chances(plan: Plan) -> list[Cells]:
    """By when the run is done, how surely: chance by clock."""
    rows = []
    for chance in _CHANCES:
        seconds = plan.forecast.done_by(chance)
        rows.append(
            {
                "chance": share(chance),
                "by": duration(seconds),
                "clock": clock(plan.start, seconds),
            }
        )
    return rows


def cost_lines(plan: Plan) -> list[Cells]:
    """What is paid for each kind of token, and the total: kind tokens price amount."""
    lines = [
        {
            "kind": KINDS[cost_line.kind] + (" in real time" if cost_line.realtime else ""),
            "tokens": count(cost_line.tokens),
            "price": price(cost_line.usd_per_mtok),
            "amount": money(cost_line.usd),
        }
        for cost_line in plan.cost.lines
    ]
    total = money(plan.cost.batch_usd)
    return [*lines, {"kind": "Total", "tokens": "", "price": "", "amount": total}]


def results(plan: Plan, run: Run) -> list[Cells]:
    """All kinds of result that the provider has, after the first round of a run, and in the end as
    expected: kind first final note. Each column adds up to all its requests."""
    sent, requests = plan.rounds[0].sent, plan.requests
    expired = sum(record.expired for record in run.records if record.round == 0)
    # only what was worked on can fail
    failed = int(requests.failed_first_round * (sent - expired) / sent + 0.5)
    errored = min(requests.given_up, _given_up_by_rates(plan))
    again = "; sent again" if plan.scenario.retries.max else ""
    return [
        _result("Succeeded", sent - expired - failed, requests.answered, "billed"),
        _result("Errored", failed, errored, "not billed; transient ones are sent again"),
        _result(
            "Expired",
            expired,
            requests.given_up - errored,
            f"first round: in the run shown; not billed{again}",
        ),
        _result("Canceled", 0, 0, "only if you cancel; not billed"),
    ]


def _given_up_by_rates(plan: Plan) -> int:
    """The requests that are given up although none expires, in batches and in real time."""
    first, last, requests = plan.rounds[0], plan.rounds[-1], plan.requests
    hopeless_in_real_time = plan.scenario.workload.requests - first.sent - requests.realtime
    return first.failed_permanent + last.failed_transient + hopeless_in_real_time


def _result(kind: str, first: int, final: int, note: str) -> Cells:
    return {"kind": kind, "first": count(first), "final": count(final), "note": note}


def ways(plan: Plan, every: Sequence[Way]) -> list[Cells]:
    """The ways to send the workload: state mark label chance time cost difference note href.

    A way without a plan of its own, all in real time, has no href; this plan has none either.
    """
    this = next(way for way in every if way.this)
    return [_way(plan, way, this) for way in every]


def _way(plan: Plan, way: Way, this: Way) -> Cells:
    at_best = way.realtime_share == 1
    later = _later(way.confident_s - this.confident_s)
    return {
        "state": "this" if way.this else "meets" if way.meets else "misses",
        "mark": _MARKS[way.meets],
        "label": way.label,
        "chance": _chance(plan, way),
        "time": when(plan, way.confident_s) + (" at best" if at_best else ""),
        "cost": money(way.usd),
        "difference": "this plan" if way.this else f"{later}, {_dearer(way.usd - this.usd)}",
        "note": _note(plan, way),
        "href": "" if way.this or at_best else link(plan.scenario, way.change),
    }


def _chance(plan: Plan, way: Way) -> str:
    """The chance of the deadline, '' where there is none."""
    if way.chance is None:
        return ""
    if way.realtime_share == 1:
        return "yes, at best" if way.in_time else "no"
    if not way.in_time:
        return share_below(way.chance, plan.scenario.goal.confidence)
    return share(way.chance)


def _note(plan: Plan, way: Way) -> str:
    """What a way misses, and which rate limit binds it."""
    goal, notes, left = plan.scenario.goal, [], plan.account.spend_left_usd
    if left is not None and way.usd > left:
        notes.append("over the monthly limit")
    elif way.blocked:
        notes.append("cannot run like this")
    if not way.in_time:
        notes.append("late")
    if not way.in_budget:
        notes.append(f"{money(way.usd - goal.budget_usd)} over the budget")
    if way.binding:
        notes.append(
            f"bound by {_RATE_LIMIT[way.binding]} a minute of tier {plan.account.tier.name}"
        )
    return "; ".join(notes)


def _later(seconds: float) -> str:
    if abs(seconds) < _SAME_TIME_S:
        return "same time"
    return f"{duration(abs(seconds))} {'later' if seconds > 0 else 'sooner'}"


def _dearer(usd: Decimal) -> str:
    if usd == 0:
        return "same cost"
    return f"{money(abs(usd))} {'more' if usd > 0 else 'less'}"


def programs(generated: Sequence[Program]) -> list[Cells]:
    """The generated texts with their commands: language name text install check try run; language
    is python, javascript or jsonl, and the last has no commands."""
    return [
        {
            "language": program.language,
            "name": program.name,
            "text": program.text,
            **_commands(program.name),
        }
        for program in generated
    ]


def _commands(name: str) -> Cells:
    """What installs the program, checks the file, tries three of its lines, and runs it."""
    if name not in _START:
        commands = dict.fromkeys(("install", "check", "try", "run"), "")
        return commands | {"install": _INSTALL.get(name, ""), "run": _PLACE.get(name, "")}
    start = _START[name]
    return {
        "install": _INSTALL[name],
        "check": f"{start} requests.jsonl --check",
        "try": f"head -n 3 requests.jsonl > three.jsonl && {start} three.jsonl --out three",
        "run": f"{start} requests.jsonl --out run",
    }
