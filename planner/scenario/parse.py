"""The one door through which answers come in: JSON values become a scenario, or every problem with them.

`parse` checks everything once; below it nothing is checked again.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from planner import facts
from planner.errors import Problem, ScenarioError
from planner.scenario.fields import FIELDS, GROUPS, Scenario, field, largest_request_bytes, value_of
from planner.scenario.kinds import check, short
from planner.words import counted

_NAMES = tuple(entry.name for entry in FIELDS)


def parse(raw: Any, *, found: Iterable[Problem] = ()) -> Scenario:
    """A scenario from nested JSON values, as `json.loads` returns them: `{"workload": {"requests": 10000}}`.

    Missing fields take their defaults. Raises ScenarioError with every problem: those that the reader of the
    texts has `found`, unknown fields, values of the wrong type or out of bounds, and values that do not go
    together.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = list(found)
    for name, given in _flatten(raw, problems):
        try:
            values[name] = check(field(name), given)
        except ValueError as why:
            problems.append(Problem(name, str(why)))
    order = {name: place for place, name in enumerate(_NAMES)}
    wrong = {problem.field for problem in problems}
    scenario = _assemble(values)
    for rule in _RULES:
        if wrong.isdisjoint(rule.fields):
            problems.extend(Problem(rule.fields[0], message) for message in rule.broken(scenario))
    if problems:
        raise ScenarioError(
            *sorted(problems, key=lambda problem: order.get(problem.field, len(order)))
        )
    return scenario


