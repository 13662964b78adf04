"""Say what the lengths of prompts and answers bring: answers cut off, a header, a higher price."""

from collections.abc import Iterator

from planner.advice.caveat import Caveat, Change
from planner.model.answers import ACCEPTED_CUT
from planner.plan import Plan
from planner.words import count, money, share


def _proposed_limit(plan: Plan) -> Iterator[Caveat]:
    answers, work = plan.answers, plan.scenario.workload
    if answers.proposed:
        tail = work.output_p95_tokens or 2 * work.output_tokens
        fix, label = _limit_of(answers.max_tokens)
        yield Caveat(
            code="max-tokens-proposed",
            severity="notes",
            message=(
                f"max_tokens below {count(tail)} would cut off about 5 % of the answers, "
                "which are billed all the same."
            ),
            fix=fix,
            fix_label=label,
        )


def _cut_answers(plan: Plan) -> Iterator[Caveat]:
    answers = plan.answers
    # the share that a proposal cuts off may come out a hair above what is accepted
    if answers.share_cut > ACCEPTED_CUT + 1e-6:
        better = answers.remedy_tokens > answers.max_tokens
        fix, label = _limit_of(answers.remedy_tokens) if better else ({}, "")
        yield Caveat(
            code="answers-cut",
            severity="warns",
            message=(
                f"max_tokens of {count(answers.max_tokens)} would cut off about "
                f"{share(answers.share_cut)} of the answers, which are billed all the same."
            ),
            fix=fix,
            fix_label=label,
        )


def _long_answers(plan: Plan) -> Iterator[Caveat]:
    model = plan.model
    if plan.answers.max_tokens > model.max_output_tokens and model.extended_output_header:
        shorter_will_do = plan.scenario.workload.output_tokens <= model.max_output_tokens
        fix, label = _limit_of(model.max_output_tokens) if shorter_will_do else ({}, "")
        yield Caveat(
            code="long-output-header",
            severity="notes",
            message=(
                f"max_tokens above {count(model.max_output_tokens)} needs the beta header "
                f"{model.extended_output_header}; one such answer can take more than an hour."
            ),
            fix=fix,
            fix_label=label,
        )


def _limit_of(max_tokens: int) -> tuple[Change, str]:
    """The remedy of another max_tokens."""
    return {"workload.max_tokens": max_tokens}, f"Use {count(max_tokens)}"


def _long_prompts(plan: Plan) -> Iterator[Caveat]:
    threshold = plan.model.long_prompt_tokens or 0
    if plan.tariff.long_prompt:
        yield Caveat(
            code="long-prompt-price",
            severity="warns",
            message=(
                f"Prompts above {count(threshold)} tokens put the whole request at a higher price, "
                f"{money(plan.tariff.batch.input)} instead of {money(plan.model.batch.input)} for "
                "a million input tokens. The plan takes every prompt at the mean length."
            ),
        )


RULES = (_proposed_limit, _cut_answers, _long_answers, _long_prompts)
