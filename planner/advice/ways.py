"""Search for the ways to send a workload: model, cache, cut and a share in real time, alone and
combined.

Every way was planned itself. Those that meet the goal come first, the cheapest before the others;
those that cost more than the plan at hand come after those that do not; then the nearest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from planner import facts, scenario
from planner.advice import options
from planner.advice.caveat import Change
from planner.advice.labels import label, real_time_label
from planner.advice.time import likely
from planner.advice.verdict import verdict, within
from planner.model import simulate
from planner.plan import Plan, make_plan
from planner.scenario import Scenario
from planner.steps import Steps, finish

_ROWS = 8
_CACHES_TRIED = 3
# simulated for a way at most: as many as for a plan, unless that is very large or may come back in
# more than three retries, so that a row says what its plan says, and no two differ by their luck
_ROW_BATCHES = simulate.BUDGET_BATCHES * 3 // 2
_ALL_BATCHES = 100_000  # simulated for the ways in batches; one of a dearer model is left out then
_MORE_BATCHES = 10_000  # simulated for one of the many other models: small plans get all their runs
_TRIAL_BATCHES = 2000  # simulated for a share that is only tried
_SOONER, _CHEAPER = 0.95, Decimal("0.98")  # a trade that brings less is not worth a row


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A way: `change` leads to its plan. Of `realtime_share` 1 there is no plan, for no batch is
    left; its times are the best that the rate limits allow.

    `confident_s` is reached with the confidence that is asked for; `chance` is that of the deadline,
    None without one, and `likely` the same in words.
    """

    label: str
    change: Change
    model: facts.Model
    realtime_share: float
    p85_s: float
    confident_s: float
    chance: float | None
    likely: str
    usd: Decimal
    in_time: bool
    in_budget: bool
    blocked: bool
    binding: str  # the rate limit that binds what is sent in real time, "" where nothing is
    this: bool = False

    @property
    def meets(self) -> bool:
        """Nothing that is asked for is missed."""
        return self.in_time and self.in_budget and not self.blocked


def ways(plan: Plan) -> tuple[Way, ...]:
    """At most _ROWS ways, best first, the plan itself among them."""
    return finish(search(plan))


def search(plan: Plan) -> Steps[tuple[Way, ...]]:
    """`ways`, in steps of about one plan each."""
    this = replace(_way(plan, plan), this=True)
    every = [this]
    planned = yield from _in_batches(plan)
    every += (_way(plan, each) for each in planned if each is not plan)
    every += (_in_real_time(plan, each) for each in planned if each.realtime)
    mixed = set[str]()
    for each in _late(planned):
        cheapest = min((way.usd for way in every if way.meets), default=None)
        own, done = each.model == plan.model, each.model.id in mixed
        if not done and (own or cheapest is None or each.cost.batch_usd < cheapest):
            found = yield from _mixed(plan, each)
            every += found
            mixed.update(way.model.id for way in found)
    return _ranked(plan, every, this)


def of_other_models(plan: Plan, known: Sequence[Way]) -> Steps[tuple[Way, ...]]:
    """For each model of which none is known, older ones too, its way in batches, the cheapest first.

    They are simulated with fewer runs where batches are many: what they cost is exact, how long they
    take is not.
    """
    free = scenario.replace(plan.scenario, options.FREE_CUT | {"batches.realtime_share": 0})
    models = {way.model.id for way in known}
    ways: list[Way] = []
    for asked in options.models(free, older=True):
        if asked.workload.model not in models:
            ways.append(_way(plan, make_plan(asked, most_batches=_MORE_BATCHES)))
            yield
    return tuple(ways)


def _in_batches(plan: Plan) -> Steps[list[Plan]]:
    """The plans of the own model, then of the others, the cheapest first, as far as they may matter:
    of those that are dearer than one that meets the goal only the next, and fewer of large plans.
    """
    free = scenario.replace(plan.scenario, options.FREE_CUT | {"batches.realtime_share": 0})
    plans: list[Plan] = []
    met = spent = 0
    for asked in options.models(free):
        own = asked.workload.model == plan.model.id
        if not own and (met > 1 or spent > _ALL_BATCHES):
            break
        for cached in options.caches(asked)[:_CACHES_TRIED]:
            same = cached == plan.scenario
            other = plan if same else make_plan(cached, most_batches=_ROW_BATCHES)
            judged = verdict(other)
            met += judged.meets and not own
            if not same:
                spent += other.forecast.replications * len(other.forecast.p95.records)
            plans.append(other)
            yield
            if judged.deadline is not False or judged.budget is False:
                break
    return plans


def _way(plan: Plan, other: Plan) -> Way:
    """The way of another plan."""
    judged, asked = verdict(other), other.scenario
    chance = other.forecast.deadline_probability
    return Way(
        label=label(plan, other),
        change=options.change_between(plan.scenario, asked),
        model=other.model,
        realtime_share=asked.batches.realtime_share,
        p85_s=other.forecast.p85.makespan_s,
        confident_s=other.confident_s,
        chance=chance,
        likely="" if chance is None else likely(other, chance),
        usd=other.cost.batch_usd,
        in_time=judged.deadline is not False,
        in_budget=judged.budget is not False,
        blocked=judged.blocked,
        binding=other.realtime.binding if asked.batches.realtime_share and other.realtime else "",
    )


