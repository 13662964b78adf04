"""The questions of the planner: one line of a group is one question.

Type, default, kind, label, help, bounds. The form, the share link, the command line and the JSON
file are all made from these lines.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from planner import facts
from planner.scenario.history import History
from planner.scenario.kinds import (
    CHOICE,
    FLAG,
    HISTORY,
    INTEGER,
    MODEL,
    MONEY,
    SHARE,
    SIZE,
    SPAN,
    TIME,
    TOKENS,
)
from planner.scenario.questions import Choices, Field, Kind, Question
from planner.words import plain


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group of fields as the form shows it; `open` groups are not folded at first."""

    key: str
    label: str
    open: bool


def _ask(
    default: Any, kind: Kind, label: str, help: str = "", low: Any = 0, high: Any = 0, **more: Any
) -> Any:
    question = Question(
        kind=kind, label=label, help=help, low=Decimal(str(low)), high=Decimal(str(high)), **more
    )
    return dataclasses.field(default=default, metadata={"question": question})


def _model_choices() -> Choices:
    state = {"deprecated": " (deprecated)", "retired": " (retired)"}
    return tuple((model.id, model.name + state.get(model.status, "")) for model in facts.models())


def _most(key: str) -> int:
    return int(facts.limit(key).value)


_BATCH_REQUESTS = _most("batch_max_requests")
_BATCH_BYTES = _most("batch_max_bytes")
_ANSWER_TOKENS = _most("extended_output_tokens")
_US_PRICE = f"{plain(Decimal(facts.limit('us_multiplier').value))} times the price"
_BATCH_SIZES = (1, 10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, _BATCH_REQUESTS)
_BACKOFFS = (
    ("exponential", "Exponential: 1, 2, 4 … times"),
    ("linear", "Linear: 1, 2, 3 … times"),
    ("fixed", "Fixed: always the same"),
)
_DURATION_MODELS = (
    ("observed", "Public observations"),
    ("history", "My own batches"),
    ("formula", "A formula"),
    ("guide", "The old rule of thumb"),
)
_TIERS = tuple((tier.key, tier.name) for tier in facts.tiers())
_CACHES = (("none", "No caching"), ("5m", "5 minutes"), ("1h", "1 hour"))
_GEOS = (("global", "Anywhere"), ("us", f"The United States only ({_US_PRICE})"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What is to be asked: how many requests, and how long they and their answers are."""

    # fmt: off
    model: str = _ask("claude-sonnet-5-5", MODEL, "Model", choices=_model_choices())
    requests: int = _ask(10_000, INTEGER, "Requests", "In all.", 1, 10_000_000)
    input_tokens: int = _ask(500, TOKENS, "Input tokens", "Mean of a request, shared prefix included; of a document: 12 pages.", 1, 1_000_000)
    output_tokens: int = _ask(1000, INTEGER, "Output tokens", "Mean of an answer, thinking included.", 1, _ANSWER_TOKENS)
    output_p95_tokens: int = _ask(0, INTEGER, "Long answers", "95 % of answers are at most this long. Empty or 0: twice the mean.", 0, _ANSWER_TOKENS, unit="tokens", zero="twice the mean")
    max_tokens: int = _ask(0, INTEGER, "max_tokens", "Empty or 0: proposed, so that at most 1 % of answers are cut off.", 0, _ANSWER_TOKENS, zero="proposed")
    bytes_per_request: int = _ask(0, SIZE, "Bytes per request", "As JSON in UTF-8; of a document: 1.5 MB PDF. Empty or 0: estimated from the input tokens.", 0, _BATCH_BYTES, zero="estimated")
    shared_prefix_tokens: int = _ask(0, INTEGER, "Shared prefix", "Leading tokens that all requests share: system prompt, tools, documents.", 0, 1_000_000, unit="tokens")
    # fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Batches:
    """How the workload is cut and sent."""

    # fmt: off
    requests_per_batch: int = _ask(0, INTEGER, "Requests per batch", "The largest batch. Empty or 0: chosen. Bytes and the queue limit may force smaller ones.", 0, _BATCH_REQUESTS, slider=_BATCH_SIZES, zero="chosen")
    concurrent: int = _ask(0, INTEGER, "Batches at once", "Open at the same time. Empty or 0: chosen.", 0, 100, slider=(1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100), zero="chosen")
    realtime_share: float = _ask(0.0, SHARE, "In real time", "Share of the requests that is sent in real time, beside the batches, at the full price.", 0, 0.99)
    poll_s: float = _ask(60.0, SPAN, "Poll every", "How often one batch is asked whether it has ended.", 1, 3600, unit="s")
    # fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Retries:
    """What happens to requests that fail."""

    # fmt: off
    max: int = _ask(3, INTEGER, "Retries", "Rounds after the first.", 0, 10)
    backoff: str = _ask("exponential", CHOICE, "Backoff", "How the wait before a retry round grows.", choices=_BACKOFFS)
    base_delay_s: float = _ask(60.0, SPAN, "Base delay", "The wait before the first retry round.", 0, 86_400, unit="s")
    transient_rate: float = _ask(0.01, SHARE, "Transient failures", "Share that fails and may succeed when sent again: 1 % or 0.01.", 0, 0.9)
    permanent_rate: float = _ask(0.0, SHARE, "Permanent failures", "Share that can never succeed: invalid, or too long for the model.", 0, 1)
    # fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Duration:
    """How long a batch takes."""

    # fmt: off
    model: str = _ask("observed", CHOICE, "Judged by", choices=_DURATION_MODELS)
    seconds_per_request: float = _ask(5.0, SPAN, "Seconds per request", "Formula only.", 0.1, 600, unit="s")
    parallel_requests: int = _ask(50, INTEGER, "Requests at once", "Formula only: how many of a batch are worked on together.", 1, 100_000)
    startup_s: float = _ask(120.0, SPAN, "Start of a batch", "Formula only.", 0, 3600, unit="s")
    history: History = _ask((), HISTORY, "My batches", "One batch a line: requests:seconds, for example 8150:1200. At most 10,000.", high=10_000)
    shared_load: float = _ask(0.7, SHARE, "Slow together", "0 = each batch has its own luck, 100 % = all batches of a run are equally slow.", 0, 1)
    # fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What the account may do."""

    # fmt: off
    tier: str = _ask("start", CHOICE, "Tier", "Sets queue limit, rate limits and monthly spend.", choices=_TIERS)
    queue_requests: int = _ask(0, INTEGER, "Queue limit", "Requests that may wait for the organisation at once. Empty or 0: the tier's.", 0, 100_000_000, unit="requests", zero="the tier's")
    monthly_spend_usd: Decimal = _ask(Decimal(0), MONEY, "Monthly spend limit", "Empty or 0: the tier's.", 0, 100_000_000, unit="US$", zero="the tier's")
    spent_this_month_usd: Decimal = _ask(Decimal(0), MONEY, "Spent this month", "", 0, 100_000_000, unit="US$")
    # fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Caching:
    """Prompt caching of the shared prefix."""

    # fmt: off
    mode: str = _ask("none", CHOICE, "Cache the prefix", "How long a cached prefix is kept.", choices=_CACHES)
    prime: bool = _ask(True, FLAG, "Prime the cache", "Send one request first, so that the others can read the cache.")
    hit_rate: float = _ask(0.7, SHARE, "Hit rate", "Share of requests that read the cache once it is primed: 70 % or 0.7.", 0, 1)
    # fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Pricing:
    """What changes the price."""

    # fmt: off
    geo: str = _ask("global", CHOICE, "Processed in", choices=_GEOS)
    bill_failed: bool = _ask(False, FLAG, "Count failed attempts", "The provider does not bill them; tick for a cautious budget.")
    # fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What is wanted of the run."""

    # fmt: off
    start_at: str = _ask("", TIME, "Start", "Date and time, for clock times: now, Mon 8:00 or 2026-11-22T22:00+01:00.")
    deadline_h: float = _ask(0.0, SPAN, "Deadline", "After the start: 48h or 2 days. Empty or 0: none.", 0, 720, unit="h", zero="none")
    deadline_at: str = _ask("", TIME, "Deadline by the clock", "The same as a time: Mon 8:00 or 2026-11-30T08:00+01:00. It needs a start.")
    budget_usd: Decimal = _ask(Decimal(0), MONEY, "Budget", "Empty or 0: no limit.", 0, 100_000_000, unit="US$", zero="no limit")
    confidence: float = _ask(0.85, SHARE, "Confidence", "How sure the answer should be: 85 % or 0.85.", 0.5, 0.99)
    # fmt: on

    @property
    def deadline_s(self) -> float:
        """Seconds from the start to the deadline, however it is given; 0 without one."""
        if not self.deadline_at:
            return self.deadline_h * 3600
        start, end = map(datetime.fromisoformat, (self.start_at, self.deadline_at))
        return (end - start).total_seconds()


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """How the simulation draws."""

    # fmt: off
    seed: int = _ask(1, INTEGER, "Seed", "Another seed draws other runs; the same seed gives the same digits.", 0, 4_294_967_295)
    # fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """All inputs of a plan, checked. The dotted name of a field is its path here:
    `workload.requests`.
    """

    workload: Workload = Workload()
    batches: Batches = Batches()
    retries: Retries = Retries()
    duration: Duration = Duration()
    limits: Limits = Limits()
    caching: Caching = Caching()
    pricing: Pricing = Pricing()
    goal: Goal = Goal()
    forecast: Forecast = Forecast()


GROUPS = (
    GroupInfo("workload", "Workload", True),
    GroupInfo("batches", "Batches", True),
    GroupInfo("retries", "Retries", False),
    GroupInfo("duration", "How long?", False),
    GroupInfo("limits", "Limits", False),
    GroupInfo("caching", "Cache", False),
    GroupInfo("pricing", "Price", False),
    GroupInfo("goal", "Goal", False),
    GroupInfo("forecast", "Forecast", False),
)


def _fields() -> Iterator[Field]:
    for group in GROUPS:
        for entry in dataclasses.fields(getattr(Scenario(), group.key)):
            question = entry.metadata["question"]
            words = {
                part.name: getattr(question, part.name) for part in dataclasses.fields(Question)
            }
            yield Field(
                name=f"{group.key}.{entry.name}", group=group.key, default=entry.default, **words
            )


FIELDS: tuple[Field, ...] = tuple(_fields())
_BY_NAME = {field.name: field for field in FIELDS}


def field(name: str) -> Field:
    """The field of that dotted name; KeyError if there is none."""
    return _BY_NAME[name]


def value_of(scenario: Scenario, name: str) -> Any:
    """The value of the field of that dotted name."""
    group, _, key = name.partition(".")
    return getattr(getattr(scenario, group), key)
