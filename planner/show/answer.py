"""Answer in one sentence, and say what it leaves out."""

from planner.advice.caveats import blocking
from planner.model.summary import Forecast
from planner.plan import Plan
from planner.show import outcome
from planner.words import clock, counted, duration, money, percent


def answer(plan: Plan) -> dict[str, str]:
    """The slots of the answer by name; the title says the plan in a line."""
    requests = counted(plan.scenario.workload.requests, "request")
    cost, time = money(plan.cost.batch_usd), duration(plan.confident_s)
    return {
        "page.title": f"{requests} to {plan.model.name}: {cost}, {time}",
        "answer.verdict": outcome.verdict_words(plan),
        "answer.sentence": sentence(plan),
        **_spread(plan.forecast),
        "answer.changed": "",  # only who knows the plan before can say it
    }


def sentence(plan: Plan) -> str:
    """The answer in one sentence."""
    requests, batches = plan.scenario.workload.requests, len(plan.batches)
    costs, are = ("costs", "is") if requests == 1 else ("cost", "are")
    ends = ""
    if blocking(plan):
        costs, are, ends = "would cost", "would be", "; but they cannot run like this"
    by = f"by {clock(plan.start, plan.confident_s)}, " if plan.start else ""
    return (
        f"{counted(requests, 'request')} to {plan.model.name} in "
        f"{counted(batches, 'batch', 'batches')} {costs} {money(plan.cost.batch_usd)}, "
        f"{_saving(plan)}, and {are} {percent(plan.scenario.goal.confidence)} likely to be done "
        f"{by}within {duration(plan.confident_s)}{ends}."
    )


def _saving(plan: Plan) -> str:
    if plan.cost.realtime_usd == 2 * plan.cost.batch_usd:
        return "half of the real-time price"
    return f"{money(plan.cost.saved_usd)} less than in real time"


def _spread(forecast: Forecast) -> dict[str, str]:
    """What the sentence leaves out: how far the runs lie apart."""
    half, tail = duration(forecast.p50.makespan_s), duration(forecast.p95.makespan_s)
    below, above = "", "Nearly all simulated runs take about as long."
    if forecast.makespans_s[0] == forecast.makespans_s[-1]:
        above = "All simulated runs take the same time, because nothing in them varies."
    elif half != tail:
        below = f"Half of such runs take less than {half}."
        above = f"One in twenty takes more than {tail}."
    return {"answer.half": below, "answer.tail": above}
