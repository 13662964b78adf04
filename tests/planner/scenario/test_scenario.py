"""One door for all inputs: what it takes, what it refuses, and that it says everything at once."""

import dataclasses
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import facts, scenario
from planner.errors import Problem, ScenarioError
from planner.scenario import FIELDS, GROUPS, Field, Scenario, parse
from planner.scenario.kinds import INTEGER, MONEY, SHARE, SPAN
from tests.strategies import json_trees, scenarios

NUMBERS = [field for field in FIELDS if field.kind in (INTEGER, SHARE, SPAN, MONEY)]
EACH_NUMBER = pytest.mark.parametrize("field", NUMBERS, ids=lambda field: field.name)

# The contract's table: name, default, bounds or choices.
CONTRACT = """
workload.model               claude-sonnet-5-5
workload.requests            10000   1  10000000
workload.input_tokens        500     1  1000000
workload.output_tokens       1000    1  300000
workload.output_p95_tokens   0       0  300000
workload.max_tokens          0       0  300000
workload.bytes_per_request   0       0  256000000
workload.shared_prefix_tokens 0      0  1000000
batches.requests_per_batch   0       0  100000
batches.concurrent           0       0  100
batches.realtime_share       0       0  0.99
batches.poll_s               60      1  3600
retries.max                  3       0  10
retries.backoff              exponential  exponential,linear,fixed
retries.base_delay_s         60      0  86400
retries.transient_rate       0.01    0  0.9
retries.permanent_rate       0       0  1
duration.model               observed  observed,guide,formula,history
duration.seconds_per_request 5       0.1  600
duration.parallel_requests   50      1  100000
duration.startup_s           120     0  3600
duration.history             []
duration.shared_load         0.7     0  1
limits.tier                  start   evaluation,start,build,scale,custom
limits.queue_requests        0       0  100000000
limits.monthly_spend_usd     0       0  100000000
limits.spent_this_month_usd  0       0  100000000
caching.mode                 none    none,5m,1h
caching.prime                true
caching.hit_rate             0.7     0  1
pricing.geo                  global  global,us
pricing.bill_failed          false
goal.start_at                ""
goal.deadline_h              0       0  720
goal.deadline_at             ""
goal.budget_usd              0       0  100000000
goal.confidence              0.85    0.5  0.99
forecast.seed                1       0  4294967295
"""
ROWS = [line.split() for line in CONTRACT.strip().splitlines()]


def tree(name: str, value: Any) -> dict[str, dict[str, Any]]:
    """The JSON of one field."""
    group, _, key = name.partition(".")
    return {group: {key: value}}


def problems(raw: Any) -> tuple[Problem, ...]:
    """What is wrong with it."""
    with pytest.raises(ScenarioError) as caught:
        parse(raw)
    return caught.value.problems


def only_problem(raw: Any) -> Problem:
    """The one thing that is wrong with it."""
    (problem,) = problems(raw)
    return problem


# ---- the fields


