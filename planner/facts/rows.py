"""What a row of each file of facts holds, once it is read."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """US dollars per million tokens, by kind of token."""

    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One model of the catalogue.

    status: "active", "legacy" (works, a newer one is advised), "deprecated" (works, its end is
        announced) or "retired" (requests fail). limited_access: for verified organisations only.
    retires_on is an announced end; retires_not_before is a promise that the end will not come
        earlier. ISO dates.
    long_prompt_tokens: a longer prompt puts the whole request at the long_* prices; None: one
        price for all lengths.
    batch_max_output_tokens counts with the beta header extended_output_header, where there is one.
    tokenizer: "new" (Claude 4.7 and later) or "old". min_cacheable_tokens: shorter prefixes are
        silently not cached.
    us_multiplier: factor on every token price for inference in the US; None: the model refuses
        `inference_geo`.
    tool_prompt_tokens: input tokens that tools add with `tool_choice` auto or none; None where
        not published.
    rate_limit_pool: "standard" or "fable", for `realtime_rates`; None where not known.
    """

    id: str
    aliases: tuple[str, ...]
    name: str
    family: str
    status: str
    limited_access: bool
    released: str
    deprecated_on: str | None
    retires_on: str | None
    retires_not_before: str | None
    standard: Prices
    batch: Prices
    long_prompt_tokens: int | None
    long_standard: Prices | None
    long_batch: Prices | None
    context_tokens: int
    max_output_tokens: int
    batch_max_output_tokens: int
    extended_output_header: str | None
    min_cacheable_tokens: int | None
    tokenizer: str
    us_multiplier: Decimal | None
    default_effort: str | None
    tool_prompt_tokens: int | None
    rate_limit_pool: str | None
    notes: str
    confidence: str
    sources: tuple[str, ...]
    checked_on: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One limit, rule or ratio. `statement` says it in one sentence; `date` is that of the source,
    ISO 8601.
    """

    key: str
    value: int | Decimal | str
    unit: str
    statement: str
    source: str
    date: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """Batch limits of one usage tier. None: not published, or, for "custom", by arrangement; `note`
    says which.
    """

    key: str
    name: str
    batch_rpm: int | None
    queue_requests: int | None
    monthly_spend_usd: int | None
    spend_is_capped: bool
    source: str
    date: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """Real-time limits of one model in one tier: requests, input tokens and output tokens per
    minute.
    """

    rpm: int
    itpm: int
    otpm: int
    source: str
    date: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One observed batch: how many requests took how many seconds, from creation to end.

    kind: "exact" (the API's own timestamps), "measured" (a client's clock, polling included),
        "approx", "claim",
        "range", "upper-bound", or "censored": the batch was still running after seconds_low.
    seconds_low equals seconds_high unless the source gives a range or an upper bound.
    log: whose record it is; the rows of one log are related, and together weigh as much as another.
    used: whether the duration model is made from it; why_unused is "" if so.
    """

    requests: int | None
    seconds_low: float
    seconds_high: float
    censored: bool
    kind: str
    model: str | None
    date: str
    source: str
    log: str
    note: str
    used: bool
    why_unused: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """A batch of one very long answer: so many output tokens in so many seconds, the wait included.

    It measures how fast a model writes, not how long a batch waits.
    """

    model: str
    tokens: int
    seconds: float
    date: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GuideRow:
    """A row of the original planner's table, which no source supports: batches of at most so many
    requests.
    """

    requests_up_to: int
    low_s: int
    high_s: int
