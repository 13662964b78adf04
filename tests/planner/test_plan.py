"""Scenario in, plan out: worked examples, and what holds for every plan."""

import time
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner import facts
from planner.errors import ScenarioError
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse, replace
from tests.oracles import lognormal_quantile
from tests.strategies import scenarios


def plan(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario with some groups given."""
    return make_plan(parse(groups))


# ---- worked examples


@pytest.mark.parametrize("model", ["claude-sonnet-4-20250514", "claude-sonnet-4-0"])
@pytest.mark.parametrize(
    ("prompt", "batch", "real_time"), [(500, "82.50", "165"), (1000, "90", "180")]
)
def test_sonnet_4(model: str, prompt: int, batch: str, real_time: str) -> None:
    """The example of the original planner, with the sum that is right."""
    made = plan(
        workload={"model": model, "requests": 10_000, "input_tokens": prompt, "output_tokens": 1000}
    )
    assert (made.cost.batch_usd, made.cost.realtime_usd) == (Decimal(batch), Decimal(real_time))


def test_the_default() -> None:
    """10,000 requests to Sonnet 5.5: one batch, $55 instead of $110."""
    made = plan()
    assert [(batch.requests, batch.binding) for batch in made.batches] == [(10_000, "count")]
    assert (made.cost.batch_usd, made.cost.realtime_usd) == (55, 110)


def test_formula() -> None:
    """10,000 requests at 5 s, 50 at once, 120 s to start: 1,120 s in every run, and no chance of
    another time.
    """
    made = plan(
        duration={"model": "formula"},
        retries={"transient_rate": 0},
        batches={"requests_per_batch": 10_000},
    )
    assert set(made.forecast.makespans_s) == {1120.0}
    assert made.confident_s == 1120.0


def test_formula_in_four_batches() -> None:
    """Four batches of 2,500 one after the other: 370 s each, noticed after 420 s."""
    made = plan(
        duration={"model": "formula"},
        retries={"transient_rate": 0},
        batches={"requests_per_batch": 2500, "concurrent": 1},
    )
    assert set(made.forecast.makespans_s) == {3 * 420.0 + 370.0}


def test_formula_with_a_retry_round() -> None:
    """1,120 s, noticed at 1,140; a minute of backoff; 100 requests take 130 s: 1,330 s."""
    made = plan(
        workload={"requests": 10_000},
        batches={"requests_per_batch": 10_000},
        duration={"model": "formula"},
        retries={"transient_rate": 0.01, "max": 1},
    )
    assert made.forecast.p50.makespan_s == pytest.approx(1330, abs=10)


@pytest.mark.parametrize(("prompt", "usd"), [(100_000, "5.025"), (100_001, "25.12525")])
def test_haiku_5_5_at_the_long_prompt_limit(prompt: int, usd: str) -> None:
    """100,000 tokens is not a long prompt, 100,001 is."""
    made = plan(
        workload={
            "model": "claude-haiku-5-5",
            "requests": 1000,
            "input_tokens": prompt,
            "output_tokens": 100,
        },
        retries={"transient_rate": 0},
    )
    assert made.cost.batch_usd == Decimal(usd)


def test_us_residency() -> None:
    """$55 become $60.50."""
    assert plan(pricing={"geo": "us"}).cost.batch_usd == Decimal("60.5")


def test_cache() -> None:
    """1,000 requests with a shared prefix of 5,000: the first writes, 70 % of the 999 others read,
    the rest write.
    """
    made = plan(
        workload={
            "requests": 1000,
            "input_tokens": 6000,
            "output_tokens": 250,
            "shared_prefix_tokens": 5000,
        },
        caching={"mode": "1h", "hit_rate": 0.7},
        retries={"transient_rate": 0},
    )
    assert (made.caches, made.primes, made.cache_reads) == (True, True, 699)
    assert [batch.requests for batch in made.batches] == [1, 999]
    assert made.cost.batch_usd == Decimal("5.43475")


def test_cache_without_priming() -> None:
    """Without a primer there is one batch; the reads are those that the hit rate says."""
    made = plan(
        workload={"requests": 1000, "input_tokens": 6000, "shared_prefix_tokens": 5000},
        caching={"mode": "1h", "prime": False},
    )
    assert (made.primes, [batch.requests for batch in made.batches]) == (False, [1000])


@pytest.mark.parametrize(("prefix", "caches"), [(511, False), (512, True)])
def test_a_short_prefix_is_silently_not_cached(prefix: int, caches: bool) -> None:
    """Below the model's minimum nothing is written and nothing read, and the price is that of plain
    input.
    """
    made = plan(
        workload={"input_tokens": 1000, "shared_prefix_tokens": prefix}, caching={"mode": "1h"}
    )
    assert made.caches is caches
    assert {line.kind for line in made.cost.lines} == {"input", "output"} | (
        {"cache_write", "cache_read"} if caches else set()
    )


def test_one_request_is_not_primed() -> None:
    """There is nobody to read what it would write."""
    made = plan(
        workload={"requests": 1, "input_tokens": 1000, "shared_prefix_tokens": 1000},
        caching={"mode": "1h"},
    )
    assert (made.primes, made.cache_reads, len(made.batches)) == (False, 0, 1)


def test_failed_attempts_are_not_billed() -> None:
    """Retries cost nothing more: every answer is paid once."""
    assert (
        plan(retries={"transient_rate": 0.2, "max": 10}).cost.batch_usd
        == plan(retries={"transient_rate": 0}).cost.batch_usd
    )


def test_a_cautious_budget_bills_every_attempt() -> None:
    """10,000 requests, 100 of them again, 1 of them again: 10,101 attempts at $0.0055, for what
    expires costs nothing."""
    made = plan(pricing={"bill_failed": True})
    assert made.requests.expired > 0
    assert made.requests.attempts - made.requests.expired == 10_101
    assert made.cost.batch_usd == Decimal("55.5555")


def test_who_is_never_answered_is_not_billed() -> None:
    """A fifth can never succeed: four fifths of the price."""
    made = plan(retries={"permanent_rate": 0.2, "transient_rate": 0})
    assert (made.requests.given_up, made.requests.answered) == (2000, 8000)
    assert made.cost.batch_usd == 44


def test_requests() -> None:
    """1 % fails: 100 at first, 101 sent again in two rounds and what expires besides, none given
    up.
    """
    requests = plan().requests
    assert (
        requests.failed_first_round,
        requests.retried - requests.expired,
        requests.given_up,
        requests.answered,
    ) == (
        100,
        101,
        0,
        10_000,
    )


@pytest.mark.parametrize(
    ("requests", "limits", "binding"),
    [
        (5000, {"queue_requests": 6000}, ["count"]),
        (5000, {"queue_requests": 5000}, ["queue"]),
        (12_000, {"queue_requests": 5000}, ["queue"] * 3),
        (1000, {}, ["count"]),
        (1216, {}, ["bytes"] * 2),
    ],
)
def test_a_limit_that_cuts_nothing_is_not_named(
    requests: int, limits: dict[str, Any], binding: list[str]
) -> None:
    """A chosen batch that holds all is set by no limit, unless one request more would break it."""
    work = {"requests": requests, "bytes_per_request": 1000 if limits else 200_000}
    plan = make_plan(parse({"workload": work, "limits": limits}))
    assert [batch.binding for batch in plan.batches] == binding


def test_retry_batches_count_on() -> None:
    """Batches of retry rounds have the numbers after those of the first round."""
    made = plan(batches={"requests_per_batch": 4000})
    assert [(b.number, b.round, b.requests) for b in made.batches + made.retry_batches] == [
        (1, 0, 4000),
        (2, 0, 4000),
        (3, 0, 2000),
        (4, 1, 100),
        (5, 2, 1),
    ]


# ---- answers


def test_max_tokens_is_proposed() -> None:
    """Answers of 1,000 tokens on average, 95 % below 2,000: 99 % are below what is proposed,
    rounded to two digits.
    """
    answers = plan().answers
    wanted = 1000 * lognormal_quantile(2.0, 0.99)
    assert answers.proposed
    assert wanted <= answers.max_tokens <= wanted + 100
    assert answers.share_cut <= 0.01


def test_max_tokens_that_is_given_stays() -> None:
    """One's own limit is taken, and the share that it cuts off is said: 5 % at the 95 % quantile."""
    answers = plan(workload={"max_tokens": 2000}).answers
    assert (answers.max_tokens, answers.proposed) == (2000, False)
    assert answers.share_cut == pytest.approx(0.05, abs=1e-4)


# ---- real time


@pytest.mark.parametrize(
    ("work", "seconds", "binding"),
    [
        ({}, 1500.0, "otpm"),
        ({"output_tokens": 1}, 600.0, "rpm"),
        ({"input_tokens": 100_000, "output_tokens": 1}, 30_000.0, "itpm"),
    ],
)
def test_real_time(work: dict[str, Any], seconds: float, binding: str) -> None:
    """Tier Start allows 1,000 requests, 2 million tokens in and 400,000 out in a minute; the
    tightest binds.
    """
    found = plan(workload=work).realtime
    assert found is not None
    assert (found.seconds, found.binding) == (seconds, binding)


def test_real_time_is_not_guessed() -> None:
    """Where rates are not published there is no time."""
    assert plan(limits={"tier": "evaluation"}).realtime is None


# ---- scale


def test_ten_million_in_ten_thousand_batches(record_property: Any) -> None:
    """Ten million requests in batches of 1,000 can be planned; how long it took is recorded, not
    judged.
    """
    began = time.perf_counter()
    made = plan(
        workload={"requests": 10_000_000}, batches={"requests_per_batch": 1000, "concurrent": 10}
    )
    record_property("seconds", round(time.perf_counter() - began, 2))
    assert len(made.batches) == 10_000
    assert sum(batch.requests for batch in made.batches) == 10_000_000


def test_ten_million_in_batches_of_one() -> None:
    """That many batches are a problem beside the field that causes it, with a size that would do."""
    asked = parse({"workload": {"requests": 10_000_000}, "batches": {"requests_per_batch": 1}})
    with pytest.raises(ScenarioError, match="at least 500") as caught:
        make_plan(asked)
    assert [problem.field for problem in caught.value.problems] == ["batches.requests_per_batch"]


# ---- laws


@given(scenarios())
@settings(max_examples=60)
def test_every_plan_adds_up(asked: Scenario) -> None:
    """Requests, batches, bytes, cost, chances: whatever is asked, the parts of a plan fit together."""
    made = make_plan(asked)
    work = asked.workload
    in_batches = sum(batch.requests for batch in made.batches)
    assert in_batches == made.rounds[0].sent >= 1
    share = asked.batches.realtime_share
    assert abs(work.requests - in_batches - work.requests * share) <= max(0.5, in_batches == 1)
    assert max(batch.bytes for batch in made.batches) <= facts.batch_byte_limit()
    assert max(batch.requests for batch in made.batches) <= min(
        asked.batches.requests_per_batch or 100_000, made.account.queue_requests
    )
    everything = made.batches + made.retry_batches
    assert [batch.number for batch in everything] == list(range(1, len(everything) + 1))
    assert made.requests.answered + made.requests.given_up == work.requests
    assert made.requests.attempts == work.requests + made.requests.retried
    # what expires is sent again beside what fails, or given up
    expired_again = made.requests.retried - sum(batch.requests for batch in made.retry_batches)
    assert 0 <= expired_again <= made.requests.expired
    assert expired_again == made.requests.expired or made.requests.given_up
    assert expired_again == 0 or asked.retries.max
    assert made.cost.batch_usd + made.cost.saved_usd == made.cost.realtime_usd
    assert 0 <= made.cache_reads <= max(0, made.requests.attempts - 1)
    assert 0 <= made.answers.share_cut <= 1
    assert work.output_tokens <= made.answers.max_tokens <= made.model.batch_max_output_tokens
    assert work.input_tokens + made.answers.max_tokens <= made.model.context_tokens


@given(scenarios())
@settings(max_examples=40)
def test_every_forecast_is_in_order(asked: Scenario) -> None:
    """Quantiles rise, chances are chances, and runs are whole runs of this workload."""
    made = make_plan(asked)
    forecast = made.forecast
    assert 0 < forecast.p50.makespan_s <= forecast.p85.makespan_s <= forecast.p95.makespan_s
    assert all(one <= other for one, other in pairwise(forecast.makespans_s))
    assert 0 <= forecast.expiry_probability <= 1
    assert 0 <= forecast.mean_given_up <= asked.workload.requests
    assert (forecast.deadline_probability is None) == (asked.goal.deadline_s == 0)
    for run in (forecast.p50, forecast.p85, forecast.p95, forecast.confident):
        assert (
            sum(record.requests for record in run.records if record.round == 0)
            == made.rounds[0].sent
        )


@given(scenarios(most_batches=4))
@settings(max_examples=15)
def test_what_costs_does_not_change_the_time(asked: Scenario) -> None:
    """Price, goal's budget and answers do not touch the forecast."""
    other = replace(asked, {"pricing.geo": "us", "pricing.bill_failed": True, "goal.budget_usd": 1})
    assert make_plan(asked).forecast == make_plan(other).forecast


def test_the_same_plan_after_others() -> None:
    """A plan does not depend on what was planned before it."""
    first = plan(forecast={"seed": 5})
    for seed in range(100, 120):
        plan(workload={"requests": 50}, forecast={"seed": seed})
    assert plan(forecast={"seed": 5}).forecast == first.forecast


@given(scenarios(durations=("formula", "guide", "history"), most_batches=6), st.integers(1, 99))
@settings(max_examples=25)
def test_more_at_once_is_never_later(asked: Scenario, more: int) -> None:
    """Where a batch keeps its own pace, more of them at once make no quantile later by more than 3 %,
    but for the very slowest runs: a batch that is sent in another hour has that hour's luck."""
    assume(asked.batches.requests_per_batch and asked.batches.concurrent)
    assume(asked.batches.concurrent + more <= 100)
    wider = replace(asked, {"batches.concurrent": asked.batches.concurrent + more})
    narrow, wide = make_plan(asked).forecast.makespans_s, make_plan(wider).forecast.makespans_s
    most = len(narrow) * 49 // 50
    assert len(narrow) == len(wide)
    assert all(
        after <= before * 1.03 for before, after in zip(narrow[:most], wide[:most], strict=True)
    )


@given(scenarios(durations=("formula",), most_batches=6), st.integers(1, 100_000))
@settings(max_examples=25)
def test_a_longer_queue_is_never_later(asked: Scenario, more: int) -> None:
    """The same for the queue limit, as long as it does not make the batches themselves."""
    queue = make_plan(asked).account.queue_requests
    # a cut that is chosen follows the queue
    assume(queue >= asked.batches.requests_per_batch > 0 < asked.batches.concurrent)
    longer = replace(asked, {"limits.queue_requests": queue + more})
    short, long = make_plan(asked).forecast.makespans_s, make_plan(longer).forecast.makespans_s
    assert all(after <= before * (1 + 1e-12) for before, after in zip(short, long, strict=True))


def test_a_longer_queue_that_makes_other_batches_can_be_later() -> None:
    """100 requests at once: three batches of 100 take 3 turns, two of 150 take 4. The law above
    needs its condition.
    """
    times = [
        plan(
            workload={"requests": 300, "output_tokens": 1},
            batches={"poll_s": 5, "requests_per_batch": 10_000, "concurrent": 1},
            retries={"transient_rate": 0},
            duration={"model": "formula", "parallel_requests": 100, "startup_s": 0},
            limits={"queue_requests": queue},
        ).forecast.p50.makespan_s
        for queue in (100, 150)
    ]
    assert times == [15.0, 20.0]


@given(scenarios(most_batches=4), st.integers(1, 10))
@settings(max_examples=25)
def test_more_retries_never_answer_fewer(asked: Scenario, more: int) -> None:
    """A retry more never lowers the number of answers."""
    assume(asked.retries.max + more <= 10)
    better = replace(asked, {"retries.max": asked.retries.max + more})
    assert make_plan(better).requests.answered >= make_plan(asked).requests.answered


def test_another_seed_changes_little() -> None:
    """A forecast is a property of the scenario, not of its seed: over eight seeds P50 moves by less
    than 8 %, P85 by less than 20 %.
    """
    forecasts = [plan(forecast={"seed": seed}).forecast for seed in range(8)]
    for quantile, most in (("p50", 1.08), ("p85", 1.2), ("p95", 1.5)):
        times = [getattr(forecast, quantile).makespan_s for forecast in forecasts]
        assert max(times) <= most * min(times)


def test_shared_load_matters_with_one_batch_and_its_retry() -> None:
    """Even where every round has one batch, sharing decides whether the retry is slow when the
    first was.
    """
    own, same = (
        plan(duration={"shared_load": shared}, retries={"transient_rate": 0.3}) for shared in (0, 1)
    )
    assert own.forecast.makespans_s != same.forecast.makespans_s


def test_shared_load_widens_the_band() -> None:
    """Ten batches one after the other: bad luck of its own evens out, a bad day does not."""
    own, same = (
        plan(
            batches={"requests_per_batch": 1000, "concurrent": 1},
            retries={"transient_rate": 0},
            duration={"model": "guide", "shared_load": shared},
        ).forecast
        for shared in (0, 1)
    )
    assert same.p95.makespan_s - same.p50.makespan_s > 1.5 * (
        own.p95.makespan_s - own.p50.makespan_s
    )


@pytest.mark.parametrize("model", facts.models(), ids=lambda model: model.id)
def test_every_model_can_be_planned(model: facts.Model) -> None:
    """Retired models too: an old plan can be compared."""
    made = plan(workload={"model": model.id, "requests": 100})
    assert (
        made.cost.batch_usd
        == (500 * model.batch.input + 1000 * model.batch.output) * 100 / 1_000_000
    )


def test_expired_requests_are_in_cost_and_given_up() -> None:
    """Batches that need 34 h do 70 % of their requests; with one retry the rest is done, without it is
    given up and not paid."""
    slow = {"model": "formula", "seconds_per_request": 600, "parallel_requests": 1, "startup_s": 0}
    shape = {
        "workload": {"requests": 400},
        "batches": {"requests_per_batch": 200},
        "duration": slow,
    }
    once, again = (
        plan(**shape, retries={"max": retries, "transient_rate": 0}) for retries in (0, 1)
    )
    assert (once.requests.expired, once.requests.given_up) == (112, 112)
    assert once.requests.answered == 288
    assert once.cost.batch_usd == again.cost.batch_usd * 288 / 400
    assert (again.requests.expired, again.requests.given_up) == (112, 0)
    assert (again.requests.retried, again.requests.attempts) == (112, 512)


@pytest.mark.parametrize("rates", [{"permanent_rate": 0.5}, {"transient_rate": 0.5}])
def test_what_expires_and_would_have_failed_is_given_up_once(rates: dict[str, float]) -> None:
    """Half of 400 fail and 112 expire, half of which would have failed: 256 are given up."""
    slow = {"model": "formula", "seconds_per_request": 600, "parallel_requests": 1, "startup_s": 0}
    made = plan(
        workload={"requests": 400},
        batches={"requests_per_batch": 200},
        duration=slow,
        retries={"max": 0, "transient_rate": 0, **rates},
    )
    asked = made.requests
    assert (asked.expired, asked.given_up, asked.answered, asked.retried) == (112, 256, 144, 0)
    assert made.forecast.mean_given_up == pytest.approx(asked.given_up, rel=0.01)


def test_what_expires_is_not_billed_as_a_failed_attempt() -> None:
    """Counting failed attempts adds those that were worked on, not those that nobody began."""
    slow = {"model": "formula", "seconds_per_request": 600, "parallel_requests": 1, "startup_s": 0}
    shape = {
        "workload": {"requests": 400},
        "batches": {"requests_per_batch": 200},
        "duration": slow,
    }
    plain, cautious = (
        plan(**shape, retries={"max": 0, "transient_rate": 0}, pricing={"bill_failed": failed})
        for failed in (False, True)
    )
    assert cautious.cost == plain.cost


def test_without_retries_nothing_that_expires_is_sent_again() -> None:
    """What expires is given up to the request, however the means of the runs are rounded."""
    made = make_plan(
        parse(
            {
                "workload": {
                    "model": "claude-fable-5-2",
                    "requests": 3052,
                    "input_tokens": 1,
                    "output_tokens": 1,
                },
                "batches": {"requests_per_batch": 1331, "concurrent": 1},
                "retries": {"max": 0},
                "limits": {"tier": "evaluation"},
            }
        )
    )
    assert made.requests.expired > 0
    assert made.requests.retried == 0
    assert made.requests.attempts == 3052
