"""Write the table of the ways: its rows for the page, and its text for a spreadsheet or a note."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from planner.advice.ways import Way
from planner.plan import Plan
from planner.show.export import usd
from planner.show.links import link
from planner.show.rows import Cells, when
from planner.words import duration, money, plain

# the cells that are shown, in their order
COLUMNS = {
    "label": "Way",
    "chance": "By the deadline",
    "time": "As sure as asked within",
    "cost": "Cost",
    "difference": "Beside this plan",
    "note": "Note",
}
_WORDS = ("label", "note")
_CSV = (
    "way",
    "model",
    "realtime_share",
    "chance_by_deadline",
    "sure_within_s",
    "usd",
    "meets_goal",
    "note",
    "link",
)
_MARKS = {True: "✓", False: "○"}
_RATE_LIMIT = {"rpm": "requests", "itpm": "input tokens", "otpm": "output tokens"}
_SAME_TIME_S = 30  # forecasts that differ by less are alike


def ways(plan: Plan, every: Sequence[Way]) -> list[Cells]:
    """The ways to send the workload: state mark label chance time cost difference note href ranks.

    A way without a plan of its own, all in real time, has no href; this plan has none either.
    `ranks` are the row's places when the table is sorted by each of COLUMNS, from the least.
    """
    this = next(way for way in every if way.this)
    cells = [_way(plan, way, this) for way in every]
    ranks = _ranks(every, this, [row["note"] for row in cells])
    return [row | {"ranks": " ".join(map(str, own))} for row, own in zip(cells, ranks, strict=True)]


def _ranks(every: Sequence[Way], this: Way, notes: Sequence[str]) -> list[tuple[int, ...]]:
    """For each way its place in the order of each of COLUMNS; what is alike has one place."""
    keys: tuple[list[Any], ...] = (
        [way.label for way in every],
        [-1.0 if way.chance is None else way.chance for way in every],
        [way.confident_s for way in every],
        [way.usd for way in every],
        [_apart(way, this) for way in every],
        [(len(note.split("; ")) if note else 0, note) for note in notes],
    )
    ranks = [[sorted(set(column)).index(key) for key in column] for column in keys]
    return list(zip(*ranks, strict=True))


def _apart(way: Way, this: Way) -> float:
    """How far a way is from this plan, in shares of its time and its cost."""
    time = abs(way.confident_s - this.confident_s) / max(this.confident_s, 1.0)
    return time + float(abs(way.usd - this.usd) / max(this.usd, Decimal("0.01")))


def _way(plan: Plan, way: Way, this: Way) -> Cells:
    at_best = way.realtime_share == 1
    later = _later(way.confident_s - this.confident_s)
    return {
        "state": "this" if way.this else "meets" if way.meets else "misses",
        "mark": _MARKS[way.meets],
        "label": way.label,
        "chance": way.likely,
        "time": when(plan, way.confident_s) + (" at best" if at_best else ""),
        "cost": money(way.usd),
        "difference": "this plan" if way.this else f"{later}, {_dearer(way.usd - this.usd)}",
        "note": _note(plan, way),
        "href": "" if way.this or at_best else link(plan.scenario, way.change),
    }


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


def texts(plan: Plan, every: Sequence[Way]) -> dict[str, str]:
    """The table of the ways for elsewhere: slots `ways.csv`, for a spreadsheet, in seconds and
    dollars, and `ways.markdown`, in the words of the page."""
    return {"ways.csv": _csv(plan, every), "ways.markdown": _markdown(plan, every)}


def _csv(plan: Plan, every: Sequence[Way]) -> str:
    """One line a way, under a line of names; `link` follows the page's own address."""
    lines = [_CSV]
    for way in every:
        seconds, whole = f"{way.confident_s:.0f}", way.realtime_share == 1
        # in real time all are in time or none, at best: that is no chance
        chance = "" if way.chance is None or whole else f"{way.chance:.3f}"
        fast = plain(way.realtime_share)
        href = "" if whole else link(plan.scenario, way.change)
        meets = "yes" if way.meets else "no"
        note = _note(plan, way)
        lines.append(
            (way.label, way.model.id, fast, chance, seconds, usd(way.usd), meets, note, href)
        )
    return "\n".join(",".join(map(_quoted, row)) for row in lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def _markdown(plan: Plan, every: Sequence[Way]) -> str:
    """The columns of the page that hold something; this plan in bold."""
    cells = ways(plan, every)
    shown = {key: name for key, name in COLUMNS.items() if any(row[key] for row in cells)}
    lines = [_bar(shown.values()), _bar("---" if key in _WORDS else "---:" for key in shown)]
    for row in cells:
        bold = "**" if row["state"] == "this" else ""
        label = f"{row['mark']} {bold}{row['label']}{bold}"
        lines.append(_bar(label if key == "label" else row[key] for key in shown))
    return "\n".join(lines) + "\n"


def _bar(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
