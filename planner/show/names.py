"""Name files after a plan."""

from planner.plan import Plan


def named_after(plan: Plan) -> str:
    """The part of a file's name that says which plan it is: "2M-sonnet-5-5", "12345-haiku-5-5"."""
    return f"{_short(plan.scenario.workload.requests)}-{plan.model.id.removeprefix('claude-')}"


def _short(number: int) -> str:
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if number % size == 0:
            return f"{number // size}{unit}"
    return str(number)
