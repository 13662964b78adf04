"""The one door through which answers come in: JSON values become a scenario, or every problem with
them.

Everything is checked here, once; below it nothing is checked again.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from planner import facts
from planner.errors import Problem, ScenarioError
from planner.scenario.fields import FIELDS, GROUPS, Scenario, field, value_of
from planner.scenario.kinds import short
from planner.words import counted

_PLACES = {entry.name: place for place, entry in enumerate(FIELDS)}


def parse(raw: Any, *, problems: Iterable[Problem] = ()) -> Scenario:
    """A scenario from nested JSON values, as `json.loads` returns them: `{"workload": {"requests":
    10000}}`.

    Missing fields take their defaults. Raises ScenarioError with every problem: those that the
    reader of the texts has had, unknown fields, values of the wrong type or out of bounds, and
    values that do not go together.
    """
    known = list(problems)
    answers = dict(_flatten(raw, known))
    return _checked(Scenario(), answers, known)


def replace(scenario: Scenario, change: Mapping[str, Any]) -> Scenario:
    """The scenario with some fields changed: `{"workload.model": "claude-haiku-5-5"}`.

    Only they are checked, and what must hold between fields. KeyError for a field that does not
    exist; raises ScenarioError.
    """
    return _checked(scenario, change, [])


def to_json(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """The whole scenario as nested JSON values: what `parse` reads back to an equal scenario."""
    tree: dict[str, dict[str, Any]] = {group.key: {} for group in GROUPS}
    for entry in FIELDS:
        tree[entry.group][entry.key] = entry.dump(value_of(scenario, entry.name))
    return tree


def changed(before: Scenario, after: Scenario) -> tuple[str, ...]:
    """The dotted names of the fields in which the two differ, in the order of the form."""
    return tuple(
        entry.name
        for entry in FIELDS
        if value_of(before, entry.name) != value_of(after, entry.name)
    )


def _checked(base: Scenario, answers: Mapping[str, Any], problems: list[Problem]) -> Scenario:
    """The base with the answers in their places; raises ScenarioError with `problems` and every
    other one.
    """
    values: dict[str, Any] = {}
    for name, answer in answers.items():
        try:
            values[name] = field(name).check(answer)
        except ValueError as why:
            problems.append(Problem(name, str(why)))
    wrong = {problem.field for problem in problems}
    scenario = _assemble(base, values)
    for rule in _RULES:
        if wrong.isdisjoint(rule.fields):
            problems.extend(Problem(rule.fields[0], message) for message in rule.broken(scenario))
    if problems:
        raise ScenarioError(
            *sorted(problems, key=lambda problem: _PLACES.get(problem.field, len(_PLACES)))
        )
    return scenario


def _assemble(base: Scenario, values: Mapping[str, Any]) -> Scenario:
    by_group: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        entry = field(name)
        by_group.setdefault(entry.group, {})[entry.key] = value
    groups = {
        group: dataclasses.replace(getattr(base, group), **changes)
        for group, changes in by_group.items()
    }
    return dataclasses.replace(base, **groups)


def _flatten(raw: Any, problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    """The known fields in `raw` with their values; `problems` gets what is unknown or no object."""
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
                if name in _PLACES:
                    yield name, value
                else:
                    problems.append(unknown_field(name))


def unknown_field(name: str) -> Problem:
    """The problem of a field that does not exist; it names what was typed and the field that is
    nearest.
    """
    from difflib import get_close_matches  # a slow import that only a mistake needs

    shown = short(name)
    nearest = get_close_matches(shown, _PLACES, 1, 0.6)
    hint = (
        f" Did you mean {nearest[0]}?"
        if nearest
        else " The contract of fields is on the method page."
    )
    return Problem(shown, f"There is no such field.{hint}")


# What must hold between fields. A rule is asked only when its own fields are right; its problem
# stands beside the first of them.


class _Rule(NamedTuple):
    fields: tuple[str, ...]
    broken: Callable[[Scenario], Iterator[str]]


def _prefix_fits(scenario: Scenario) -> Iterator[str]:
    prefix, prompt = scenario.workload.shared_prefix_tokens, scenario.workload.input_tokens
    if prefix > prompt:
        yield (
            f"The shared prefix of {prefix:,} tokens is longer than the prompt that contains it, "
            f"{prompt:,} tokens. Make it {prompt:,} or less, "
            "or count the prefix in the input tokens."
        )


def _tail_fits(scenario: Scenario) -> Iterator[str]:
    tail, mean = scenario.workload.output_p95_tokens, scenario.workload.output_tokens
    if 0 < tail < mean:
        yield (
            f"95 % of answers cannot be at most {tail:,} tokens when their mean is {mean:,}. "
            f"Use {mean:,} or more, or 0."
        )


def _limit_above_mean(scenario: Scenario) -> Iterator[str]:
    limit, mean = scenario.workload.max_tokens, scenario.workload.output_tokens
    if 0 < limit < mean:
        yield (
            f"No answer may be longer than max_tokens, {limit:,}, so their mean cannot be "
            f"{mean:,}. Use {mean:,} or more, or 0."
        )


def _answer_fits_model(scenario: Scenario) -> Iterator[str]:
    model = facts.model(scenario.workload.model)
    longest = model.batch_max_output_tokens
    if scenario.workload.output_tokens > longest:
        yield f"An answer of {model.name} may have at most {longest:,} tokens in a batch."


def _max_tokens_fits_model(scenario: Scenario) -> Iterator[str]:
    model = facts.model(scenario.workload.model)
    longest = model.batch_max_output_tokens
    if scenario.workload.max_tokens > longest:
        yield (
            f"max_tokens of {model.name} may be at most {longest:,} in a batch; "
            "0 lets the planner propose it."
        )


def _context_fits(scenario: Scenario) -> Iterator[str]:
    model, work = facts.model(scenario.workload.model), scenario.workload
    answer, name = max((work.output_tokens, "the answer"), (work.max_tokens, "max_tokens"))
    over = work.input_tokens + answer - model.context_tokens
    if over > 0:
        yield (
            f"The prompt of {counted(work.input_tokens, 'token')} and {name} of {answer:,} exceed "
            f"the context of {model.name}, {model.context_tokens:,}. Take off {over:,}, or choose "
            "a model with a longer context."
        )


def _request_fits_batch(scenario: Scenario) -> Iterator[str]:
    # a batch of this request alone must stay below the limit
    size = scenario.workload.bytes_per_request
    most = facts.batch_byte_limit() - int(facts.limit("batch_envelope_bytes").value)
    if size > most:
        yield (
            f"A request of {size:,} bytes is larger than a batch may be: {most:,} bytes, which is "
            f"the provider's {facts.limit('batch_max_bytes').value:,} less a margin. "
            "Make the requests smaller, or use 0 for an estimate."
        )


def _history_is_there(scenario: Scenario) -> Iterator[str]:
    if scenario.duration.model == "history" and not scenario.duration.history:
        yield (
            "To judge by your own batches, give at least one as requests:seconds, "
            "or choose the public observations."
        )


def _one_deadline(scenario: Scenario) -> Iterator[str]:
    if scenario.goal.deadline_at and scenario.goal.deadline_h:
        yield (
            "There are two deadlines, one in hours and one by the clock. Leave one of them empty."
        )


def _deadline_follows_start(scenario: Scenario) -> Iterator[str]:
    goal = scenario.goal
    if not goal.deadline_at:
        return
    if not goal.start_at:
        yield "A deadline by the clock needs a start. Give it, or give the deadline in hours."
    elif goal.deadline_s <= 0:
        yield f"The deadline must be after the start, {goal.start_at}."


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
    _Rule(("duration.history", "duration.model"), _history_is_there),
    _Rule(("goal.deadline_at", "goal.deadline_h"), _one_deadline),
    _Rule(("goal.deadline_at", "goal.start_at"), _deadline_follows_start),
)
