"""Show what files hold, on the page: the texts, rows and pictures of a measurement.

The names are those of the page: `measured.*` slots and lists, and the chart `histogram`.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from planner.measure.export import breaks_of, plans_of, prefixes_of, tokens_of
from planner.measure.measured import Measured
from planner.measure.rules import ERROR
from planner.measure.sample import Sample
from planner.measure.tokens import assumption
from planner.scenario import Scenario, texts
from planner.show import svg
from planner.show.measured import break_in_words, duplicates, left_out, prefix_in_words
from planner.show.rows import Cells
from planner.words import count, counted, money, share, size

_MOST_ROWS = 12
_TOP, _PLOT_PX = 8, 96


def view_of(measured: Measured, base: Scenario) -> dict[str, Any]:
    """The part of the page: `{"slots", "lists", "charts"}`, as the page of a plan has them."""
    plans = plans_of(measured, base)
    sample = tokens_of(measured)
    return {
        "slots": {
            "measured.sentence": _sentence(measured),
            "measured.tokens": _tokens(measured, sample),
            "measured.assumption": _assumption(measured),
            "measured.output": _output(measured),
            "measured.limits": _limits(measured),
            "measured.duplicates": duplicates(measured, base),
            "measured.findings": _findings(measured),
            "measured.left_out": left_out(measured),
        },
        "lists": {
            "measured.plans": _plans(plans),
            "measured.findings": [
                _finding(group, measured.files) for group in measured.findings.groups()
            ],
            "measured.shared": [{"text": text} for text in _shared(measured)],
            "measured.histogram": _bars(sample),
        },
        "charts": {"histogram": histogram(sample)},
    }


def use_of(scenario: Scenario, base: Scenario) -> dict[str, Any]:
    """One press that fills the question: the link, and the texts of the fields that it changes.

    The link is "" where it changes nothing.
    """
    before, after = texts.write_texts(base), texts.write_texts(scenario)
    values = {name: text for name, text in after.items() if text != before[name]}
    return {"href": "#" + texts.write_query(scenario) if values else "", "values": values}


def _sentence(measured: Measured) -> str:
    results = measured.results
    if not measured.requests and results.lines:
        return (
            f"{counted(results.lines, 'result')}, {count(results.succeeded)} of them succeeded. "
            "Their answers' lengths and their failures can be used in the plan."
        )
    if not measured.requests:
        return f"No request in {counted(measured.lines, 'line')}."
    names = [work.model.name if work.model else work.name for work in measured.workloads]
    to = names[0] if len(names) == 1 else f"{counted(len(names), 'model')}: {', '.join(names[:4])}"
    mean = int(tokens_of(measured).mean + 0.5)
    return (
        f"{counted(measured.requests, 'request')} to {to}: {size(measured.bytes)} as they are sent, "
        f"about {counted(mean, 'token')} each."
    )


def _tokens(measured: Measured, sample: Sample) -> str:
    if not sample.count:
        return ""
    ends = [Decimal(0), Decimal(0)]
    for work in measured.workloads:
        mean = work.mean_tokens
        for place, end in enumerate((mean.low, mean.high)):
            ends[place] += Decimal(end) * work.requests
    low, high = (count(int(end / measured.requests + Decimal("0.5"))) for end in ends)
    return (
        f"{count(int(sample.mean + 0.5))} in the mean, {low} to {high} as they may be counted; "
        f"{count(sample.quantile(0.5))} at P50, {count(sample.quantile(0.95))} at P95, "
        f"{count(sample.largest)} at most"
    )


def _assumption(measured: Measured) -> str:
    tokenizers = {work.model.tokenizer for work in measured.workloads if work.model}
    return " ".join(assumption(each) for each in sorted(tokenizers))


def _output(measured: Measured) -> str:
    results = measured.results
    if not results.lines:
        return ""
    told = []
    if results.output.count:
        told.append(
            f"{count(int(results.output.mean + 0.5))} tokens in the mean, "
            f"{count(results.output.quantile(0.95))} at P95"
        )
    for counts in (results.stop_reasons, results.errors):
        told += [
            f"{word} {count(number)} ({share(number / results.lines)})"
            for word, number in counts.most_common(4)
        ]
    return "; ".join(told)


def _limits(measured: Measured) -> str:
    limits: dict[int, int] = {}
    for work in measured.workloads:
        for limit, requests in work.limits.items():
            limits[limit] = limits.get(limit, 0) + requests
    most = sorted(limits.items(), key=lambda entry: -entry[1])[:3]
    more = f", and {counted(len(limits) - 3, 'other')}" if len(limits) > 3 else ""
    return ", ".join(count(limit) for limit, _ in most) + more


def _plans(plans: Sequence[tuple[str, Scenario, Decimal]]) -> list[Cells]:
    """What the file costs with each of its models; where it mixes them, their sum too."""
    rows = [
        {
            "model": name,
            "requests": count(scenario.workload.requests),
            "cost": money(usd),
            "href": "#" + texts.write_query(scenario),
        }
        for name, scenario, usd in plans
    ]
    if len(rows) < 2:
        return rows
    requests = sum(scenario.workload.requests for _, scenario, _ in plans)
    usd = sum((usd for *_, usd in plans), Decimal(0))
    total = {"model": "All of them", "requests": count(requests), "cost": money(usd), "href": ""}
    return [*rows, total]


# What is wrong with it


def _findings(measured: Measured) -> str:
    groups = measured.findings.groups()
    if not groups:
        return "Nothing is wrong with it, by any rule." if measured.requests else ""
    errors = sum(group.count for group in groups if group.severity == ERROR)
    warnings = sum(group.count for group in groups) - errors
    each = ((errors, "error"), (warnings, "warning"))
    told = [counted(number, noun) for number, noun in each if number]
    kinds = f"{len(groups)} kinds, the worst first" if len(groups) > 1 else "one kind"
    return f"{' and '.join(told)}, of {kinds}."


def _finding(group: Any, files: int) -> Cells:
    first = group.first
    where = f"line {count(first.line)}"
    return {
        "severity": "blocks" if group.severity == ERROR else "warns",
        "label": "Error" if group.severity == ERROR else "Warning",
        "rule": group.rule,
        "count": count(group.count),
        "where": f"{first.file}, {where}" if files > 1 else where,
        "message": first.message,
    }


# What is shared


def _shared(measured: Measured) -> Iterator[str]:
    for prefix in prefixes_of(measured)[:_MOST_ROWS]:
        yield prefix_in_words(prefix)
    for found in breaks_of(measured)[:_MOST_ROWS]:
        what, remedy = break_in_words(found)
        yield f"{what}. {remedy}"


# How long the prompts are


def _bars(sample: Sample) -> list[Cells]:
    return [
        {
            "tokens": f"{count(low)} to {count(high - 1)}" if high - low > 1 else count(low),
            "requests": count(number),
            "share": share(number / sample.count),
        }
        for low, high, number in sample.histogram()
    ]


def histogram(sample: Sample) -> str:
    """Input tokens of the requests as bars; the median and P95 are marked."""
    bars = sample.histogram()
    if not bars:
        return svg.image("histogram", 1, "Input tokens of a request", "There are none.", "")
    start, end, highest = bars[0][0], bars[-1][1], max(number for *_, number in bars)
    width = 1000 / len(bars)
    path = "".join(
        f"M{place * width:.1f} 100V{100 - number / highest * 100:.1f}h{width * 0.92:.1f}V100Z"
        for place, (*_, number) in enumerate(bars)
    )
    bottom = _TOP + _PLOT_PX
    parts = [
        svg.plot(_TOP, _PLOT_PX, svg.path("area", path)),
        svg.left_label(_TOP + 8, count(highest)),
        svg.baseline(bottom),
    ]
    anchors = (' text-anchor="start"', ' text-anchor="end"')
    for at, anchor in zip((start, end - 1), anchors, strict=True):
        x = svg.LEFT if at == start else svg.RIGHT
        parts.append(svg.text("tick", x, bottom + 16, count(at), anchor))
    for name, ratio in (("P50", 0.5), ("P95", 0.95)):
        x = svg.across(min(max(sample.quantile(ratio) - start, 0), end - start), end - start)
        parts.append(svg.upright("mark", x, _TOP, bottom))
        parts.append(svg.text("mark-name", x, _TOP + 8, name, ' dx="4"'))
    description = (
        f"{counted(sample.count, 'request')} from {count(start)} to {count(end - 1)} tokens; half have "
        f"at most {count(sample.quantile(0.5))}, 95 % at most {count(sample.quantile(0.95))}. "
        "The table below has the same numbers."
    )
    return svg.image(
        "histogram", bottom + 24, "Input tokens of a request", description, "".join(parts)
    )
