"""What a workload costs, by kind of token, in exact dollars.

Source of every price: facts/models.json. A batch costs half of the real-time price on every kind of
token; cache prices, the price of long prompts and US residency multiply on top (facts
`batch_multiplier`, `price_stacking`). Attempts that fail are not billed (fact `failures_unbilled`).
"""

from dataclasses import dataclass
from decimal import Decimal

from planner.facts import Model, Prices

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Mean tokens of one request: its prompt with the cacheable prefix inside, and its answer."""

    input_tokens: int
    output_tokens: int
    prefix_tokens: int


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of token: how many, their price, and what they come to. Kinds: input output
    cache_write cache_read. `realtime`: of the requests that are not sent in batches.
    """

    kind: str
    tokens: int
    usd_per_mtok: Decimal
    usd: Decimal
    realtime: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Cost by line; the totals are the sums of lines, in US dollars, not rounded.

    `lines` and `batch_usd` are the plan's, whose requests may in part be sent in real time,
    `realtime_lines` and `realtime_usd` those of the whole workload in real time.
    """

    lines: tuple[Line, ...]
    realtime_lines: tuple[Line, ...]
    batch_usd: Decimal
    realtime_usd: Decimal

    @property
    def in_batches_usd(self) -> Decimal:
        """What the batches cost, without the part of the workload that is sent in real time."""
        return _total(tuple(line for line in self.lines if not line.realtime))

    @property
    def saved_usd(self) -> Decimal:
        return self.realtime_usd - self.batch_usd


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """The prices that hold for a request: in a batch, in real time, and the factor for where it is
    processed.
    """

    batch: Prices
    realtime: Prices
    factor: Decimal
    long_prompt: bool


def tariff(model: Model, prompt_tokens: int, *, us_only: bool) -> Tariff:
    """The prices for prompts of that mean length; a prompt above the model's threshold is dear as a
    whole.
    """
    long_prompt = model.long_prompt_tokens is not None and prompt_tokens > model.long_prompt_tokens
    batch = model.long_batch if long_prompt and model.long_batch else model.batch
    realtime = model.long_standard if long_prompt and model.long_standard else model.standard
    factor = model.us_multiplier if us_only and model.us_multiplier else Decimal(1)
    return Tariff(batch=batch, realtime=realtime, factor=factor, long_prompt=long_prompt)


def cacheable(prefix_tokens: int, model: Model) -> bool:
    """Whether there is a prefix that the model caches: one that is too short silently is not."""
    return prefix_tokens >= (model.min_cacheable_tokens or 1)


def price(
    request: Request,
    billed: int,
    cache_reads: int,
    *,
    cache: str,
    tariff: Tariff,
    realtime: int = 0,
) -> Cost:
    """The cost of `billed` requests, `cache_reads` of which read the prefix from the cache, and
    `realtime` of which are not sent in batches.

    `cache` is "none", "5m" or "1h". With a cache, every request that does not read the prefix
    writes it; requests in real time read it as often as the others.
    """
    prefix = request.prefix_tokens if cache != "none" else 0
    fast_reads = cache_reads * realtime // billed if billed else 0

    def lines_of(count: int, reads: int, *, fast: bool) -> tuple[Line, ...]:
        tokens = {
            "input": count * (request.input_tokens - prefix),
            "output": count * request.output_tokens,
            "cache_write": (count - reads) * prefix,
            "cache_read": reads * prefix,
        }
        return _lines(tokens, tariff.realtime if fast else tariff.batch, cache, tariff.factor, fast)

    lines = lines_of(billed - realtime, cache_reads - fast_reads, fast=False)
    if realtime:
        lines += lines_of(realtime, fast_reads, fast=True)
    whole = lines_of(billed, cache_reads, fast=True)
    return Cost(
        lines=lines,
        realtime_lines=whole,
        batch_usd=_total(lines),
        realtime_usd=_total(whole),
    )


def _lines(
    tokens: dict[str, int], prices: Prices, cache: str, factor: Decimal, realtime: bool
) -> tuple[Line, ...]:
    by_kind = {
        "input": prices.input,
        "output": prices.output,
        "cache_write": prices.cache_write_1h if cache == "1h" else prices.cache_write_5m,
        "cache_read": prices.cache_read,
    }
    return tuple(
        Line(
            kind,
            amount,
            by_kind[kind] * factor,
            amount * by_kind[kind] * factor / _MILLION,
            realtime,
        )
        for kind, amount in tokens.items()
        if amount or kind in ("input", "output")
    )


def _total(lines: tuple[Line, ...]) -> Decimal:
    return sum((line.usd for line in lines), Decimal(0))
