"""The rows of the lists: complete, in order, true to the plan."""

import json
import shlex
from typing import Any

import pytest
from hypothesis import given, settings

from planner.advice.caveat import Caveat
from planner.advice.caveats import caveats
from planner.plan import Plan, make_plan
from planner.programs import Program
from planner.scenario import Scenario, parse, replace, texts
from planner.show import rows
from planner.show.timeline import timeline_of
from tests.strategies import scenarios

TENS = {"requests_per_batch": 10_000, "concurrent": 1}
START = {"start_at": "2026-11-22T22:00+01:00"}


def plan_of(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario."""
    return make_plan(parse(groups))


def formula(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario whose times are known beforehand."""
    return plan_of(duration={"model": "formula"}, **groups)


# ---- caveats


def test_a_caveat() -> None:
    """Its words, and the link of its remedy."""
    caveat = Caveat(
        code="x", severity="warns", message="Mind.", fix={"retries.max": 1}, fix_label="Do"
    )
    assert rows.caveats(Scenario(), [caveat]) == [
        {
            "code": "x",
            "severity": "warns",
            "label": "Warning",
            "message": "Mind.",
            "fix_label": "Do",
            "fix_href": "#retries.max=1",
        }
    ]


@pytest.mark.parametrize(
    ("severity", "label"), [("blocks", "Blocks the run"), ("warns", "Warning"), ("notes", "Note")]
)
def test_a_caveat_without_remedy(severity: str, label: str) -> None:
    """It leads nowhere, and says how grave it is."""
    (row,) = rows.caveats(Scenario(), [Caveat(code="x", severity=severity, message="Mind.")])
    assert (row["label"], row["fix_href"], row["fix_label"]) == (label, "", "")


@given(scenarios(most_batches=5))
@settings(max_examples=20)
def test_a_remedy_is_a_link_to_the_mended_scenario(scenario: Scenario) -> None:
    """Its press opens the scenario with just that change."""
    every = caveats(make_plan(scenario))
    for row, caveat in zip(rows.caveats(scenario, every), every, strict=True):
        if caveat.fix:
            assert row["fix_href"].startswith("#")
            assert texts.read_query(row["fix_href"]) == replace(scenario, caveat.fix)
        else:
            assert row["fix_href"] == row["fix_label"] == ""


# ---- the queue


def test_the_queue() -> None:
    """A batch of the second in its row: its size, its limit, its times with the time of day."""
    plan = formula(workload={"requests": 25_000}, goal=START, batches=TENS)
    table = rows.batches(plan, timeline_of(plan, plan.forecast.p85))
    assert table[1] == {
        "name": "2",
        "round": "first",
        "requests": "10,000",
        "bytes": "13.8 MB",
        "limit": "count",
        "start": "19 min (22:19)",
        "wait": "19 min",
        "service": "19 min",
        "end": "38 min (22:38)",
        "latest": "38 min (22:38)",
        "open": "",
    }
    assert table[3]["round"] == "retry 1"


def test_folded_rows_can_be_unfolded() -> None:
    """They say which batches they hold."""
    plan = formula(workload={"requests": 1_000_000}, batches=TENS, retries={"transient_rate": 0})
    assert rows.batches(plan, timeline_of(plan, plan.forecast.p85))[0]["open"] == "1-3"


def test_times_without_a_start() -> None:
    """There is no time of day."""
    assert rows.when(plan_of(), 3600) == "1 h"
    assert rows.when(plan_of(goal=START), 3600) == "1 h (23:00)"


# ---- chances


def test_chances_rise() -> None:
    """The more certain, the later; each by the clock too."""
    plan = plan_of(goal=START)
    table = rows.chances(plan)
    assert [row["chance"] for row in table] == [
        "10 %", "25 %", "50 %", "75 %", "85 %", "90 %", "95 %", "99 %",
    ]  # fmt: skip
    assert [rows.when(plan, plan.forecast.done_by(chance)) for chance in (0.1, 0.85)] == [
        f"{table[place]['by']} ({table[place]['clock']})" for place in (0, 4)
    ]


# ---- cost


def test_cost_lines_end_with_the_total() -> None:
    """Tokens, price and sum of each kind; the last row is the sum of those above it."""
    assert rows.cost_lines(plan_of()) == [
        {"kind": "Input", "tokens": "5,000,000", "price": "$1.00", "amount": "$5.00"},
        {"kind": "Output", "tokens": "10,000,000", "price": "$5.00", "amount": "$50.00"},
        {"kind": "Total", "tokens": "", "price": "", "amount": "$55.00"},
    ]


# ---- results


def test_the_four_results() -> None:
    """All kinds of result that the provider has, each with what becomes of it."""
    plan = plan_of()
    assert [(row["kind"], row["note"]) for row in rows.results(plan, plan.forecast.p50)] == [
        ("Succeeded", "billed"),
        ("Errored", "not billed; transient ones are sent again"),
        ("Expired", "first round: in the run shown; not billed; sent again"),
        ("Canceled", "only if you cancel; not billed"),
    ]


def test_results_count_both_kinds_of_failure() -> None:
    """A tenth of 10,000 can never succeed and 1 % of the others fails for now: 1,090 at first."""
    plan = plan_of(retries={"permanent_rate": 0.1})
    table = rows.results(plan, plan.forecast.p85)
    assert [(row["first"], row["final"]) for row in table] == [
        ("8,910", "9,000"),
        ("1,090", "1,000"),
        ("0", "0"),
        ("0", "0"),
    ]


def one_by_one(seconds: float) -> dict[str, Any]:
    """Requests that are worked on one after the other, each so long."""
    return {
        "model": "formula",
        "parallel_requests": 1,
        "startup_s": 0,
        "seconds_per_request": seconds,
    }


def test_what_expires_without_retries_is_not_sent_again() -> None:
    """Half of the requests are undone after 24 h, for good: nobody promises to send them again."""
    plan = plan_of(
        workload={"requests": 1000},
        batches={"requests_per_batch": 1000},
        duration=one_by_one(172.8),
        retries={"max": 0, "transient_rate": 0},
    )
    assert rows.results(plan, plan.forecast.p85)[2] == {
        "kind": "Expired",
        "first": "500",
        "final": "500",
        "note": "first round: in the run shown; not billed",
    }


def test_results_without_retries() -> None:
    """What expires stays expired: of 400 the other 288 were worked on, and half of those failed."""
    plan = plan_of(
        workload={"requests": 400},
        batches={"requests_per_batch": 200},
        duration=one_by_one(600),
        retries={"max": 0, "transient_rate": 0.5},
    )
    table = rows.results(plan, plan.forecast.p85)
    assert [row["first"] for row in table] == [row["final"] for row in table]
    assert [row["final"] for row in table] == ["144", "144", "112", "0"]


def test_what_expires_in_the_last_round_is_lost() -> None:
    """250 are done in a day: of 1,000 three quarters expire, and of those two thirds in the end."""
    plan = plan_of(
        workload={"requests": 1000},
        batches={"requests_per_batch": 1000},
        duration=one_by_one(345.6),
        retries={"max": 1, "transient_rate": 0},
    )
    expired = rows.results(plan, plan.forecast.p85)[2]
    assert (expired["first"], expired["final"]) == ("750", "500")


def test_results_add_up_where_some_fail_and_some_expire() -> None:
    """Half expire; of the others a tenth can never succeed, which no expiry changes."""
    plan = plan_of(
        workload={"requests": 1000},
        batches={"requests_per_batch": 1000},
        duration=one_by_one(172.8),
        retries={"max": 0, "transient_rate": 0, "permanent_rate": 0.1},
    )
    table = rows.results(plan, plan.forecast.p85)
    assert [row["first"] for row in table] == ["450", "50", "500", "0"]
    assert sum(int(row["final"]) for row in table) == 1000


# ---- programs, and what is not counted


def programs_of(about: str) -> dict[str, dict[str, str]]:
    """The rows of all texts by key."""
    files = [
        ("python", "python", "python", "run_batches.py"),
        ("javascript", "javascript", "javascript", "run_batches.mjs"),
        ("dbos", "dbos", "python", "run_batches_dbos.py"),
        ("airflow", "dag", "python", "run_batches_dag.py"),
        ("airflow", "airflow", "python", "run_batches_airflow.py"),
        ("jsonl", "jsonl", "jsonl", "requests.jsonl"),
    ]
    generated = [
        Program(edition=edition, key=key, language=language, name=name, text=f"text of {key}")
        for edition, key, language, name in files
    ]
    return {row["key"]: row for row in rows.programs(generated, about)}


def test_programs_of_an_engine() -> None:
    """They are put in their places, and keep the names by which the engine finds them."""
    named = programs_of("2M-sonnet-5-5")
    dag, module = named["dag"], named["airflow"]
    assert [dag["file"], module["file"]] == ["run_batches_dag.py", "run_batches_airflow.py"]
    assert dag["place"] == (
        'cp run_batches_airflow.py "$AIRFLOW_HOME/plugins/" && '
        'cp run_batches_dag.py "$AIRFLOW_HOME/dags/"'
    )
    assert not any(module[step] for step in ("install", "place", "check", "try", "run"))


def test_what_starts_a_dag_is_read_by_a_shell() -> None:
    """With the folder's own address, as JSON of the two places that a run of the DAG has."""
    dag = programs_of("")["dag"]
    three, _, start = dag["try"].partition(" && ")
    assert three == "head -n 3 requests.jsonl > three.jsonl"
    check, *others = (
        shlex.split(command.replace("$PWD", "/me")) for command in (dag["check"], start, dag["run"])
    )
    assert check[:-1] == ["airflow", "tasks", "test", "run_batches", "cut_1", "-t"]
    assert json.loads(check[-1]) == {"input": "/me/requests.jsonl", "out": "/me/check"}
    for words, name in zip(others, ("three", "requests"), strict=True):
        assert words[:-1] == ["airflow", "dags", "trigger", "run_batches", "-c"]
        assert json.loads(words[-1]) == {"input": f"/me/{name}.jsonl", "out": "/me/run"}


def test_programs() -> None:
    """Each with the commands of its language, which have its file's name; a sample has none."""
    named = programs_of("2M-sonnet-5-5")
    assert named["python"] == {
        "edition": "python",
        "key": "python",
        "language": "python",
        "name": "run_batches.py",
        "file": "batch-2M-sonnet-5-5.py",
        "text": "text of python",
        "install": 'pip install "anthropic>=2.5,<3"',
        "place": "",
        "check": "python batch-2M-sonnet-5-5.py requests.jsonl --check",
        "try": "head -n 3 requests.jsonl > three.jsonl && "
        "python batch-2M-sonnet-5-5.py three.jsonl --out three",
        "run": "python batch-2M-sonnet-5-5.py requests.jsonl --out run",
    }
    assert named["javascript"]["install"] == "npm install @anthropic-ai/sdk@1"
    assert named["javascript"]["check"] == "node batch-2M-sonnet-5-5.mjs requests.jsonl --check"
    assert named["dbos"]["run"] == "python batch-dbos-2M-sonnet-5-5.py requests.jsonl --out run"
    assert named["jsonl"]["file"] == "requests-2M-sonnet-5-5.jsonl"
    assert named["jsonl"]["install"] == named["jsonl"]["run"] == ""


def test_programs_in_a_folder_of_their_own() -> None:
    """Their names are those of the contract, and the commands have them."""
    unnamed = programs_of("")
    assert [row["file"] for row in unnamed.values()] == [row["name"] for row in unnamed.values()]
    assert unnamed["python"]["run"] == "python run_batches.py requests.jsonl --out run"
    assert unnamed["javascript"]["run"] == "node run_batches.mjs requests.jsonl --out run"


def test_what_is_not_counted() -> None:
    """Each is a sentence of its own."""
    assert [row["text"].split(" ")[0] for row in rows.UNCOUNTED] == [
        "Server",
        "The",
        "Input",
        "Taxes,",
    ]
    assert all(set(row) == {"text"} and row["text"].endswith(".") for row in rows.UNCOUNTED)
