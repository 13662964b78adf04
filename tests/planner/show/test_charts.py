"""Pictures that are well formed, true to the numbers, and readable without seeing them."""

import re
from dataclasses import replace as with_values
from datetime import datetime
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from planner.model.records import Record
from planner.model.simulate import Run
from planner.model.split import Batch
from planner.model.summary import Forecast, summarise
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse
from planner.show import charts
from planner.show.chance import chance
from planner.show.timeline import Timeline, lay_out, timeline_of
from planner.words import duration
from tests.kept import kept
from tests.strategies import scenarios

SVG = "{http://www.w3.org/2000/svg}"
START = datetime.fromisoformat("2026-11-22T22:00+01:00")
DAY_S = 86_400.0


def drawn(plan: Plan) -> dict[str, str]:
    """The three charts of a plan."""
    forecast = plan.forecast
    timeline = timeline_of(plan, forecast.p85)
    return {
        "queue": charts.queue(timeline, plan.start, DAY_S),
        "depth": charts.depth(timeline, plan.account.queue_requests),
        "chance": chance(timeline, forecast),
    }


def plan_of(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario."""
    return make_plan(parse(groups))


def running(*ends: tuple[float, float], deadline_s: float = 0.0) -> Timeline:
    """Batches of ten requests, from a time to a time."""
    records = tuple(Record(0, 10, start, end, end, 0) for start, end in ends)
    run = Run(kept(*records), 0, max(end for _, end in ends), 0)
    planned = [Batch(number, 10, 100, 0, "count") for number in range(1, len(ends) + 1)]
    forecast = summarise([run], confidence=0.85, deadline_s=deadline_s)
    return lay_out(run, forecast, planned, 100, None, deadline_s)


def summarised(*makespans_s: float) -> Forecast:
    """The forecast of runs that take so long."""
    runs = [Run(kept(Record(0, 10, 0.0, end, end, 0)), 0, end, 0) for end in makespans_s]
    return summarise(runs, confidence=0.85, deadline_s=0.0)


def chance_of(*makespans_s: float, deadline_s: float = 0.0) -> str:
    """The chart of runs that take so long, of which the longest is shown."""
    timeline = running((0.0, max(makespans_s)), deadline_s=deadline_s)
    return chance(timeline, summarised(*makespans_s))


def bars(svg: str) -> list[ET.Element]:
    """The bar groups of a queue chart."""
    return [
        group
        for group in ET.fromstring(svg).iter(f"{SVG}g")
        if "bar" in (group.get("class") or "").split()
    ]


def numbers_of(path: str) -> list[tuple[float, float]]:
    """The points of a path of M, L and Z."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


# ---- all of them

WHOLE = [
    {},
    {"workload": {"requests": 1}},
    {"workload": {"requests": 1_000_000}},
    {"goal": {"start_at": "2026-11-22T22:00+01:00", "deadline_h": 5}},
    {"duration": {"model": "formula"}, "retries": {"transient_rate": 0}},
    {"retries": {"max": 10, "transient_rate": 0.6}, "batches": {"requests_per_batch": 500}},
    {"duration": {"model": "history", "history": [[10_000, 2_592_000]]}},
]


@pytest.mark.parametrize("name", ["queue", "depth", "chance"])
@pytest.mark.parametrize("raw", WHOLE, ids=range(len(WHOLE)))
def test_it_is_an_image_with_words(raw: dict[str, Any], name: str) -> None:
    """Well-formed SVG with role img, a title and a description that its root refers to."""
    root = ET.fromstring(drawn(plan_of(**raw))[name])
    assert (root.tag, root.get("role")) == (f"{SVG}svg", "img")
    title, text = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and title.text and text is not None and text.text
    assert root.get("aria-labelledby") == f"{title.get('id')} {text.get('id')}"


@given(scenarios(most_batches=60))
@settings(max_examples=20)
def test_nothing_in_a_chart_is_no_number(scenario: Scenario) -> None:
    """No NaN, no infinity, no exponent; nothing outside the picture, no negative size; no styles, scripts or links."""
    for svg in drawn(make_plan(scenario)).values():
        assert not re.search(r"(?<![a-z])(nan|inf|None|-?\d\.?\d*e[+-]?\d)(?![a-z])", svg)
        assert not re.search(r"style=|<script|<style|href|javascript|<image|<foreignObject", svg)
        for value in re.findall(r'(?:x|x1|x2|cx)="(-?[\d.]+)%"', svg):
            assert 0 <= float(value) <= 100
        height = float(re.findall(r' height="(\d+)"', svg)[0])
        for value in re.findall(r' (?:y|y1|y2|cy)="(-?[\d.]+)"', svg):
            assert 0 <= float(value) <= height
        for value in re.findall(r'(?:width|height)="(-?[\d.]+)', svg):
            assert float(value) >= 0


def test_ids_are_unique_on_the_page() -> None:
    """The three charts stand on one page: no id comes twice."""
    ids = [name for svg in drawn(plan_of()).values() for name in re.findall(r' id="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))


def test_references_exist() -> None:
    """Every url(#…) leads to something in the same chart."""
    for svg in drawn(plan_of()).values():
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(re.findall(r' id="([^"]+)"', svg))


# ---- the queue


def test_queue_bars_are_true() -> None:
    """Each bar says when its batch was sent and done, and is as long as that is on the axis."""
    timeline = running((0.0, 100.0), (100.0, 400.0))
    svg = charts.queue(timeline, None, DAY_S)
    root = ET.fromstring(svg)
    x0, x1, t1 = (float(root.get(name) or "nan") for name in ("data-x0", "data-x1", "data-t1"))
    assert t1 == timeline.end_s
    for bar, (start, end) in zip(bars(svg), [(0.0, 100.0), (100.0, 400.0)], strict=True):
        assert (float(bar.get("data-start") or "nan"), float(bar.get("data-end") or "nan")) == (
            start,
            end,
        )
        body = next(rect for rect in bar.iter(f"{SVG}rect") if rect.get("class") == "body")
        left, width = (float((body.get(name) or "nan%").rstrip("%")) for name in ("x", "width"))
        assert left == pytest.approx(x0 + (x1 - x0) * start / t1, abs=0.01)
        assert width == pytest.approx((x1 - x0) * (end - start) / t1, abs=0.01)


def test_queue_states_are_those_of_the_moment() -> None:
    """At the first moment of the slider a bar is done, at work or waiting, and says so by its class."""
    svg = charts.queue(running((0.0, 50.0), (50.0, 300.0), (300.0, 400.0)), None, DAY_S)
    assert [(bar.get("class") or "").split()[-1] for bar in bars(svg)] == [
        "is-completed",
        "is-processing",
        "is-queued",
    ]


def test_a_folded_bar_can_be_unfolded() -> None:
    """A bar of several batches says which they are; a bar of one has nothing to unfold."""
    svg = drawn(
        plan_of(
            workload={"requests": 1_000_000},
            batches={"requests_per_batch": 10_000},
            retries={"transient_rate": 0},
        )
    )["queue"]
    assert bars(svg)[0].get("data-open") == "1-3"
    assert {bar.get("data-open") for bar in bars(drawn(plan_of())["queue"])} == {""}


def test_each_bar_has_words() -> None:
    """A bar can be read aloud: which batch, how many requests, from when to when."""
    title = bars(charts.queue(running((0.0, 100.0)), None, DAY_S))[0].find(f"{SVG}title")
    assert title is not None
    assert title.text == "Batch 1: 10 requests, sent after 0 s, done after 100 s"


def test_the_expiry_is_marked() -> None:
    """A line stands where a batch would expire, if the axis reaches so far."""
    assert 'class="expiry"' in charts.queue(running((0.0, DAY_S)), None, DAY_S)
    assert 'class="expiry"' not in charts.queue(running((0.0, 3600.0)), None, DAY_S)


def test_clock_times_stand_with_a_start() -> None:
    """The axis has times of day when the run has a start, and none without."""
    assert "22:00" in charts.queue(running((0.0, 3600.0)), START, DAY_S)
    assert 'class="tick clock"' not in charts.queue(running((0.0, 3600.0)), None, DAY_S)


@pytest.mark.parametrize(
    "seconds", [1.0, 59.0, 3600.0, 86_400.0, 30 * 86_400.0, 20 * 365 * 86_400.0]
)
def test_the_axis_has_a_few_ticks(seconds: float) -> None:
    """From a second to twenty years: two to seven ticks, all different."""
    svg = charts.queue(running((0.0, seconds)), None, DAY_S)
    ticks = re.findall(r'class="tick"[^>]*>([^<]+)<', svg)
    assert 2 <= len(ticks) <= 7
    assert len(set(ticks)) == len(ticks)


# ---- the depth


def test_depth_shows_the_limit_where_it_is_near() -> None:
    """A limit within four times the peak is drawn; one far above would flatten the curve."""
    timeline = running((0.0, 100.0))
    (y,) = re.findall(r'class="limit"[^>]* y1="([\d.]+)"', charts.depth(timeline, 40))
    (top,) = re.findall(r'class="plot"[^>]* y="(\d+)"', charts.depth(timeline, 40))
    assert float(y) == float(top)
    assert 'class="limit"' not in charts.depth(timeline, 41)


def test_depth_is_true() -> None:
    """Ten requests, then twenty, then ten, then none: the path has these heights, at these times."""
    svg = charts.depth(running((0.0, 100.0), (50.0, 150.0)), 20)
    (path,) = re.findall(r' class="area" d="([^"]+)"', svg)
    across = [x for x, _ in numbers_of(path)]
    assert across == sorted(across)
    end = 150.0 * 1.05
    for at_s, level in ((25.0, 10), (75.0, 20), (125.0, 10), (155.0, 0)):
        y = [y for x, y in numbers_of(path) if x <= at_s / end * 1000][-1]
        assert 100 - y == pytest.approx(level / 20 * 100)


def test_depth_of_many_batches_is_a_short_path() -> None:
    """A plot of a thousand units needs no more than some thousand points, however many batches."""
    timeline = running(*((float(number), number + 3.0) for number in range(20_000)))
    assert len(charts.depth(timeline, 1000)) < 60_000


# ---- the chance


def test_the_chance_never_falls() -> None:
    """From no run to all or nearly all runs: the curve only rises."""
    svg = drawn(plan_of())["chance"]
    (path,) = re.findall(r'class="curve" d="([^"]+)"', svg)
    points = numbers_of(path)
    assert points[0] == (0.0, 100.0)
    assert all(left[0] <= right[0] and left[1] >= right[1] for left, right in pairwise(points))
    assert points[-1][1] <= 5.0


def test_the_chance_is_true() -> None:
    """At each point of the curve the share of runs done by that time, on the axis of the queue."""
    plan = plan_of()
    forecast, timeline = plan.forecast, timeline_of(plan, plan.forecast.p85)
    (path,) = re.findall(r'class="curve" d="([^"]+)"', chance(timeline, forecast))
    for across, down in numbers_of(path):
        at_s = across / 1000 * timeline.end_s
        assert 100 - down == pytest.approx(100 * forecast.chance_by(at_s), abs=0.1)


@pytest.mark.parametrize("percentile", ["p50", "p85", "p95"])
def test_the_axis_reaches_as_far_as_the_slow_runs(percentile: str) -> None:
    """Whatever run is shown, P95 is on the axis, and nothing is cut off."""
    plan = plan_of()
    timeline = timeline_of(plan, getattr(plan.forecast, percentile))
    assert timeline.end_s >= plan.forecast.p95.makespan_s
    assert timeline.end_s >= timeline.makespan_s


def test_the_chance_has_an_axis() -> None:
    """None, half and all of the runs are written at the left."""
    svg = drawn(plan_of())["chance"]
    labels = dict(
        re.findall(r'<text class="tick" x="14.00%" y="([\d.]+)" text-anchor="end">([^<]+)<', svg)
    )
    assert [labels[y] for y in sorted(labels, key=float)] == ["100 %", "50 %", "0 %"]


def test_a_mark_stands_on_the_curve() -> None:
    """P50 stands where half of the runs are done: at its share of the axis, half way up."""
    plan = plan_of()
    forecast, timeline = plan.forecast, timeline_of(plan, plan.forecast.p85)
    svg = chance(timeline, forecast)
    (x, y), *_ = re.findall(r'class="mark-dot" cx="([\d.]+)%" cy="([\d.]+)"', svg)
    share_of_axis = forecast.done_by(0.5) / timeline.end_s
    assert float(x) == pytest.approx(15 + 82 * share_of_axis, abs=0.01)
    plot = re.search(r'class="plot" x="15%" y="(\d+)" width="82%" height="(\d+)"', svg)
    assert plot is not None
    assert float(y) == int(plot[1]) + int(plot[2]) / 2


@given(scenarios(most_batches=5))
@settings(max_examples=20)
def test_marks_stand_in_order(scenario: Scenario) -> None:
    """P50, P85 and P95 from left to right, on the plot."""
    svg = drawn(make_plan(scenario))["chance"]
    marks = [float(x) for x in re.findall(r'class="mark-dot" cx="([\d.]+)%"', svg)]
    assert len(marks) == 3
    assert marks == sorted(marks)
    assert 15 <= marks[0] and marks[-1] <= 97


def test_the_deadline_is_marked() -> None:
    """A deadline is a line through both pictures; one that is far off is said, with an arrow."""
    near = drawn(plan_of(goal={"deadline_h": 5}))
    assert all('class="deadline"' in near[name] for name in ("chance", "queue"))
    far = drawn(plan_of(goal={"deadline_h": 720}))
    assert 'class="deadline"' not in far["chance"] + far["queue"]
    assert "deadline after 30 d →" in far["chance"]
    assert "deadline" not in drawn(plan_of())["chance"]


# ---- what is read aloud, and where exactly things stand


def described(svg: str) -> tuple[str | None, str | None]:
    """Title and description of a picture."""
    root = ET.fromstring(svg)
    return root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")


def test_the_queue_in_words() -> None:
    """How many batches, in how many rows if folded, and when they are done."""
    title = "The queue over time"
    few = running((0.0, 100.0), (100.0, 400.0))
    many = running(*((float(number), number + 60.0) for number in range(80)))
    after = "after 7 min; in the run at P95 after 7 min. The table below has the same numbers."
    assert described(charts.queue(few, None, DAY_S)) == (
        title,
        f"2 batches. The last result comes {after}",
    )
    words = described(charts.queue(many, None, DAY_S))[1]
    assert words and words.startswith("80 batches, folded into 40 rows. The last result comes ")


def test_the_depth_in_words() -> None:
    """The peak and the limit."""
    assert described(charts.depth(running((0.0, 100.0)), 1000)) == (
        "Requests in the queue over time",
        "At most 10 requests are in the queue at once; the limit is 1,000.",
    )


def test_the_chance_in_words() -> None:
    """When half, most and nearly all runs are done."""
    forecast = plan_of().forecast
    half, most, nearly_all = (duration(forecast.done_by(ratio)) for ratio in (0.5, 0.85, 0.95))
    assert described(drawn(plan_of())["chance"]) == (
        "Chance of being done by a time",
        f"Half of the runs are done after {half}, 85 % after {most}, 95 % after {nearly_all}.",
    )


def test_a_bar_to_the_letter() -> None:
    """A batch that waited, is still to be sent, and may end later: its parts from left to right, in its row."""
    timeline = running((0.0, 100.0), (100.0, 400.0))
    second = with_values(timeline.rows[1], latest_s=430.0)
    svg = charts.queue(with_values(timeline, rows=(timeline.rows[0], second)), None, DAY_S)
    box = 'x="34.52%" y="66" width="58.57%" height="14" rx="2"'
    assert svg[svg.index('<g class="bar', svg.index('<g class="bar') + 1) :] == (
        '<g class="bar is-queued" data-start="100.0" data-end="400.0" data-open="">'
        "<title>Batch 2: 10 requests, sent after 100 s, done after 7 min</title>"
        '<text class="row-name" x="14.00%" y="73" dy="0.35em" text-anchor="end">2</text>'
        '<line class="wait" x1="15.00%" x2="34.52%" y1="73" y2="73"/>'
        '<rect class="fade" fill="url(#queue-fade)" x="93.10%" y="66" width="5.86%" height="14"/>'
        f'<rect class="body" {box}/>'
        f'<rect class="hatch hatch-processing" fill="url(#queue-processing)" {box}/>'
        f'<rect class="hatch hatch-queued" fill="url(#queue-queued)" {box}/></g>'
        '<line class="moment" x1="31.40%" x2="31.40%" y1="34" y2="90"/></svg>'
    )


def test_a_short_batch_can_be_seen() -> None:
    """A second in a run of a day is as wide as can be seen."""
    svg = charts.queue(running((0.0, 1.0), (1.0, DAY_S)), None, DAY_S)
    assert 'class="body" x="15.00%" y="44" width="0.40%"' in svg


def test_names_of_rows_are_short() -> None:
    """A retry is R1, folded ones say which batches they are where there is room for it."""
    plan = plan_of(
        workload={"requests": 500_000},
        batches={"requests_per_batch": 5000},
        retries={"transient_rate": 0.5, "max": 1},
    )
    names = re.findall(r'class="row-name"[^>]*>([^<]+)<', drawn(plan)["queue"])
    assert names[0] == "1–4"
    long, short = re.findall(
        r'class="row-name is-(?:long|short)"[^>]*>([^<]+)<', drawn(plan)["queue"]
    )[-2:]
    assert re.fullmatch(r"R1 \d+–\d+", long)
    assert short == "R1"
    last = re.findall(r'class="row-name"[^>]*>([^<]+)<', drawn(plan_of())["queue"])
    assert last[1:] == ["R1", "R2"]


def test_names_of_marks_do_not_touch() -> None:
    """Of two chances at nearly the same time only the first has its name; both have their mark."""
    svg = chance_of(*[100.0] * 90, *[101.0] * 10)
    assert svg.count('class="mark-dot"') == 3
    assert re.findall(r'class="mark-name"[^>]*>(P\d\d)<', svg) == ["P50"]


def test_the_deadline_to_the_letter() -> None:
    """From the top to the foot of the plot, with its name to the left."""
    svg = chance_of(60.0, 60.0, deadline_s=80.0)
    assert (
        '<line class="deadline" x1="93.10%" x2="93.10%" y1="0" y2="358"/>'
        '<text class="deadline-name" x="93.10%" y="10" dx="-5" text-anchor="end">deadline</text>'
    ) in svg


def test_the_name_of_the_deadline_is_above_those_of_the_chances() -> None:
    """However near the deadline is to a chance, on a phone too, neither name lies on the other."""
    rows = running(*((0.0, 100.0),) * 40, deadline_s=94.0)  # which leave the curve the least height
    svg = chance(rows, summarised(*map(float, range(1, 101))))
    (name,) = re.findall(r'class="deadline-name"[^>]* y="(\d+)"', svg)
    *_, highest = re.findall(r'class="mark-name"[^>]* y="([\d.]+)" dx="-6" dy="(-\d+)"', svg)
    line_px = 12
    assert int(name) + line_px <= float(highest[0]) + int(highest[1])


def test_labels_of_the_chance_stand_beside_their_heights() -> None:
    """At the foot, half way up and at the top, where the label is lowered into the picture."""
    svg = chance_of(60.0)
    labels = re.findall(r'class="tick" x="14.00%" y="([\d.]+)" text-anchor="end">([^<]+)<', svg)
    assert labels == [("358.0", "0 %"), ("193.0", "50 %"), ("32.0", "100 %")]


@pytest.mark.parametrize("batches", [1, 12, 13, 39, 100])
def test_pictures_are_as_high_for_one_batch_as_for_many(batches: int) -> None:
    """What few rows leave goes to the curve; each bar stands within the picture."""
    drawn = running(*((10.0 * number, 10.0 * number + 20) for number in range(batches)))
    pictures = chance(drawn, summarised(60.0)), charts.queue(drawn, None, DAY_S)
    heights = [int(re.findall(r' height="(\d+)"', svg)[0]) for svg in pictures]
    assert sum(heights) == 427
    for top, height in re.findall(r'class="body" [^>]*y="(\d+)" [^>]*height="(\d+)"', pictures[1]):
        assert int(top) + int(height) <= heights[1]


def test_names_of_narrow_rows_do_not_touch() -> None:
    """Of forty rows every second has its name."""
    drawn = running(*((10.0 * number, 10.0 * number + 20) for number in range(40)))
    names = re.findall(r'class="row-name" [^>]*y="(\d+)"', charts.queue(drawn, None, DAY_S))
    assert len(names) == 20
    assert all(int(below) - int(above) >= 12 for above, below in pairwise(names))


def test_a_name_near_the_axis_stands_to_its_right() -> None:
    """To its left are the labels of the axis, and a phone has no room for both."""
    near = chance_of(*[100.0] * 18, 9000.0, 10_000.0)
    far = chance_of(*[8000.0] * 18, 9000.0, 10_000.0)
    name = r'class="mark-name"([^>]*)>P50<'
    at_left, at_right = (re.findall(name, svg)[0] for svg in (near, far))
    assert 'dx="7"' in at_left and "text-anchor" not in at_left
    assert 'text-anchor="end"' in at_right