def _in_real_time(plan: Plan, other: Plan) -> Way:
    """The way to send all requests of another plan in real time, at best."""
    seconds = other.realtime.seconds if other.realtime else 0.0
    usd, deadline_s = other.cost.realtime_usd, plan.scenario.goal.deadline_s
    left = plan.account.spend_left_usd
    in_time = not deadline_s or seconds <= deadline_s
    return replace(
        _way(plan, other),
        label=real_time_label(plan, other),
        realtime_share=1.0,
        binding=other.realtime.binding if other.realtime else "",
        p85_s=seconds,
        confident_s=seconds,
        chance=float(in_time) if deadline_s else None,
        likely=("yes, at best" if in_time else "no") if deadline_s else "",
        usd=usd,
        in_time=in_time,
        in_budget=within(plan, usd) is not False,
        blocked=verdict(other).blocked or (left is not None and usd > left),
    )


# A share in real time


def _late(planned: Sequence[Plan]) -> list[Plan]:
    """The plans that miss the deadline, the cheapest first."""
    late = (each for each in planned if each.realtime and verdict(each).deadline is False)
    return sorted(late, key=lambda each: each.cost.batch_usd)


def _mixed(plan: Plan, late: Plan) -> Steps[list[Way]]:
    """The way with the smallest share in real time, in whole per cent, by which it is in time; none
    if no share is enough.
    """
    most = _most_in_time(late)
    if not most or not _tried(late, most):
        return []
    least = 1
    while least < most:
        yield
        middle = (least + most) // 2
        if _tried(late, middle):
            most = middle
        else:
            least = middle + 1
    # few runs may err by a little: what all runs say decides
    for percent in range(least, min(least + 4, _most_in_time(late) + 1)):
        yield
        other = make_plan(_with_share(late.scenario, percent), most_batches=_ROW_BATCHES)
        if verdict(other).deadline:
            return [_way(plan, other)]
    return []


def _most_in_time(late: Plan) -> int:
    """The largest share, in whole per cent, that the rate limits allow until the deadline."""
    whole_s = late.realtime.seconds if late.realtime else 0.0
    most = int(scenario.field("batches.realtime_share").high * 100)
    return min(most, int(100 * late.scenario.goal.deadline_s / whole_s))


def _tried(late: Plan, percent: int) -> bool:
    """Whether so many per cent in real time are enough, as far as few runs can tell."""
    # the cut of the whole: to choose another for each share would take longer than it brings
    cut = {
        "batches.requests_per_batch": late.cut.requests_per_batch,
        "batches.concurrent": late.cut.concurrent,
    }
    asked = scenario.replace(_with_share(late.scenario, percent), cut)
    return bool(verdict(make_plan(asked, most_batches=_TRIAL_BATCHES)).deadline)


def _with_share(asked: Scenario, percent: int) -> Scenario:
    return scenario.replace(asked, {"batches.realtime_share": percent / 100})


# Which of them, in which order


def _ranked(plan: Plan, every: Sequence[Way], this: Way) -> tuple[Way, ...]:
    """The rows: each way once, what brings something, in order, this plan always among them."""
    ordered = sorted(
        every, key=lambda way: (_rank(way, this), _distance(plan, way), way.usd, way.confident_s)
    )
    goal = bool(plan.scenario.goal.deadline_s or plan.scenario.goal.budget_usd)
    rows: list[Way] = []
    for way in ordered:
        if way.this or (
            _brings(way, this, goal=goal) and not any(_beats(row, way) for row in rows)
        ):
            rows.append(way)
    rest = [way for way in rows if not way.this][: _ROWS - 1]
    return tuple(way for way in rows if way.this or way in rest)


def _rank(way: Way, this: Way) -> int:
    if not way.meets:
        return 2
    return 0 if way.usd <= this.usd else 1


def _distance(plan: Plan, way: Way) -> float:
    """How far a way is from the goal, in shares of what is asked for; 0 where it meets it."""
    if way.meets:
        return 0.0
    goal = plan.scenario.goal
    late = 0.0 if way.in_time else way.confident_s / goal.deadline_s - 1
    dear = 0.0 if way.in_budget else float(way.usd / goal.budget_usd - 1)
    return late + dear + (1e6 if way.blocked else 0.0)


def _brings(way: Way, this: Way, *, goal: bool) -> bool:
    """Whether a way is another model's, cheaper, sooner, or keeps what the plan misses."""
    if way.model != this.model:
        return goal or way.realtime_share < 1  # without a hurry a change of both is no trade
    if way.meets and not this.meets:
        return True
    sooner = way.confident_s < this.confident_s * _SOONER
    return sooner or way.usd < this.usd * _CHEAPER


def _beats(row: Way, way: Way) -> bool:
    """Whether a row of the same family, as far in real time, leaves nothing to the way."""
    return (
        row.model.family == way.model.family
        and (row.realtime_share == 1) == (way.realtime_share == 1)
        and row.usd <= way.usd
        and row.confident_s <= way.confident_s
    )
