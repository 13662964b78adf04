"""What a workload costs, by hand, and by someone else's price table."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner import facts
from planner.model.cost import Cost, Request, Tariff, cacheable, price, tariff
from tests.oracles import usd_by_genai_prices


def cost_of(
    model: str,
    requests: int,
    prompt: int,
    answer: int,
    *,
    prefix: int = 0,
    reads: int = 0,
    cache: str = "none",
    us_only: bool = False,
    realtime: int = 0,
) -> Cost:
    """The cost of so many requests to a model, some of them in real time."""
    request = Request(input_tokens=prompt, output_tokens=answer, prefix_tokens=prefix)
    return price(
        request,
        requests,
        reads,
        cache=cache,
        tariff=tariff(facts.model(model), prompt, us_only=us_only),
        realtime=realtime,
    )


# ---- worked examples


@pytest.mark.parametrize("name", ["claude-sonnet-4-20250514", "claude-sonnet-4-0"])
@pytest.mark.parametrize(
    ("prompt", "batch", "real_time"), [(500, "82.50", "165"), (1000, "90", "180")]
)
def test_sonnet_4(name: str, prompt: int, batch: str, real_time: str) -> None:
    """10,000 requests of 500 and 1,000 tokens: $82.50, not the $90 of 1,000 and 1,000."""
    cost = cost_of(name, 10_000, prompt, 1000)
    assert (cost.batch_usd, cost.realtime_usd) == (Decimal(batch), Decimal(real_time))


def test_sonnet_5_5() -> None:
    """The example of the page: 5 million tokens in at $1, 10 million out at $5."""
    cost = cost_of("claude-sonnet-5-5", 10_000, 500, 1000)
    assert (cost.batch_usd, cost.realtime_usd, cost.saved_usd) == (
        Decimal(55),
        Decimal(110),
        Decimal(55),
    )
    assert [(line.kind, line.tokens, line.usd) for line in cost.lines] == [
        ("input", 5_000_000, Decimal(5)),
        ("output", 10_000_000, Decimal(50)),
    ]


@pytest.mark.parametrize(
    ("prompt", "input_usd", "output_usd", "total"),
    [(100_000, "0.05", "0.25", "5.025"), (100_001, "0.25", "1.25", "25.12525")],
)
def test_haiku_5_5_at_the_long_prompt_limit(
    prompt: int, input_usd: str, output_usd: str, total: str
) -> None:
    """One token above 100,000 and every token of the request costs five times as much."""
    cost = cost_of("claude-haiku-5-5", 1000, prompt, 100)
    assert [line.usd_per_mtok for line in cost.lines] == [Decimal(input_usd), Decimal(output_usd)]
    assert cost.batch_usd == Decimal(total)
    assert cost.realtime_usd == 2 * Decimal(total)


def test_us_residency() -> None:
    """1.1 times the price on every kind of token, in real time too."""
    anywhere, bound = (
        cost_of(
            "claude-sonnet-5-5", 1000, 2000, 100, prefix=1500, reads=700, cache="1h", us_only=us
        )
        for us in (False, True)
    )
    assert [line.usd * Decimal("1.1") for line in anywhere.lines] == [
        line.usd for line in bound.lines
    ]
    assert bound.batch_usd == anywhere.batch_usd * Decimal("1.1")
    assert bound.realtime_usd == anywhere.realtime_usd * Decimal("1.1")


def test_us_residency_that_the_model_does_not_know() -> None:
    """A model that refuses inference_geo has no dearer price: its requests fail, which is a
    caveat's matter.
    """
    model = facts.model("claude-sonnet-4-5")
    assert model.us_multiplier is None
    assert tariff(model, 1, us_only=True).factor == 1


def test_cache_for_an_hour() -> None:
    """Sonnet 5.5, 1,000 requests of 6,000 tokens, 5,000 of them cached; 699 of 1,000 read them.

    Fresh 1,000 x 1,000 at $1; written 301 x 5,000 at $2; read 699 x 5,000 at $0.05; answers 1,000 x 250 at $5.
    """
    cost = cost_of("claude-sonnet-5-5", 1000, 6000, 250, prefix=5000, reads=699, cache="1h")
    assert [(line.kind, line.tokens, line.usd_per_mtok, line.usd) for line in cost.lines] == [
        ("input", 1_000_000, Decimal(1), Decimal(1)),
        ("output", 250_000, Decimal(5), Decimal("1.25")),
        ("cache_write", 1_505_000, Decimal(2), Decimal("3.01")),
        ("cache_read", 3_495_000, Decimal("0.05"), Decimal("0.17475")),
    ]
    assert cost.batch_usd == Decimal("5.43475")


def test_cache_for_five_minutes() -> None:
    """The shorter cache is cheaper to write: $1.25 a million instead of $2."""
    cost = cost_of("claude-sonnet-5-5", 1000, 6000, 250, prefix=5000, reads=699, cache="5m")
    assert cost.lines[2].usd_per_mtok == Decimal("1.25")
    assert cost.batch_usd == Decimal("5.43475") - 1505 * Decimal("0.75") / 1000


def test_cached_prompts_count_as_long_prompts() -> None:
    """The length of a prompt includes what is read from the cache."""
    cost = cost_of("claude-haiku-5-5", 10, 150_000, 10, prefix=149_000, reads=9, cache="1h")
    read = next(line for line in cost.lines if line.kind == "cache_read")
    assert read.usd_per_mtok == Decimal("0.025")


def test_no_cache_no_lines_of_it() -> None:
    """A prefix that is not cached is ordinary input."""
    cost = cost_of("claude-sonnet-5-5", 10, 6000, 250, prefix=5000)
    assert [line.kind for line in cost.lines] == ["input", "output"]
    assert cost.lines[0].tokens == 60_000


def test_the_whole_prompt_may_be_cached() -> None:
    """The line of ordinary input stays, with no tokens."""
    cost = cost_of("claude-sonnet-5-5", 10, 5000, 250, prefix=5000, reads=9, cache="1h")
    assert [(line.kind, line.tokens) for line in cost.lines] == [
        ("input", 0),
        ("output", 2500),
        ("cache_write", 5000),
        ("cache_read", 45_000),
    ]


def test_nothing_billed() -> None:
    """When no request is answered nothing is paid."""
    cost = cost_of("claude-sonnet-5-5", 0, 1000, 1000, prefix=1000, cache="1h")
    assert (cost.batch_usd, cost.realtime_usd, cost.saved_usd) == (0, 0, 0)
    assert [line.tokens for line in cost.lines] == [0, 0]


# ---- a part in real time


def test_a_part_in_real_time() -> None:
    """The example of the cache for an hour, a quarter in real time: of 699 reads 174 are there.

    Batches: 750,000 at $1, 187,500 at $5, 225 x 5,000 at $2, 525 x 5,000 at $0.05: $4.06875. In real
    time 250,000 at $2, 62,500 at $10, 76 x 5,000 at $4, 174 x 5,000 at $0.10: $2.732.
    """
    cost = cost_of(
        "claude-sonnet-5-5", 1000, 6000, 250, prefix=5000, reads=699, cache="1h", realtime=250
    )
    assert [(line.kind, line.tokens, line.realtime) for line in cost.lines] == [
        ("input", 750_000, False),
        ("output", 187_500, False),
        ("cache_write", 1_125_000, False),
        ("cache_read", 2_625_000, False),
        ("input", 250_000, True),
        ("output", 62_500, True),
        ("cache_write", 380_000, True),
        ("cache_read", 870_000, True),
    ]
    assert cost.in_batches_usd == Decimal("4.06875")
    assert cost.batch_usd == Decimal("4.06875") + Decimal("2.732")
    assert cost.realtime_usd == 2 * Decimal("5.43475")


def test_all_in_real_time() -> None:
    """Without a batch nothing is saved."""
    cost = cost_of("claude-sonnet-5-5", 10, 500, 1000, realtime=10)
    assert (cost.in_batches_usd, cost.saved_usd) == (0, 0)
    assert cost.batch_usd == cost.realtime_usd == Decimal("0.11")


# ---- laws

ALL = st.sampled_from(facts.models())


@st.composite
def workloads(draw: st.DrawFn) -> tuple[facts.Model, int, Request, int, str]:
    """Model, requests, one request, how many read the cache, and which cache."""
    model = draw(ALL)
    prompt = draw(st.integers(1, 200_000))
    request = Request(
        input_tokens=prompt,
        output_tokens=draw(st.integers(1, 100_000)),
        prefix_tokens=draw(st.integers(0, prompt)),
    )
    requests = draw(st.integers(1, 10_000_000))
    cache = draw(st.sampled_from(["none", "5m", "1h"]))
    return model, requests, request, draw(st.integers(0, requests)) if cache != "none" else 0, cache


@given(workloads(), st.booleans())
def test_lines_add_up(workload: tuple[facts.Model, int, Request, int, str], us_only: bool) -> None:
    """The total is the sum of the lines, exactly; a line is tokens times price; tokens are neither
    lost nor counted twice.
    """
    model, requests, request, reads, cache = workload
    cost = price(
        request,
        requests,
        reads,
        cache=cache,
        tariff=tariff(model, request.input_tokens, us_only=us_only),
    )
    assert cost.batch_usd == sum(line.usd for line in cost.lines)
    assert cost.realtime_usd == sum(line.usd for line in cost.realtime_lines)
    assert all(line.usd * 1_000_000 == line.tokens * line.usd_per_mtok for line in cost.lines)
    by_kind = {line.kind: line.tokens for line in cost.lines}
    prompts = sum(tokens for kind, tokens in by_kind.items() if kind != "output")
    assert prompts == requests * request.input_tokens
    assert by_kind["output"] == requests * request.output_tokens
    assert all(line.tokens >= 0 for line in cost.lines)


@given(workloads(), st.booleans())
def test_a_batch_costs_half(
    workload: tuple[facts.Model, int, Request, int, str], us_only: bool
) -> None:
    """Every kind of token, cached or not, long prompt or not, US or not."""
    model, requests, request, reads, cache = workload
    cost = price(
        request,
        requests,
        reads,
        cache=cache,
        tariff=tariff(model, request.input_tokens, us_only=us_only),
    )
    assert cost.realtime_usd == 2 * cost.batch_usd
    assert cost.saved_usd == cost.batch_usd


@given(workloads(), st.integers(1, 1000))
def test_more_requests_cost_more(
    workload: tuple[facts.Model, int, Request, int, str], more: int
) -> None:
    """Cost is proportional to requests: no discount by volume, no fixed part."""
    model, requests, request, reads, cache = workload
    prices = tariff(model, request.input_tokens, us_only=False)
    one = price(request, requests, reads, cache=cache, tariff=prices).batch_usd
    assert (
        price(request, requests * more, reads * more, cache=cache, tariff=prices).batch_usd
        == one * more
    )


@given(workloads())
def test_reading_is_cheaper_than_writing(
    workload: tuple[facts.Model, int, Request, int, str],
) -> None:
    """One more request that reads the prefix instead of writing it never costs more."""
    model, requests, request, reads, cache = workload
    assume(cache != "none" and reads < requests)
    prices = tariff(model, request.input_tokens, us_only=False)
    fewer, more = (
        price(request, requests, hits, cache=cache, tariff=prices).batch_usd
        for hits in (reads, reads + 1)
    )
    assert more <= fewer


# ---- somebody else's table

# they list no batch prices of retired models, and none at all of models by invitation
PRICED = [
    model for model in facts.models() if model.status != "retired" and model.family != "mythos"
]
LONGEST = {
    "claude-sonnet-4-5-20250929": 200_000
}  # above it they keep a price that ended with its beta


@given(
    st.sampled_from(PRICED),
    st.integers(1, 300_000),
    st.floats(0, 1),
    st.integers(1, 64_000),
    st.integers(1, 1000),
    st.floats(0, 1),
    st.sampled_from(["none", "5m", "1h"]),
)
def test_the_same_by_genai_prices(
    model: facts.Model,
    prompt: int,
    shared: float,
    answer: int,
    requests: int,
    hits: float,
    cache: str,
) -> None:
    """Random workloads, long prompts and both caches among them, cost the same by the table of
    genai-prices.
    """
    assume(prompt <= LONGEST.get(model.id, 300_000))
    prefix = int(prompt * shared) if cache != "none" else 0
    reads = int(requests * hits) if cache != "none" else 0
    request = Request(input_tokens=prompt, output_tokens=answer, prefix_tokens=prefix)
    cost = price(request, requests, reads, cache=cache, tariff=tariff(model, prompt, us_only=False))
    written = (
        {"written_5m": prefix} if cache == "5m" else {"written_1h": prefix} if cache == "1h" else {}
    )
    for batch, usd in ((True, cost.batch_usd), (False, cost.realtime_usd)):
        writing = usd_by_genai_prices(
            model.id, fresh=prompt - prefix, output=answer, batch=batch, **written
        )
        reading = usd_by_genai_prices(
            model.id, fresh=prompt - prefix, output=answer, read=prefix, batch=batch
        )
        assert usd == (requests - reads) * writing + reads * reading


@given(
    st.sampled_from(
        [
            model
            for model in facts.models()
            if model.status == "retired" and model.family != "mythos"
        ]
    ),
    st.integers(1, 150_000),
    st.integers(1, 4000),
)
def test_retired_models_by_genai_prices(model: facts.Model, prompt: int, answer: int) -> None:
    """What a retired model cost in real time is what they say; a batch was half of it."""
    request = Request(input_tokens=prompt, output_tokens=answer, prefix_tokens=0)
    cost = price(request, 1, 0, cache="none", tariff=tariff(model, prompt, us_only=False))
    assert cost.realtime_usd == usd_by_genai_prices(
        model.id, fresh=prompt, output=answer, batch=False
    )
    assert 2 * cost.batch_usd == cost.realtime_usd


# ---- tariffs


@given(ALL, st.integers(1, 1_000_000))
def test_only_models_with_a_limit_have_long_prompts(model: facts.Model, prompt: int) -> None:
    """Above the limit, and only above it, the long price holds, for batch and real time together."""
    chosen: Tariff = tariff(model, prompt, us_only=False)
    assert chosen.long_prompt == (
        model.long_prompt_tokens is not None and prompt > model.long_prompt_tokens
    )
    assert (chosen.batch, chosen.realtime) == (
        (model.long_batch, model.long_standard)
        if chosen.long_prompt
        else (model.batch, model.standard)
    )


def test_what_is_saved_is_the_difference() -> None:
    """Real time less batch, also where a batch does not cost half: here at other prices than the
    provider's.
    """
    cheap, dear = facts.model("claude-haiku-5-5").batch, facts.model("claude-sonnet-5-5").standard
    prices = Tariff(batch=cheap, realtime=dear, factor=Decimal(1), long_prompt=False)
    million = Request(input_tokens=1_000_000, output_tokens=1_000_000, prefix_tokens=0)
    cost = price(million, 1, 0, cache="none", tariff=prices)
    assert cost.batch_usd == cheap.input + cheap.output
    assert cost.realtime_usd == dear.input + dear.output
    assert cost.saved_usd == cost.realtime_usd - cost.batch_usd != cost.batch_usd


@pytest.mark.parametrize(
    ("name", "prefix", "cached"),
    [
        ("claude-sonnet-5-5", 511, False),
        ("claude-sonnet-5-5", 512, True),
        ("claude-sonnet-5-5", 513, True),
        ("claude-sonnet-5-5", 0, False),
    ],
)
def test_a_prefix_that_is_too_short_is_not_cached(name: str, prefix: int, cached: bool) -> None:
    """From the model's own number of tokens on."""
    model = facts.model(name)
    assert model.min_cacheable_tokens == 512
    assert cacheable(prefix, model) is cached


def test_any_prefix_is_cached_where_no_least_is_known() -> None:
    """A model of which no least is published caches whatever there is, but there must be something."""
    unknown = replace(facts.model("claude-sonnet-5-5"), min_cacheable_tokens=None)
    assert [cacheable(prefix, unknown) for prefix in (0, 1, 2)] == [False, True, True]