def to_json(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """The whole scenario as nested JSON values: what `parse` reads back to an equal scenario."""
    tree: dict[str, dict[str, Any]] = {group.key: {} for group in GROUPS}
    for entry in FIELDS:
        key = entry.name.partition(".")[2]
        tree[entry.group][key] = _json_value(value_of(scenario, entry.name))
    return tree


def changed(before: Scenario, after: Scenario) -> tuple[str, ...]:
    """The dotted names of the fields in which the two differ, in the order of the form."""
    return tuple(
        entry.name
        for entry in FIELDS
        if value_of(before, entry.name) != value_of(after, entry.name)
    )


def replace(scenario: Scenario, change: Mapping[str, Any]) -> Scenario:
    """The scenario with some fields changed, checked again: `{"workload.model": "claude-haiku-5-5"}`."""
    tree = to_json(scenario)
    for name, value in change.items():
        group, _, key = name.partition(".")
        tree[group][key] = _json_value(value)
    return parse(tree)


def _json_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [[requests, _json_value(seconds)] for requests, seconds in value]
    if isinstance(value, Decimal | float):
        return int(value) if value == int(value) else float(value)
    return value


def _assemble(values: Mapping[str, Any]) -> Scenario:
    """The defaults with `values` in their places."""
    default = Scenario()
    groups = {}
    for group in GROUPS:
        given = {
            name.partition(".")[2]: value
            for name, value in values.items()
            if name.startswith(group.key + ".")
        }
        groups[group.key] = dataclasses.replace(getattr(default, group.key), **given)
    return Scenario(**groups)


def _flatten(raw: Any, problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    """The known fields in `raw` with their values; what is unknown or no object goes to `problems`."""
    if not isinstance(raw, Mapping):
        problems.append(
            Problem(
                "", 'A scenario is an object of groups, such as {"workload": {"requests": 10000}}.'
            )
        )
        return
    groups = {group.key for group in GROUPS}
    for group, inner in raw.items():
        if group not in groups:
            problems.append(
                Problem(
                    short(group),
                    f"There is no such group. The groups are {', '.join(sorted(groups))}.",
                )
            )
        elif not isinstance(inner, Mapping):
            problems.append(Problem(group, "This is a group: it must be an object of fields."))
        else:
            for key, value in inner.items():
                name = f"{group}.{key}"
                if name in _NAMES:
                    yield name, value
                else:
                    problems.append(unknown_field(name))


def unknown_field(name: str) -> Problem:
    """The problem of a field that does not exist; it names what was given and the field that is nearest."""
    from difflib import get_close_matches  # a slow import that only a mistake needs

    shown = short(name)
    nearest = get_close_matches(shown, _NAMES, 1, 0.6)
    hint = (
        f" Did you mean {nearest[0]}?"
        if nearest
        else " The contract of fields is on the method page."
    )
    return Problem(shown, f"There is no such field.{hint}")


# What must hold between fields. A rule is asked only when its own fields are right; its problem stands
# beside the first of them.


class _Rule(NamedTuple):
    fields: tuple[str, ...]
    broken: Callable[[Scenario], Iterator[str]]


def _prefix_fits(scenario: Scenario) -> Iterator[str]:
    prefix, prompt = scenario.workload.shared_prefix_tokens, scenario.workload.input_tokens
    if prefix > prompt:
        yield (
            f"The shared prefix of {prefix:,} tokens is longer than the prompt that contains it, {prompt:,} tokens. "
            f"Make it {prompt:,} or less, or count the prefix in the input tokens."
        )


def _tail_fits(scenario: Scenario) -> Iterator[str]:
    tail, mean = scenario.workload.output_p95_tokens, scenario.workload.output_tokens
    if 0 < tail < mean:
        yield f"95 % of answers cannot be at most {tail:,} tokens when their mean is {mean:,}. Use {mean:,} or more, or 0."


def _limit_above_mean(scenario: Scenario) -> Iterator[str]:
    limit, mean = scenario.workload.max_tokens, scenario.workload.output_tokens
    if 0 < limit < mean:
        yield f"No answer may be longer than max_tokens, {limit:,}, so their mean cannot be {mean:,}. Use {mean:,} or more, or 0."


def _answer_fits_model(scenario: Scenario) -> Iterator[str]:
    model = facts.model(scenario.workload.model)
    longest = model.batch_max_output_tokens
    if scenario.workload.output_tokens > longest:
        yield f"An answer of {model.name} may have at most {longest:,} tokens in a batch."


def _max_tokens_fits_model(scenario: Scenario) -> Iterator[str]:
    model = facts.model(scenario.workload.model)
    longest = model.batch_max_output_tokens
    if scenario.workload.max_tokens > longest:
        yield f"max_tokens of {model.name} may be at most {longest:,} in a batch; 0 lets the planner propose it."


def _context_fits(scenario: Scenario) -> Iterator[str]:
    model, work = facts.model(scenario.workload.model), scenario.workload
    answer, name = max((work.output_tokens, "the answer"), (work.max_tokens, "max_tokens"))
    over = work.input_tokens + answer - model.context_tokens
    if over > 0:
        yield (
            f"The prompt of {counted(work.input_tokens, 'token')} and {name} of {answer:,} exceed the context of "
            f"{model.name}, {model.context_tokens:,}. Take off {over:,}, or choose a model with a longer context."
        )


def _request_fits_batch(scenario: Scenario) -> Iterator[str]:
    given, most = scenario.workload.bytes_per_request, largest_request_bytes()
    if given > most:
        yield (
            f"A request of {given:,} bytes is larger than a batch may be: {most:,} bytes, which is the provider's "
            f"{facts.limit('batch_max_bytes').value:,} less a margin. Make the requests smaller, or use 0 for an estimate."
        )


def _history_given(scenario: Scenario) -> Iterator[str]:
    if scenario.duration.model == "history" and not scenario.duration.history:
        yield "To judge by your own batches, give at least one as requests:seconds, or choose the public observations."


_RULES = (
    _Rule(("workload.shared_prefix_tokens", "workload.input_tokens"), _prefix_fits),
    _Rule(("workload.output_p95_tokens", "workload.output_tokens"), _tail_fits),
    _Rule(("workload.output_tokens", "workload.model"), _answer_fits_model),
    _Rule(("workload.max_tokens", "workload.output_tokens"), _limit_above_mean),
    _Rule(("workload.max_tokens", "workload.model"), _max_tokens_fits_model),
    _Rule(
        (
            "workload.input_tokens",
            "workload.output_tokens",
            "workload.max_tokens",
            "workload.model",
        ),
        _context_fits,
    ),
    _Rule(("workload.bytes_per_request",), _request_fits_batch),
    _Rule(("duration.history", "duration.model"), _history_given),
)
