"""Judge a plan: what stands in its way, and what would help.

Every caveat is a short rule that looks at the finished plan; its remedy is a change of the scenario.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from planner import facts, scenario
from planner.model.answers import ACCEPTED_CUT
from planner.plan import Plan, cost_of, make_plan
from planner.words import count, counted, duration, money, percent, plain, share, size

Change = dict[str, Any]

_SOON_DAYS = 60  # an end of service this near is worth a word
_RISKY_EXPIRY = 0.05
_SLOW_POLL_S = 600
_MANY_BATCHES = 1000  # plans of more are not compared with smaller batches
_FEW_SAMPLES = 10
_LONG_HISTORY = 500  # rows, about 8,000 characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Caveat:
    """Something to know before the run: `severity` is blocks, warns or notes; `fix` changes the scenario, {} if nothing does."""

    code: str
    severity: str
    message: str
    fix: Change = field(default_factory=dict)
    fix_label: str = ""


def caveats(plan: Plan) -> tuple[Caveat, ...]:
    """All caveats of the plan, those that block first."""
    found = [caveat for rule in _RULES for caveat in rule(plan)]
    return tuple(
        sorted(found, key=lambda caveat: ("blocks", "warns", "notes").index(caveat.severity))
    )


def _fewer_requests(plan: Plan, usd: Decimal) -> tuple[Change, str]:
    """The remedy of planning as many requests as that sum buys; none if it does not buy one."""
    fits, too_many = 0, plan.scenario.workload.requests
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if cost_of(scenario.replace(plan.scenario, {"workload.requests": middle})).batch_usd <= usd:
            fits = middle
        else:
            too_many = middle
    return ({"workload.requests": fits}, f"Plan {counted(fits, 'request')}") if fits else ({}, "")


# The rules, from the model to the goal. Each yields a caveat or nothing.


def _retired(plan: Plan) -> Iterator[Caveat]:
    model, newer = plan.model, facts.successor(plan.model)
    if model.status == "retired":
        yield Caveat(
            code="model-retired",
            severity="blocks",
            message=f"{model.name} was retired on {model.retires_on}: its requests fail. The plan shows what it cost.",
            fix={"workload.model": newer.id},
            fix_label=f"Use {newer.name}",
        )


def _retires_soon(plan: Plan) -> Iterator[Caveat]:
    model, newer = plan.model, facts.successor(plan.model)
    if model.status == "retired" or newer.id == model.id:
        return
    today = plan.start.date() if plan.start else date.fromisoformat(facts.checked_on())
    ends = model.retires_on or model.retires_not_before
    if not ends or (date.fromisoformat(ends) - today).days > _SOON_DAYS:
        return
    # requests fail on the very day of the end; a promise still holds on its last day
    past = (
        date.fromisoformat(ends) <= today if model.retires_on else date.fromisoformat(ends) < today
    )
    if model.retires_on and past:
        message = f"{model.name} retired on {ends}, before this run: its requests fail."
    elif model.retires_on:
        message = f"{model.name} is deprecated and retires on {ends}; requests fail from then on."
    else:
        message = f"{model.name} is only promised until {ends}{', which is past' if past else ''}; it may be retired at short notice."
    yield Caveat(
        code="model-retired" if model.retires_on and past else "model-retires-soon",
        severity="blocks"
        if model.retires_on and past
        else "warns"
        if model.retires_on
        else "notes",
        message=message,
        fix={"workload.model": newer.id},
        fix_label=f"Use {newer.name}",
    )


def _limited_access(plan: Plan) -> Iterator[Caveat]:
    if plan.model.limited_access and plan.model.status != "retired":
        public = next(
            model
            for model in facts.models()
            if model.status == "active" and model.family == "fable"
        )
        yield Caveat(
            code="model-limited-access",
            severity="warns",
            message=f"{plan.model.name} is open to verified organisations only.",
            fix={"workload.model": public.id},
            fix_label=f"Use {public.name}",
        )


def _geo(plan: Plan) -> Iterator[Caveat]:
    if plan.scenario.pricing.geo == "us" and plan.model.us_multiplier is None:
        yield Caveat(
            code="geo-unsupported",
            severity="blocks",
            message=f"{plan.model.name} cannot be bound to the United States: requests with inference_geo fail.",
            fix={"pricing.geo": "global"},
            fix_label="Process anywhere",
        )


def _spend(plan: Plan) -> Iterator[Caveat]:
    left, cost = plan.account.spend_left_usd, plan.cost.batch_usd
    if left is None or cost <= left:
        return
    spent = plan.scenario.limits.spent_this_month_usd
    own = plan.scenario.limits.monthly_spend_usd
    larger = next(
        (tier for tier in facts.tiers() if (tier.monthly_spend_usd or 0) >= cost + spent), None
    )
    if larger and not own:
        fix, label = {"limits.tier": larger.key}, f"Plan with tier {larger.name}"
    else:
        fix, label = _fewer_requests(plan, left)
    whose = "your monthly limit" if own else f"the monthly limit of tier {plan.account.tier.name}"
    yield Caveat(
        code="spend-limit",
        severity="blocks",
        message=(
            f"The run costs {money(cost)}, but only {money(left)} are left of {whose}: it would stop part-way "
            "until the first of next month, or until the limit is raised."
        ),
        fix=fix,
        fix_label=label,
    )


def _budget(plan: Plan) -> Iterator[Caveat]:
    budget, cost = plan.scenario.goal.budget_usd, plan.cost.batch_usd
    if budget and cost > budget:
        fix, label = _fewer_requests(plan, budget)
        yield Caveat(
            code="budget-exceeded",
            severity="warns",
            message=f"The run costs {money(cost)}, {money(cost - budget)} more than the budget of {money(budget)}.",
            fix=fix,
            fix_label=label,
        )


def _deadline(plan: Plan) -> Iterator[Caveat]:
    goal, chance = plan.scenario.goal, plan.forecast.deadline_probability
    if chance is None or chance >= goal.confidence:
        return
    hours = int(-(-plan.confident_s // 3600))
    fix: Change = {"goal.deadline_h": hours} if hours <= 720 else {}
    yield Caveat(
        code="deadline-unlikely",
        severity="warns",
        message=(
            f"The chance of being done within {plain(goal.deadline_h)} h is {share(chance)}, "
            f"below the {percent(goal.confidence)} asked for."
        ),
        fix=fix,
        fix_label=f"Allow {count(hours)} h" if fix else "",
    )


def _cut_answers(plan: Plan) -> Iterator[Caveat]:
    answers, work = plan.answers, plan.scenario.workload
    if answers.proposed:
        tail = work.output_p95_tokens or 2 * work.output_tokens
        yield Caveat(
            code="max-tokens-proposed",
            severity="notes",
            message=f"max_tokens below {count(tail)} would cut off about 5 % of the answers, which are billed all the same.",
            fix={"workload.max_tokens": answers.max_tokens},
            fix_label=f"Use {count(answers.max_tokens)}",
        )
    if answers.share_cut > ACCEPTED_CUT + 1e-6:
        better = answers.remedy_tokens > answers.max_tokens
        yield Caveat(
            code="answers-cut",
            severity="warns",
            message=(
                f"max_tokens of {count(answers.max_tokens)} would cut off about {share(answers.share_cut)} of the answers, "
                "which are billed all the same."
            ),
            fix={"workload.max_tokens": answers.remedy_tokens} if better else {},
            fix_label=f"Use {count(answers.remedy_tokens)}" if better else "",
        )


def _long_output(plan: Plan) -> Iterator[Caveat]:
    model = plan.model
    shorter_will_do = plan.scenario.workload.output_tokens <= model.max_output_tokens
    if plan.answers.max_tokens > model.max_output_tokens and model.extended_output_header:
        yield Caveat(
            code="long-output-header",
            severity="notes",
            message=(
                f"max_tokens above {count(model.max_output_tokens)} needs the beta header {model.extended_output_header}; "
                "one such answer can take more than an hour."
            ),
            fix={"workload.max_tokens": model.max_output_tokens} if shorter_will_do else {},
            fix_label=f"Use {count(model.max_output_tokens)}" if shorter_will_do else "",
        )


def _long_prompt(plan: Plan) -> Iterator[Caveat]:
    threshold = plan.model.long_prompt_tokens or 0
    if plan.tariff.long_prompt:
        can_shorten = plan.scenario.workload.shared_prefix_tokens <= threshold
        yield Caveat(
            code="long-prompt-price",
            severity="warns",
            message=(
                f"Prompts above {threshold:,} tokens put the whole request at a higher price, "
                f"{money(plan.tariff.batch.input)} instead of {money(plan.model.batch.input)} for a million input tokens. "
                "The plan takes every prompt at the mean length."
            ),
            fix={"workload.input_tokens": threshold} if can_shorten else {},
            fix_label=f"Shorten to {threshold:,}" if can_shorten else "",
        )


def _cache(plan: Plan) -> Iterator[Caveat]:
    asked, prefix, least = (
        plan.scenario.caching,
        plan.scenario.workload.shared_prefix_tokens,
        plan.model.min_cacheable_tokens,
    )
    off: Change = {"caching.mode": "none"}
    if asked.mode == "none":
        return
    if prefix == 0:
        yield Caveat(
            code="cache-without-prefix",
            severity="warns",
            message="There is nothing to cache: the shared prefix has 0 tokens.",
            fix=off,
            fix_label="Turn caching off",
        )
    elif least and prefix < least:
        long_enough = least <= plan.scenario.workload.input_tokens
        yield Caveat(
            code="cache-prefix-short",
            severity="warns",
            message=(
                f"{plan.model.name} caches prefixes of {least:,} tokens or more; one of {prefix:,} is not cached, "
                "and nothing says so. The plan counts without caching."
            ),
            fix={"workload.shared_prefix_tokens": least} if long_enough else off,
            fix_label=f"Share {least:,} tokens" if long_enough else "Turn caching off",
        )
    else:
        if not asked.prime:
            yield Caveat(
                code="cache-not-primed",
                severity="notes",
                message=(
                    "A cached prefix can be read once the first answer has begun. Without a priming request those that start "
                    "together all write it; hit rates from 30 % to 98 % have been published."
                ),
                fix={"caching.prime": True},
                fix_label="Prime the cache",
            )
        if asked.mode == "5m":
            yield Caveat(
                code="cache-short-lived",
                severity="warns",
                message="A batch often takes longer than the 5 minutes for which this cache lives; the provider advises 1 hour.",
                fix={"caching.mode": "1h"},
                fix_label="Cache for 1 hour",
            )


def _expiry(plan: Plan) -> Iterator[Caveat]:
    chance = plan.forecast.expiry_probability
    if chance < _RISKY_EXPIRY:
        return
    smaller = max(batch.requests for batch in plan.batches) // 2
    fix: Change = {"batches.requests_per_batch": smaller}
    helps = (
        smaller >= 1 and len(plan.batches) < _MANY_BATCHES and _expiry_chance(plan, fix) < chance
    )
    yield Caveat(
        code="expiry-risk",
        severity="warns",
        message=(
            f"In {share(chance)} of the simulated runs a batch reaches its 24 h end with requests undone. "
            f"They end unbilled{_sent_again(plan)}."
        ),
        fix=fix if helps else {},
        fix_label=f"Use batches of {count(smaller)}" if helps else "",
    )


def _sent_again(plan: Plan) -> str:
    lost = plan.forecast.mean_given_up - plan.requests.given_up
    if lost >= 1:
        return f"; on average {counted(int(lost), 'request')} more than planned stay unanswered"
    return " and are sent again" if plan.scenario.retries.max else ""


def _expiry_chance(plan: Plan, change: Change) -> float:
    return make_plan(scenario.replace(plan.scenario, change)).forecast.expiry_probability


def _given_up(plan: Plan) -> Iterator[Caveat]:
    lost = plan.rounds[-1].failed_transient
    if not lost:
        return
    retries, left = plan.scenario.retries.max, float(plan.scenario.workload.requests)
    needed = 0
    while left >= 0.5 and needed <= 10:
        left *= plan.scenario.retries.transient_rate
        needed += 1
    enough = needed - 1
    better = min(10, enough) if enough > retries else 0
    yield Caveat(
        code="retries-too-few",
        severity="warns",
        message=f"After {counted(retries, 'retry', 'retries')} about {counted(lost, 'request')} would still be unanswered and given up.",
        fix={"retries.max": better} if better else {},
        fix_label=f"Retry {counted(better, 'time')}" if better else "",
    )


def _permanent(plan: Plan) -> Iterator[Caveat]:
    lost = plan.rounds[0].failed_permanent
    if lost:
        yield Caveat(
            code="permanent-failures",
            severity="notes",
            message=(
                f"About {counted(lost, 'request')} can never succeed. Parameters are validated only after a batch has been "
                "made: try one request of each shape in real time first."
            ),
            fix={"retries.permanent_rate": 0},
            fix_label="Plan without them",
        )


def _queue_known(plan: Plan) -> Iterator[Caveat]:
    if not plan.account.queue_known:
        yield Caveat(
            code="queue-unknown",
            severity="warns",
            message=(
                f"The queue limit of tier {plan.account.tier.name} is not published. The plan counts with "
                f"{count(plan.account.queue_requests)} requests; set your own if you know it."
            ),
            fix={"limits.queue_requests": plan.account.queue_requests},
            fix_label=f"Take {count(plan.account.queue_requests)} as mine",
        )


def _queue_binds(plan: Plan) -> Iterator[Caveat]:
    batch, at_once = max(batch.requests for batch in plan.batches), plan.scenario.batches.concurrent
    fitting = max(1, plan.account.queue_requests // batch)
    if min(at_once, len(plan.batches)) > fitting:
        yield Caveat(
            code="queue-binds",
            severity="notes",
            message=(
                f"The queue limit of {counted(plan.account.queue_requests, 'request')} lets only "
                f"{counted(fitting, 'batch', 'batches')} of {count(batch)} be open at once, not {count(at_once)}."
            ),
            fix={"batches.concurrent": fitting},
            fix_label=f"Open {count(fitting)} at once",
        )


def _bytes_bind(plan: Plan) -> Iterator[Caveat]:
    biggest = max(plan.batches, key=lambda batch: batch.requests)
    if biggest.binding == "bytes":
        yield Caveat(
            code="bytes-bind",
            severity="notes",
            message=(
                f"A batch may have {size(facts.batch_byte_limit())}: requests of {size(plan.request_bytes)} "
                f"make batches of {count(biggest.requests)}, not {count(plan.scenario.batches.requests_per_batch)}."
            ),
            fix={"batches.requests_per_batch": biggest.requests},
            fix_label=f"Put {count(biggest.requests)} into a batch",
        )


def _polling(plan: Plan) -> Iterator[Caveat]:
    asked, rpm = plan.scenario.batches, plan.account.tier.batch_rpm
    open_batches = min(asked.concurrent, len(plan.batches))
    if rpm and open_batches * 60 / asked.poll_s > rpm:
        slower = -(-open_batches * 60 // rpm)
        yield Caveat(
            code="polling-too-fast",
            severity="warns",
            message=f"{open_batches} batches polled every {plain(asked.poll_s)} s exceed the {rpm:,} calls a minute of the tier.",
            fix={"batches.poll_s": slower},
            fix_label=f"Poll every {slower} s",
        )
    elif asked.poll_s >= _SLOW_POLL_S:
        yield Caveat(
            code="polling-slow",
            severity="notes",
            message=f"The end of a batch is noticed up to {duration(asked.poll_s)} late, and what follows it waits as long.",
            fix={"batches.poll_s": 60},
            fix_label="Poll every 60 s",
        )


def _evidence(plan: Plan) -> Iterator[Caveat]:
    chosen, largest = plan.scenario.duration.model, max(batch.requests for batch in plan.batches)
    public: Change = {"duration.model": "observed"}
    if chosen == "observed":
        above = [row for row in facts.observations() if row.used and (row.requests or 0) >= 1000]
        if largest > 200:
            yield Caveat(
                code="evidence-thin",
                severity="notes",
                message=(
                    f"The time rests on {plan.durations.samples} public observations; only {len(above)} of them had "
                    "1,000 requests or more. Your own batches say more: choose “My own batches” once you have some."
                ),
            )
    elif chosen == "guide":
        yield Caveat(
            code="guide-unsupported",
            severity="warns",
            message="No measurement supports this table of durations; it is kept so that old plans can be compared.",
            fix=public,
            fix_label="Use public observations",
        )
    elif chosen == "formula":
        yield Caveat(
            code="formula-assumed",
            severity="notes",
            message="The formula knows no slow hours: it says one time, with no chance of being later.",
            fix=public,
            fix_label="Use public observations",
        )
    elif plan.durations.samples < _FEW_SAMPLES:
        yield Caveat(
            code="history-short",
            severity="notes",
            message=f"{counted(plan.durations.samples, 'batch', 'batches')} of your own say little about bad days.",
            fix=public,
            fix_label="Use public observations",
        )


def _long_link(plan: Plan) -> Iterator[Caveat]:
    rows = len(plan.scenario.duration.history)
    if rows > _LONG_HISTORY:
        yield Caveat(
            code="history-link-long",
            severity="notes",
            message=f"A link with {count(rows)} rows of history is longer than many servers accept; keep them in a scenario file too.",
        )


def _real_time_is_near(plan: Plan) -> Iterator[Caveat]:
    fast, deadline_s = plan.realtime, plan.scenario.goal.deadline_h * 3600
    late = (plan.forecast.deadline_probability or 0) < plan.scenario.goal.confidence
    if deadline_s and late and fast and fast.seconds <= deadline_s:
        yield Caveat(
            code="realtime-meets-deadline",
            severity="notes",
            message=f"In real time the rate limits allow the workload in {duration(fast.seconds)}, for {money(plan.cost.realtime_usd)}.",
        )


_RULES: tuple[Callable[[Plan], Iterator[Caveat]], ...] = (
    _retired,
    _retires_soon,
    _limited_access,
    _geo,
    _spend,
    _budget,
    _deadline,
    _real_time_is_near,
    _cut_answers,
    _long_output,
    _long_prompt,
    _cache,
    _expiry,
    _given_up,
    _permanent,
    _queue_known,
    _queue_binds,
    _bytes_bind,
    _polling,
    _evidence,
    _long_link,
)
