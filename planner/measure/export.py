"""Write what was measured as JSON values; the names are those of the contract."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from planner import facts
from planner.measure.becomes import scenario_of, scenario_of_model
from planner.measure.measured import Duplicate, Measured
from planner.measure.results import Results
from planner.measure.sample import Sample
from planner.measure.sharing import Break, Prefix, Sharing
from planner.measure.tokens import assumption
from planner.model import cost
from planner.plan import cost_of
from planner.scenario import Scenario, to_json
from planner.words import plain


def export(measured: Measured, base: Scenario) -> dict[str, Any]:
    """The whole measurement as JSON values. Money is text, tokens are whole numbers."""
    single = len({finding.file for finding in measured.findings.kept}) <= 1 >= measured.files
    return {
        "files": measured.files,
        "lines": measured.lines,
        "requests": measured.requests,
        "bytes": measured.bytes,
        "models": {work.name: work.requests for work in measured.workloads},
        "input_tokens": _input(measured),
        "output_tokens": _output(measured.results),
        "histogram": tokens_of(measured).histogram(),
        "max_tokens": _limits(measured),
        "prefixes": [_prefix(each) for each in prefixes_of(measured)],
        "breaks": [_break(each) for each in breaks_of(measured)],
        "duplicates": {
            "requests": len(measured.duplicates),
            "usd": usd_text(usd_of(measured.duplicates, measured.results, base)),
        },
        "repeats_left_out": measured.repeats_left_out,
        "results": _results(measured.results),
        "groups": [
            {"rule": group.rule, "severity": group.severity, "count": group.count}
            for group in measured.findings.groups()
        ],
        "problems": [_problem(asdict(each), single) for each in measured.findings.sorted()],
        "problems_left_out": measured.findings.left_out,
        "scenario": to_json(scenario_of(measured, base)),
        "plans": [
            {"model": name, "requests": scenario.workload.requests, "usd": usd_text(usd)}
            | {"scenario": to_json(scenario)}
            for name, scenario, usd in plans_of(measured, base)
        ],
    }


def plans_of(measured: Measured, base: Scenario) -> list[tuple[str, Scenario, Decimal]]:
    """For each model of the catalogue its scenario, and what that costs."""
    scenarios = [
        (work.name, scenario_of_model(work, measured.results, base))
        for work in measured.workloads
        if work.model
    ]
    return [(name, scenario, cost_of(scenario).batch_usd) for name, scenario in scenarios]


def tokens_of(measured: Measured) -> Sample:
    """Likely tokens of all prompts, whatever their model."""
    every = Sample()
    for work in measured.workloads:
        every.merge(work.tokens)
    return every


def prefixes_of(measured: Measured) -> list[Prefix]:
    """What the requests of each model share, the most tokens first."""
    found = [each for sharing in _sharings(measured) for each in sharing.prefixes()]
    return sorted(found, key=lambda each: -each.requests * each.tokens)


def breaks_of(measured: Measured) -> list[Break]:
    """Where prefixes break, the dearest first."""
    found = [each for sharing in _sharings(measured) for each in sharing.breaks()]
    return sorted(found, key=lambda each: -each.usd)


def usd_of(duplicates: tuple[Duplicate, ...], results: Results, base: Scenario) -> Decimal:
    """What requests cost that say the same as an earlier one, in US dollars."""
    total = Decimal(0)
    output = int(results.output.mean + 0.5) or base.workload.output_tokens
    for duplicate in duplicates:
        try:
            model = facts.model(duplicate.model)
        except KeyError:
            continue
        request = cost.Request(input_tokens=duplicate.tokens, output_tokens=output, prefix_tokens=0)
        tariff = cost.tariff(model, duplicate.tokens, us_only=False)
        total += cost.price(request, 1, 0, cache="none", tariff=tariff).batch_usd
    return total


def _sharings(measured: Measured) -> list[Sharing]:
    return [Sharing(work.prefixes, work.model) for work in measured.workloads if work.model]


def _input(measured: Measured) -> dict[str, Any]:
    sample, count = tokens_of(measured), max(1, measured.requests)
    ends = {"low": 0.0, "likely": 0.0, "high": 0.0}
    for work in measured.workloads:
        mean = work.mean_tokens
        for end in ends:
            ends[end] += getattr(mean, end) * (work.requests / count)
    tokenizers = {work.model.tokenizer for work in measured.workloads if work.model} or {"new"}
    return {
        **{end: int(tokens + 0.5) for end, tokens in ends.items()},
        "p50": sample.quantile(0.5),
        "p95": sample.quantile(0.95),
        "max": sample.largest,
        "assumption": " ".join(assumption(each) for each in sorted(tokenizers)),
    }


def _output(results: Results) -> dict[str, int] | None:
    if not results.output.count:
        return None
    return {"mean": int(results.output.mean + 0.5), "p95": results.output.quantile(0.95)}


def _limits(measured: Measured) -> dict[str, int]:
    limits: dict[str, int] = {}
    for work in measured.workloads:
        for limit, count in work.limits.items():
            limits[str(limit)] = limits.get(str(limit), 0) + count
    return dict(sorted(limits.items(), key=lambda entry: -entry[1])[:20])


def _results(results: Results) -> dict[str, Any] | None:
    if not results.lines:
        return None
    return {
        "lines": results.lines,
        "succeeded": results.succeeded,
        "stop_reasons": dict(results.stop_reasons.most_common()),
        "errors": dict(results.errors.most_common()),
        "models": dict(results.models.most_common()),
    }


def _problem(finding: dict[str, Any], single: bool) -> dict[str, Any]:
    file = finding.pop("file")
    return finding if single else {"file": file, **finding}


def _prefix(prefix: Prefix) -> dict[str, Any]:
    return {**asdict(prefix), "usd": usd_text(prefix.usd)}


def _break(found: Break) -> dict[str, Any]:
    return {**asdict(found), "usd": usd_text(found.usd)}


def usd_text(amount: Decimal) -> str:
    """US dollars as text: all digits that the amount has, at least those of the cents."""
    whole, _, digits = plain(amount).partition(".")
    return f"{whole}.{digits.ljust(2, '0')}"
