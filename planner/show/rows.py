"""Write the rows of the page's lists: each row is a dict of cells, all of them texts.

A list is a `data-list` of the HTML, a cell a `data-cell` of its row.
"""

from collections.abc import Sequence

from planner.advice.caveat import Caveat
from planner.model.simulate import Run
from planner.plan import Plan
from planner.programs import Program
from planner.scenario import Scenario
from planner.show.links import link
from planner.show.timeline import Row, Timeline
from planner.words import KINDS, clock, count, duration, money, price, share, size

Cells = dict[str, str]

_SEVERITY = {"blocks": "Blocks the run", "warns": "Warning", "notes": "Note"}
_CHANCES = (0.1, 0.25, 0.5, 0.75, 0.85, 0.9, 0.95, 0.99)
# By the key of a program: what installs all that it needs, and what starts it.
_INSTALL = {
    "python": 'pip install "anthropic>=2.5,<3"',
    "javascript": "npm install @anthropic-ai/sdk@1",
    "dbos": 'pip install "anthropic>=2.5,<3" "dbos>=3.4,<4"',
    "dag": 'pip install "apache-airflow>=3.3" "anthropic>=2.5,<3"',
}
_START = {"python": "python", "javascript": "node", "dbos": "python"}
_PLACE = (
    'cp run_batches_airflow.py "$AIRFLOW_HOME/plugins/" && '
    'cp run_batches_dag.py "$AIRFLOW_HOME/dags/"'
)
_STEMS = {"run_batches": "batch", "run_batches_dbos": "batch-dbos"}
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
    if not plan.scenario.retries.max:  # nothing that expired has another chance to fail
        errored = requests.given_up - min(requests.given_up, requests.expired)
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


def programs(generated: Sequence[Program], about: str = "") -> list[Cells]:
    """The generated texts with their commands: edition key language name file text, see `Program`;
    install place check try run, which stand with the first file of an edition, or are empty.

    `file` is the name under which a text is kept, which the commands have: it says what it is
    `about`, or, without, is the name itself.
    """
    rows = []
    for program in generated:
        stem, _, ending = program.name.rpartition(".")
        kept = not about or program.edition == "airflow"  # an engine finds it by its name
        file = program.name if kept else f"{_STEMS.get(stem, stem)}-{about}.{ending}"
        names = ("edition", "key", "language", "name", "text")
        row = {"file": file} | {name: getattr(program, name) for name in names}
        rows.append(row | _commands(program.key, file))
    return rows


def _commands(key: str, file: str) -> Cells:
    """What installs the program, puts it in its place, checks the file, tries three of its lines,
    and runs it.
    """
    cells = dict.fromkeys(("place", "check", "try", "run"), "")
    three = "head -n 3 requests.jsonl > three.jsonl && "
    if key in _START:
        start = f"{_START[key]} {file}"
        cells["check"] = f"{start} requests.jsonl --check"
        cells["try"] = f"{three}{start} three.jsonl --out three"
        cells["run"] = f"{start} requests.jsonl --out run"
    if key == "dag":
        start = "airflow dags trigger run_batches -c"
        check = "airflow tasks test run_batches cut_1 -t"
        cells["place"] = _PLACE
        cells["check"] = f"{check} {_of_a_run('requests', 'check')}"
        cells["try"] = f"{three}{start} {_of_a_run('three', 'run')}"
        cells["run"] = f"{start} {_of_a_run('requests', 'run')}"
    return {"install": _INSTALL.get(key, "")} | cells


def _of_a_run(stem: str, out: str) -> str:
    """What a run of the DAG is told: a file of requests and a folder, both in this folder."""
    here = "'$PWD'"
    return f"""'{{"input": "{here}/{stem}.jsonl", "out": "{here}/{out}"}}'"""
