"""Draw the run as a picture that stands alone: to be kept as a file, with its title and address."""

import textwrap
from collections.abc import Iterator

from planner import facts
from planner.plan import Plan
from planner.show import charts, svg
from planner.show.chance import chance
from planner.show.moments import moments
from planner.show.slots import slots
from planner.show.timeline import Timeline

_WIDTH, _MARGIN = 1200, 20
_LETTERS, _LINES = 150, 4  # of the address: as many as fit, and lines at most

# The page's light colours (site/css/base.css) and what its charts.css makes of them, by class.
COLOURS = {
    "paper": "#fbfbf9",
    "ink": "#1b1922",
    "soft": "#595663",
    "line": "#e4e2e6",
    "edge": "#8c8896",
    "completed": "#2f8f5b",
    "processing": "#6d45cf",
    "warn": "#8a5300",
    "block": "#b0261c",
}
_STYLE = """
text { font: 400 11.5px system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; fill: SOFT; }
.title { font-size: 20px; font-weight: 650; fill: INK; }
.said { font-size: 13px; }
.count, .row-name, .mark-name { fill: INK; }
.is-short { display: none; }
.ground { fill: PAPER; }
.grid { stroke: LINE; }
.base, .wait, .mark { stroke: EDGE; }
.wait, .mark { stroke-dasharray: 2 3; }
.is-completed .body { fill: COMPLETED; }
.is-processing .body { fill: PROCESSING; }
.is-queued .body { fill: PAPER; stroke: EDGE; }
.hatch { display: none; }
.is-processing .hatch-processing, .is-queued .hatch-queued { display: inline; }
.hatch-line { stroke: PAPER; stroke-opacity: 0.45; stroke-width: 4; }
.hatch-dot { fill: EDGE; }
.fade-from { stop-color: PROCESSING; stop-opacity: 0.35; }
.fade-to { stop-color: PROCESSING; stop-opacity: 0; }
.expiry { stroke: BLOCK; stroke-width: 2; }
.moment { stroke: INK; stroke-width: 1.5; }
.area { fill: PROCESSING; fill-opacity: 0.14; }
.curve { fill: none; stroke: PROCESSING; stroke-width: 2; vector-effect: non-scaling-stroke; }
.mark-name, .deadline-name { stroke: PAPER; stroke-width: 3px; paint-order: stroke; }
.mark-dot { fill: PAPER; stroke: PROCESSING; stroke-width: 2; }
.deadline { stroke: WARN; stroke-width: 1.5; stroke-dasharray: 5 3; }
.deadline-name { fill: WARN; }
"""


def picture(plan: Plan, timeline: Timeline, percentile: str, *, step: int, link: str) -> str:
    """The chances and the queue of a run, as a whole SVG of fixed size in the page's light colours.

    `step` is the moment that is drawn, a step of the slider; `link` the address that it names.
    """
    said = slots(plan, timeline, percentile)
    expiry_s = float(facts.limit("expiry_h").value) * 3600
    upper = chance(timeline, plan.forecast)
    lower = charts.queue(timeline, plan.start, expiry_s, step)
    parts = [
        _text("title", 40, said["page.title"]),
        _text("said", 64, said["queue.caption"]),
        *_legend(timeline, step),
    ]
    top = 106
    for chart in (upper, lower):
        height = _height(chart)
        inner = f'width="{_WIDTH - 2 * _MARGIN}" height="{height}"'
        parts.append(f'<svg x="{_MARGIN}" y="{top}" {inner}>{chart}</svg>')
        top += height + 12
    for words in (*_address(link), f"Prices and limits as of {facts.checked_on()}."):
        top += 18
        parts.append(_text("address", top, words))
    return _whole(top + _MARGIN, said["page.title"], "".join(parts))


def _whole(height: int, title: str, inner: str) -> str:
    style = _STYLE
    for name, colour in COLOURS.items():
        style = style.replace(name.upper(), colour)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}"><title>{svg.escape(title)}</title>'
        f'<style>{style}</style><rect class="ground" width="100%" height="100%"/>{inner}</svg>'
    )


def _height(chart: str) -> int:
    return int(chart.partition(' height="')[2].partition('"')[0])


def _text(name: str, y: int, words: str, x: int = _MARGIN) -> str:
    return f'<text class="{name}" x="{x}" y="{y}">{svg.escape(words)}</text>'


def _legend(timeline: Timeline, step: int) -> Iterator[str]:
    """What the colours mean, and how many batches are so at the moment that is drawn."""
    moment = moments(timeline)[step]
    yield _text("count", 92, moment["label"])
    for place, state in enumerate(("completed", "processing", "queued")):
        x = 140 + 240 * place
        box = f'x="{x}" y="82" width="20" height="12" rx="2"'
        drawn = f'<rect class="hatch hatch-{state}" fill="url(#queue-{state})" {box}/>'
        hatch = "" if state == "completed" else drawn
        yield f'<g class="bar is-{state}"><rect class="body" {box}/>{hatch}</g>'
        yield _text("count", 92, f"{state.capitalize()} {moment[state]}", x + 28)


def _address(link: str) -> list[str]:
    """The address in lines; one that is too long is cut, and says so."""
    lines = textwrap.wrap(link, _LETTERS, break_on_hyphens=False)
    return lines if len(lines) <= _LINES else [*lines[:_LINES], "… (the address goes on)"]
