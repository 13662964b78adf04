"""Tell a person what a file holds."""

from collections.abc import Iterator

from planner.measure.export import breaks_of, plans_of, prefixes_of, tokens_of, usd_of
from planner.measure.measured import Measured
from planner.measure.sharing import Break, Prefix
from planner.measure.tokens import assumption
from planner.plan import cost_of
from planner.scenario import Scenario
from planner.words import count, counted, money, share, size

_MOST_ROWS = 5
_WHAT = {
    "date": "a date or a time",
    "id": "an id",
    "number": "a number",
    "keys": "the order of keys",
    "text": "text",
}


def report(measured: Measured, base: Scenario) -> list[str]:
    """The report, line by line: what is there, what is wrong with it, what it costs."""
    return [
        *_summary(measured),
        *_tokens(measured),
        *_problems(measured),
        *_sharing(measured),
        *_repeats(measured, base),
        *_results(measured),
        *_plans(measured, base),
    ]


def _summary(measured: Measured) -> Iterator[str]:
    files = counted(measured.files, "file")
    lines = counted(measured.lines, "line")
    if measured.requests:
        yield (
            f"{counted(measured.requests, 'request')} in {lines} of {files}; "
            f"{count(measured.bytes)} bytes ({size(measured.bytes)}) as one body"
        )
    else:
        yield f"No request in {lines} of {files}"
    for work in measured.workloads:
        name = work.model.name if work.model else work.name
        limits = ", ".join(count(limit) for limit, _ in work.limits.most_common(3))
        yield f"    {name}: {counted(work.requests, 'request')}; max_tokens {limits or 'unknown'}"


def _tokens(measured: Measured) -> Iterator[str]:
    sample = tokens_of(measured)
    if not sample.count:
        return
    yield (
        f"Input tokens of a request, estimated: {count(int(sample.mean + 0.5))} in the mean, "
        f"{count(sample.quantile(0.5))} at P50, {count(sample.quantile(0.95))} at P95, "
        f"{count(sample.largest)} at most"
    )
    for work in measured.workloads:
        if work.model:
            mean = work.mean_tokens
            ends = (count(int(end + 0.5)) for end in (mean.low, mean.likely, mean.high))
            yield f"    {work.model.name}: mean {' / '.join(ends)} (low / likely / high)"
    for tokenizer in sorted({work.model.tokenizer for work in measured.workloads if work.model}):
        yield f"    {assumption(tokenizer)}"


def _problems(measured: Measured) -> Iterator[str]:
    groups = measured.findings.groups()
    if measured.requests and not groups:
        yield "No problem was found"
    for group in groups:
        first = group.first
        where = f"line {first.line:,}" + (f" of {first.file}" if measured.files > 1 else "")
        where += f", id {first.custom_id!r}" if first.custom_id else ""
        yield f"{group.severity}: {group.rule}: {counted(group.lines, 'line')}, first {where}"
        yield f"    {first.message}"


def _sharing(measured: Measured) -> Iterator[str]:
    for prefix in prefixes_of(measured)[:_MOST_ROWS]:
        yield prefix_in_words(prefix)
    for found in breaks_of(measured)[:_MOST_ROWS]:
        what, remedy = break_in_words(found)
        yield from (what, f"    {remedy}")


def prefix_in_words(prefix: Prefix) -> str:
    """What so many requests begin with, and whether a cache would pay."""
    long_enough = "long enough to cache" if prefix.cacheable else "too short to cache"
    marked = "marked" if prefix.marked else "not marked"
    saving = f", which saves about {money(prefix.usd)}" if prefix.usd else ""
    return (
        f"{counted(prefix.requests, 'request')} begin with the same "
        f"{counted(prefix.tokens, 'token')}: {long_enough}, {marked}{saving}"
    )


def break_in_words(found: Break) -> tuple[str, str]:
    """Where prompts begin to differ, and what to do about it."""
    what = (
        f"{counted(found.requests, 'request')} differ at byte {found.byte:,} of {found.place} by "
        f"{_WHAT[found.what]}: “{found.one}” in line {found.lines[0]:,}, “{found.other}” in line "
        f"{found.lines[1]:,}"
    )
    remedy = (
        f"Put what differs behind the {counted(found.tokens, 'token')} that are the same, in a "
        f"block of its own, and cache those: it saves about {money(found.usd)}"
    )
    return what, remedy


def _repeats(measured: Measured, base: Scenario) -> Iterator[str]:
    yield from (each for each in (duplicates(measured, base), left_out(measured)) if each)


def duplicates(measured: Measured, base: Scenario) -> str:
    """How many requests say the same as an earlier one, and what they cost; "" if none does."""
    if not measured.duplicates:
        return ""
    usd = usd_of(measured.duplicates, measured.results, base)
    return (
        f"{counted(len(measured.duplicates), 'duplicate')} of earlier requests under another id: "
        f"{money(usd)}"
    )


def left_out(measured: Measured) -> str:
    """That there are more repeats, and findings, than are told one by one; "" if there are not."""
    more = []
    if measured.repeats_left_out:
        more.append(
            f"up to {count(measured.repeats_left_out)} more ids or requests that may be repeated "
            "were not looked at"
        )
    if measured.findings.left_out:
        more.append(f"{counted(measured.findings.left_out, 'finding')} more are counted only")
    return "; ".join(more)


def _results(measured: Measured) -> Iterator[str]:
    results = measured.results
    if not results.lines:
        return
    yield f"{counted(results.lines, 'result')}, {count(results.succeeded)} succeeded"
    if results.output.count:
        yield (
            f"    Output tokens: {count(int(results.output.mean + 0.5))} in the mean, "
            f"{count(results.output.quantile(0.95))} at P95"
        )
    for name, counts in (("Stop reasons", results.stop_reasons), ("Errors", results.errors)):
        if counts:
            each = ", ".join(
                f"{word} {count(number)} ({share(number / results.lines)})"
                for word, number in counts.most_common(_MOST_ROWS)
            )
            yield f"    {name}: {each}"


def _plans(measured: Measured, base: Scenario) -> Iterator[str]:
    plans = plans_of(measured, base)
    for name, scenario, usd in plans:
        output = count(scenario.workload.output_tokens)
        told = "measured" if measured.results.output.count else "not measured"
        realtime = cost_of(scenario).realtime_usd
        yield (
            f"{name}: {money(usd)} as batches, {money(realtime)} in real time, with "
            f"{output} output tokens a request ({told})"
        )
    if len(plans) > 1:
        yield f"All models: {money(sum((usd for *_, usd in plans), start=plans[0][2] * 0))}"