def test_fields_are_those_of_the_contract() -> None:
    """Every name of the contract is a field, in its order, and there is no other."""
    assert [field.name for field in FIELDS] == [row[0] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_default_is_that_of_the_contract(row: list[str]) -> None:
    """A scenario file of {} has the contract's defaults."""
    group, _, key = row[0].partition(".")
    value = scenario.to_json(parse({}))[group][key]
    assert value == (row[1] if isinstance(value, str) and row[1] != '""' else json.loads(row[1]))


@pytest.mark.parametrize("row", [row for row in ROWS if len(row) == 4], ids=lambda row: row[0])
def test_bounds_are_those_of_the_contract(row: list[str]) -> None:
    """Both bounds of a number are allowed values, and they are the contract's."""
    field = scenario.field(row[0])
    assert (field.low, field.high) == (Decimal(row[2]), Decimal(row[3]))


@pytest.mark.parametrize("row", [row for row in ROWS if len(row) == 3], ids=lambda row: row[0])
def test_choices_are_those_of_the_contract(row: list[str]) -> None:
    """A choice has the contract's values and no other."""
    assert {value for value, _ in scenario.field(row[0]).choices} == set(row[2].split(","))


def test_model_choices_are_the_catalogue() -> None:
    """Every model can be chosen, by its id, newest first."""
    assert [value for value, _ in scenario.field("workload.model").choices] == [
        model.id for model in facts.models()
    ]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_has_a_label_of_its_own(field: Field) -> None:
    """A person can tell the questions apart."""
    assert field.label
    assert [other.name for other in FIELDS if other.label == field.label] == [field.name]


def test_every_field_belongs_to_a_group() -> None:
    """Groups and fields fit together, and a field is named after its group."""
    assert {field.group for field in FIELDS} == {group.key for group in GROUPS}
    assert all(field.name.startswith(field.group + ".") for field in FIELDS)


def test_unknown_field_is_a_key_error() -> None:
    """field() knows the fields and nothing else."""
    with pytest.raises(KeyError):
        scenario.field("workload.color")


@pytest.mark.parametrize("field", [f for f in FIELDS if f.slider], ids=lambda f: f.name)
def test_slider_rises_within_the_bounds(field: Field) -> None:
    """Every stop of a slider is an allowed value, and they rise."""
    assert list(field.slider) == sorted(set(field.slider))
    assert field.low <= field.slider[0] and field.slider[-1] <= field.high


def test_a_scenario_is_frozen() -> None:
    """Nobody changes a scenario under somebody's hands."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse({}).workload.requests = 1  # type: ignore[misc]


# ---- what is taken


def test_nothing_is_the_default() -> None:
    """An empty file is the default scenario."""
    assert parse({}) == Scenario()


@EACH_NUMBER
def test_bounds_are_allowed(field: Field) -> None:
    """Both bounds of a number are answers to its question."""
    assert float(field.check(field.low)) == float(field.low)
    assert float(field.check(field.high)) == float(field.high)


@pytest.mark.parametrize("name", ["claude-sonnet-4-0", "claude-sonnet-4-20250514"])
def test_an_alias_becomes_its_model(name: str) -> None:
    """The scenario holds the id, whichever name was given."""
    assert parse(tree("workload.model", name)).workload.model == "claude-sonnet-4-20250514"


@pytest.mark.parametrize("value", [10, 10.0, 1e1, Decimal(10), Decimal("1E+1"), Decimal("10.000")])
def test_a_whole_number_may_be_written_as_a_fraction(value: Any) -> None:
    """JSON has one kind of number: 10.0 is 10, and the scenario holds an int."""
    taken = parse(tree("workload.requests", value)).workload.requests
    assert (taken, type(taken)) == (10, int)


def test_money_is_exact() -> None:
    """A tenth of a dollar is a tenth, not the binary fraction next to it."""
    assert parse(tree("goal.budget_usd", 0.1)).goal.budget_usd == Decimal("0.1")


def test_money_keeps_a_hundredth_of_a_cent() -> None:
    """Finer than the contract's cent of a cent is rounded at the door, so that it comes back from a
    text.
    """
    assert parse(tree("goal.budget_usd", 1.23456)).goal.budget_usd == Decimal("1.2346")


@pytest.mark.parametrize("value", [-0.0, Decimal("-0")])
def test_there_is_no_minus_zero(value: Any) -> None:
    """Minus zero is zero, down to how it is written."""
    assert str(parse(tree("retries.base_delay_s", value)).retries.base_delay_s) == "0.0"


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("", ""),
        ("2026-11-22T22:00+01:00", "2026-11-22T22:00+01:00"),
        ("2026-11-22 22:00+01:00", "2026-11-22T22:00+01:00"),
        ("2026-11-22T22:00:00Z", "2026-11-22T22:00+00:00"),
        ("2026-11-22T22:00:30-08:00", "2026-11-22T22:00:30-08:00"),
    ],
)
def test_start(given_: str, kept: str) -> None:
    """A start with offset is kept in one spelling."""
    assert parse(tree("goal.start_at", given_)).goal.start_at == kept


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22",
        "2026-11-22T22:00",
        "22:00+01:00",
        "tomorrow",
        "2026-02-30T10:00Z",
        "2026-11-22T24:00+01:00",
        "20261122T2400+0100",
        "2026-11-22T25:00Z",
        "1999-01-01T00:00Z",
        "2101-01-01T00:00Z",
        "2026-11-22T22:00+25:00",
        "\ud800",
        "2026-11-22T22:00+01:00" + " " * 50,
        20261122,
        None,
        True,
    ],
)
def test_start_that_is_none(value: Any) -> None:
    """Without offset, without time, outside 2020 to 2100, or no time at all: one problem that shows
    an example.
    """
    problem = only_problem(tree("goal.start_at", value))
    assert problem.field == "goal.start_at"
    assert "2026-11-22T22:00+01:00" in problem.message


@pytest.mark.parametrize(
    "rows",
    [
        [[8150, 1200]],
        [(8150, 1200.0)],
        [{"requests": 8150, "seconds": 1200}],
        [[8150.0, Decimal(1200)]],
    ],
)
def test_history(rows: Any) -> None:
    """A row is a pair or an object of requests and seconds."""
    assert parse(tree("duration.history", rows)).duration.history == ((8150, 1200.0),)


@pytest.mark.parametrize("count", [0, 1, 10_000])
def test_history_of_so_many_rows(count: int) -> None:
    """None to ten thousand rows."""
    assert len(parse(tree("duration.history", [[1, 1]] * count)).duration.history) == count


# ---- what is refused, value by value

NO_NUMBERS: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "text of a number": "1",
    "empty text": "",
    "letters": "x",
    "list": [1],
    "empty list": [],
    "object": {},
    "NaN": float("nan"),
    "1e999": float("inf"),
    "-1e999": float("-inf"),
    "1e308": 1e308,
    "400 digits": 10**400,
    "-400 digits": -(10**400),
    "5,000 digits": 10**5000,
    "Decimal NaN": Decimal("NaN"),
    "signalling NaN": Decimal("sNaN"),
    "Decimal infinity": Decimal("Infinity"),
    "Decimal 1e9999": Decimal("1e9999"),
    "bytes": b"1",
    "complex": 1j,
}


@pytest.mark.parametrize("value", NO_NUMBERS.values(), ids=NO_NUMBERS)
@EACH_NUMBER
def test_no_number(field: Field, value: Any) -> None:
    """One problem, beside the field, with both bounds: true is not 1, "1" is not 1, and infinity is
    nothing.
    """
    problem = only_problem(tree(field.name, value))
    assert problem.field == field.name
    assert f"{field.low:,}" in problem.message
    assert f"{field.high:,}" in problem.message


@EACH_NUMBER
def test_just_out_of_bounds(field: Field) -> None:
    """The next value beyond a bound is refused with what is allowed."""
    step = 1 if field.kind is INTEGER else Decimal("0.0001")
    for value in (field.low - step, field.high + step):
        problem = only_problem(tree(field.name, float(value)))
        assert (problem.field, f"{field.high:,}" in problem.message) == (field.name, True)


@pytest.mark.parametrize("field", [f for f in FIELDS if f.kind is INTEGER], ids=lambda f: f.name)
def test_no_fraction(field: Field) -> None:
    """Half a request is refused, and the message says that the number must be whole."""
    problem = only_problem(tree(field.name, float(field.low) + 0.5))
    assert problem.field == field.name
    assert "whole number" in problem.message


@pytest.mark.parametrize("value", ["EXPONENTIAL", "", "none ", 1, None, True, [], ["fixed"], {}])
def test_no_choice(value: Any) -> None:
    """A choice is one of its values, exactly, and the message lists them."""
    assert "exponential, linear, fixed" in only_problem(tree("retries.backoff", value)).message


@pytest.mark.parametrize("value", [0, 1, "true", "false", None, [], 1.0])
def test_no_flag(value: Any) -> None:
    """A flag is true or false and nothing that looks like it."""
    assert "true or false" in only_problem(tree("caching.prime", value)).message


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("claude-sonet-5-5", "claude-sonnet-5-5"),
        ("claude-sonnet-5.5", "claude-sonnet-5-5"),
        ("Sonnet 5.5", "claude-sonnet-5-5"),
        ("Claude Haiku 4.5", "claude-haiku-4-5"),
    ],
)
def test_a_slip_in_the_name_of_a_model(typed: str, meant: str) -> None:
    """The nearest one is named."""
    problem = only_problem(tree("workload.model", typed))
    assert problem.message == f"“{typed}” is not in the catalogue. Did you mean {meant}?"


@pytest.mark.parametrize(
    "value",
    ["claude-sonnet-9", "", "CLAUDE-SONNET-5-5", "x" * 10_000, 5, None, ["claude-sonnet-5-5"]],
)
def test_no_model(value: Any) -> None:
    """The message names a model that exists, and stays short whatever was given."""
    problem = only_problem(tree("workload.model", value))
    assert any(model.id in problem.message for model in facts.models())
    assert len(problem.message) < 250


@pytest.mark.parametrize(
    "rows",
    [
        "8150:1200",
        8150,
        None,
        {"requests": 1, "seconds": 1},
        [8150, 1200],
        [[8150]],
        [[8150, 1200, 1]],
        [["8150", "1200"]],
        [[True, 1200]],
        [[8150, True]],
        [[0, 1200]],
        [[100_001, 1200]],
        [[1.5, 1200]],
        [[8150, 0]],
        [[8150, -1]],
        [[8150, 0.0004]],
        [[8150, 5e-324]],
        [[8150, 2_592_001]],
        [[8150, float("nan")]],
        [[float("inf"), 1]],
        [[10**400, 1]],
        [[1, 10**400]],
        [{"requests": 1}],
        [{"requests": 1, "seconds": 1, "model": "x"}],
        [None],
        [[1, 1]] * 10_001,
    ],
    ids=lambda rows: repr(rows)[:30],
)
def test_no_history(rows: Any) -> None:
    """A history that cannot be read is one problem beside the field."""
    assert only_problem(tree("duration.history", rows)).field == "duration.history"


def test_the_row_that_is_wrong_is_named() -> None:
    """Among thousands of rows one finds the wrong one."""
    assert "2" in only_problem(tree("duration.history", [[1, 1], [0, 1]])).message.split(":")[0]


# ---- what is refused, as a whole


@pytest.mark.parametrize("raw", [None, [], "workload", 5, True, [{}], [["workload", {}]]])
def test_no_object(raw: Any) -> None:
    """A scenario is an object; the problem is of the whole."""
    assert only_problem(raw).field == ""


def test_unknown_field_is_named_with_the_nearest() -> None:
    """A slip of the finger is answered with the field that was meant."""
    problem = only_problem({"workload": {"request": 5}})
    assert problem.field == "workload.request"
    assert "workload.requests" in problem.message


def test_unknown_group_is_named() -> None:
    """A group that does not exist is named, with those that do."""
    problem = only_problem({"work": {}})
    assert problem.field == "work"
    assert "workload" in problem.message


@pytest.mark.parametrize("inner", [None, 5, [], "x"])
def test_a_group_is_an_object(inner: Any) -> None:
    """A group that is no object is one problem that names it."""
    assert only_problem({"workload": inner}).field == "workload"


def test_a_dotted_key_is_no_path() -> None:
    """A file has nested objects; a dotted name at its top is an unknown group."""
    assert only_problem({"workload.requests": 5}).field == "workload.requests"


def test_a_long_name_is_cut() -> None:
    """A name of a megabyte is not repeated in full."""
    problem = only_problem({"x" * 1_000_000: 1})
    assert len(str(problem)) < 300


def test_everything_at_once_in_the_order_of_the_form() -> None:
    """Types, bounds, unknown names and rules between fields: all problems together, as the form
    asks them, unknown last.
    """
    found = problems(
        {
            "goal": {"budget_usd": -1, "confidence": 2},
            "nonsense": {},
            "retries": {"max": "3", "colour": 1},
            "workload": {
                "shared_prefix_tokens": 600,
                "requests": 0,
                "bytes_per_request": 256_000_000,
            },
        }
    )
    assert [problem.field for problem in found] == [
        "workload.requests",
        "workload.bytes_per_request",
        "workload.shared_prefix_tokens",
        "retries.max",
        "goal.budget_usd",
        "goal.confidence",
        "nonsense",
        "retries.colour",
    ]


# ---- rules between fields


def test_prefix_longer_than_the_prompt() -> None:
    """The prefix is part of the prompt; the message says how long it may be."""
    problem = only_problem({"workload": {"input_tokens": 500, "shared_prefix_tokens": 501}})
    assert problem.field == "workload.shared_prefix_tokens"
    assert "501" in problem.message and "500 or less" in problem.message


def test_prefix_as_long_as_the_prompt() -> None:
    """The whole prompt may be shared."""
    parse({"workload": {"input_tokens": 500, "shared_prefix_tokens": 500}})


def test_long_answers_shorter_than_the_mean() -> None:
    """When 95 % of the answers are at most so long, their mean is not longer."""
    problem = only_problem({"workload": {"output_tokens": 1000, "output_p95_tokens": 999}})
    assert problem.field == "workload.output_p95_tokens"


def test_long_answers_equal_to_the_mean() -> None:
    """All answers may have the same length."""
    parse({"workload": {"output_tokens": 1000, "output_p95_tokens": 1000}})


def test_answer_longer_than_the_model_gives() -> None:
    """A mean above the model's limit in a batch is a problem with that limit."""
    limit = facts.model("claude-haiku-4-5").batch_max_output_tokens
    parse({"workload": {"model": "claude-haiku-4-5", "output_tokens": limit}})
    problem = only_problem({"workload": {"model": "claude-haiku-4-5", "output_tokens": limit + 1}})
    assert problem.field == "workload.output_tokens"
    assert f"{limit:,}" in problem.message


def test_max_tokens_above_the_model() -> None:
    """The same for max_tokens."""
    limit = facts.model("claude-haiku-4-5").batch_max_output_tokens
    parse({"workload": {"model": "claude-haiku-4-5", "max_tokens": limit}})
    problem = only_problem({"workload": {"model": "claude-haiku-4-5", "max_tokens": limit + 1}})
    assert problem.field == "workload.max_tokens"
    assert f"{limit:,}" in problem.message


def test_max_tokens_below_the_mean_answer() -> None:
    """No answer is longer than max_tokens, so their mean is not either."""
    parse({"workload": {"output_tokens": 1000, "max_tokens": 1000}})
    problem = only_problem({"workload": {"output_tokens": 1000, "max_tokens": 999}})
    assert problem.field == "workload.max_tokens"
    assert "1,000" in problem.message


@pytest.mark.parametrize(
    "answer", [{"output_tokens": 2000}, {"output_tokens": 1, "max_tokens": 2000}]
)
def test_prompt_and_answer_beyond_the_context(answer: dict[str, int]) -> None:
    """Prompt plus answer, or plus max_tokens, must fit the context; the message says by how much
    they do not.
    """
    context = facts.model("claude-haiku-4-5").context_tokens
    work = {"model": "claude-haiku-4-5", **answer}
    parse({"workload": {**work, "input_tokens": context - 2000}})
    assert (
        only_problem({"workload": {**work, "input_tokens": context - 1999}}).field
        == "workload.input_tokens"
    )
    problem = only_problem({"workload": {**work, "input_tokens": context - 2000 + 7}})
    assert problem.field == "workload.input_tokens"
    assert "7" in problem.message and f"{context:,}" in problem.message


def test_a_request_larger_than_a_batch() -> None:
    """The largest request fills a batch alone, envelope and margin counted; one byte more is a
    problem with the limit.
    """
    largest = 256_000_000 * 95 // 100 - len('{"requests":[]}')
    parse(tree("workload.bytes_per_request", largest))
    problem = only_problem(tree("workload.bytes_per_request", largest + 1))
    assert problem.field == "workload.bytes_per_request"
    assert "256,000,000" in problem.message


def test_history_without_rows() -> None:
    """To judge by one's own batches takes at least one."""
    assert only_problem(tree("duration.model", "history")).field == "duration.history"


def test_a_rule_waits_for_its_fields() -> None:
    """What a rule compares must be right by itself first: one mistake is one problem."""
    assert (
        only_problem({"workload": {"input_tokens": -1, "shared_prefix_tokens": 600}}).field
        == "workload.input_tokens"
    )


# ---- laws


@given(scenarios())
def test_json_and_back(asked: Scenario) -> None:
    """A scenario survives its own JSON, through text, to the digit."""
    assert parse(json.loads(json.dumps(scenario.to_json(asked)))) == asked


@given(json_trees())
def test_anything_is_a_scenario_or_problems(raw: Any) -> None:
    """Whatever a file holds, parse returns a scenario or says what is wrong; nothing else happens."""
    try:
        taken = parse(raw)
    except ScenarioError as error:
        assert error.problems
        assert all(len(str(problem)) < 1000 for problem in error.problems)
    else:
        assert parse(scenario.to_json(taken)) == taken


@given(scenarios(), scenarios())
def test_changed_names_what_differs(before: Scenario, after: Scenario) -> None:
    """Replacing what `changed` names by the other's values makes the two equal."""
    names = scenario.changed(before, after)
    assert (
        scenario.replace(before, {name: scenario.value_of(after, name) for name in names}) == after
    )


@given(scenarios())
def test_nothing_changed(asked: Scenario) -> None:
    """A scenario does not differ from itself, and replacing nothing changes nothing."""
    assert scenario.changed(asked, asked) == ()
    assert scenario.replace(asked, {}) == asked


def test_replace_checks_again() -> None:
    """A change that breaks a rule is refused as at the door."""
    with pytest.raises(ScenarioError):
        scenario.replace(Scenario(), {"workload.shared_prefix_tokens": 501})


@given(st.sampled_from(NUMBERS), st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_within_its_bounds_or_a_problem(field: Field, value: float) -> None:
    """No float slips past the bounds of any field."""
    try:
        taken = parse(tree(field.name, value))
    except ScenarioError:
        return
    assert field.low <= Decimal(str(scenario.value_of(taken, field.name))) <= field.high
