"""Make scenarios of what was measured: of the whole, and of each model alone."""

from collections.abc import Mapping
from typing import Any

from planner import facts
from planner.errors import ScenarioError
from planner.measure.measured import Measured
from planner.measure.results import Results
from planner.measure.sharing import Prefix, Sharing
from planner.measure.wire import ENVELOPE_BYTES
from planner.measure.workload import Workload
from planner.scenario import Scenario, field, replace

_P95 = 0.95


def scenario_of(measured: Measured, base: Scenario) -> Scenario:
    """The base with what was measured of all requests; its model is that of the most."""
    known = [work for work in measured.workloads if work.model]
    if not measured.workloads:
        return with_answers(base, answers_of(measured.results, alone=True))
    first = known[0] if known else measured.workloads[0]
    single = _of_workload(first, base)
    tokens = sum(work.tokens.total for work in measured.workloads)
    every = {
        "workload.requests": measured.requests,
        "workload.input_tokens": _mean(tokens, measured.requests),
        "workload.bytes_per_request": _mean_bytes(measured.bytes, measured.requests),
    }
    # what the requests of one model share is not shared by those of others
    kept = single if len(known) == 1 else {"workload.model": single.get("workload.model", "")}
    return with_answers(base, {**kept, **every, **answers_of(measured.results)})


def scenario_of_model(work: Workload, results: Results, base: Scenario) -> Scenario:
    """The base with what was measured of the requests of one model, and of earlier results."""
    return with_answers(base, {**_of_workload(work, base), **answers_of(results)})


def _of_workload(work: Workload, base: Scenario) -> dict[str, Any]:
    body = work.bytes + work.requests - 1 + ENVELOPE_BYTES
    answers: dict[str, Any] = {
        "workload.requests": work.requests,
        "workload.input_tokens": max(1, int(work.mean_tokens.likely + 0.5)),
        "workload.bytes_per_request": _mean_bytes(body, work.requests),
    }
    if work.limits:
        limit = max(work.limits, key=lambda each: (work.limits[each], each))
        answers["workload.max_tokens"] = limit
        # the mean of answers is not known, but for this
        answers["workload.output_tokens"] = min(base.workload.output_tokens, max(1, limit))
    if work.model is None:
        return answers
    answers["workload.model"] = work.model.id
    if 2 * work.us > work.requests:
        answers["pricing.geo"] = "us"
    prefix = shared_prefix(work, work.model)
    if prefix:
        answers["workload.shared_prefix_tokens"] = min(
            prefix.tokens, answers["workload.input_tokens"]
        )
        if prefix.marked and prefix.cacheable:
            answers["caching.mode"] = prefix.ttl
    return answers


def shared_prefix(work: Workload, model: facts.Model) -> Prefix | None:
    """The longest prefix that nine in ten requests share."""
    found = Sharing(work.prefixes, model).prefixes()
    common = [each for each in found if 10 * each.requests >= 9 * work.requests > 9]
    return max(common, key=lambda each: (each.marked, each.tokens), default=None)


def answers_of(results: Results, *, alone: bool = False) -> dict[str, Any]:
    """What earlier results tell of the answers and failures to come; alone: of the requests too."""
    answers: dict[str, Any] = {}
    if results.output.count:
        mean = max(1, int(results.output.mean + 0.5))
        answers["workload.output_tokens"] = mean
        answers["workload.output_p95_tokens"] = max(mean, results.output.quantile(_P95))
    if results.judged:
        answers["retries.transient_rate"] = results.passing / results.judged
        answers["retries.permanent_rate"] = results.lasting / results.judged
    if alone and results.lines:
        answers["workload.requests"] = results.lines
        if results.input.count:
            answers["workload.input_tokens"] = max(1, int(results.input.mean + 0.5))
        model = max(results.models, key=lambda name: results.models[name], default="")
        if _is_known(model):
            answers["workload.model"] = facts.model(model).id
    return answers


def _is_known(model: str) -> bool:
    try:
        facts.model(model)
    except KeyError:
        return False
    return True


def with_answers(base: Scenario, answers: Mapping[str, Any]) -> Scenario:
    """The base with the answers, less those that a scenario cannot hold: out of its bounds, or at
    odds with the others.
    """
    left = {name: _within(name, answer) for name, answer in answers.items()}
    while left:
        try:
            return replace(base, left)
        except ScenarioError as error:
            refused = {problem.field for problem in error.problems}
            kept = {name: answer for name, answer in left.items() if name not in refused}
            left = kept if len(kept) < len(left) else {}
    return base


def _within(name: str, answer: Any) -> Any:
    entry = field(name)
    if not isinstance(answer, int | float):
        return answer
    return min(max(answer, type(answer)(entry.low)), type(answer)(entry.high))


def _mean(total: int, count: int) -> int:
    return max(1, (2 * total + count) // (2 * count)) if count else 1


def _mean_bytes(body: int, requests: int) -> int:
    """Bytes of a request so that a plan's batches are never smaller than the real ones."""
    return max(1, -(-(body - ENVELOPE_BYTES + 1) // requests) - 1) if requests else 1
