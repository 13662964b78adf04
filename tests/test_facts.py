"""Our catalogue against others': prices of `genai-prices`, models and wire format of the SDK `anthropic`.

What they have and we lack fails here by its name. A difference that is meant stands in a dict with its reason,
and a test holds that it is still there, so that no excuse outlives its cause. When one of these tests fails
after an update, the newer source is right: correct `planner/facts/`.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import anthropic
import pytest
from anthropic._error_classes import ERROR_CLASSES
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from anthropic.types import AnthropicBetaParam, Model, ModelParam
from anthropic.types.beta.beta_webhook_event_data import BetaWebhookEventData
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse
from genai_prices import Usage, calc_price
from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from planner import facts

# ---- genai-prices: ids

PROVIDER = next(provider for provider in providers if provider.id == "anthropic")

# Their models that we leave out.
THEIRS_ONLY = {
    "claude-2": "Claude 2.0 and 2.1 were retired in July 2025, long before any batch that is planned here",
    "claude-v1": "Claude 1 was retired in November 2024, a month after batches were first offered",
}

# Our models that they leave out.
OURS_ONLY = {
    "claude-mythos-5-1": "of limited availability, which their price importer skips",
    "claude-mythos-5": "of limited availability, which their price importer skips",
    "claude-mythos-preview": "by invitation only, never in a public price table",
}


def theirs(model: facts.Model) -> ModelInfo | None:
    """Their entry for a model of ours. They match ids by rules of their own, dated ids included."""
    found = {
        id(entry): entry
        for name in (model.id, *model.aliases)
        if (entry := PROVIDER.find_model(name))
    }
    assert len(found) <= 1, (
        f"{model.id} and its aliases are several models there: {[e.id for e in found.values()]}"
    )
    return next(iter(found.values()), None)


PRICED = [(model, entry) for model in facts.models() if (entry := theirs(model))]
BOTH = pytest.mark.parametrize(("model", "entry"), PRICED, ids=[model.id for model, _ in PRICED])


def test_we_have_every_model_that_genai_prices_has() -> None:
    """No model of theirs is missing here, except those that are left out with a reason."""
    known = {entry.id for _, entry in PRICED}
    assert [
        entry.id for entry in PROVIDER.models if entry.id not in known | THEIRS_ONLY.keys()
    ] == []


def test_genai_prices_has_every_model_that_we_have() -> None:
    """No model of ours goes unchecked, except those that they leave out for a known reason."""
    known = {model.id for model, _ in PRICED}
    assert [model.id for model in facts.models() if model.id not in known | OURS_ONLY.keys()] == []


def test_what_is_left_out_is_still_left_out() -> None:
    """Each exception is one: theirs is listed there and not here, ours here and not there."""
    assert THEIRS_ONLY.keys() <= {entry.id for entry in PROVIDER.models}
    assert THEIRS_ONLY.keys() & {entry.id for _, entry in PRICED} == set()
    assert [name for name in OURS_ONLY if theirs(facts.model(name))] == []


# ---- genai-prices: prices

KINDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "cache_read_mtok": "cache_read",
}

# Variants of a price that are no part of a plan.
OTHER_VARIANTS = {("speed", "fast"): "fast mode is refused in batches"}

# Steps in their prices that are history.
PAST_TIERS = {
    "claude-sonnet-4-5": "longer prompts fail since its beta with 1,000,000 tokens ended in April 2026"
}

# Today's price, and the one that they expect for good: an announced change is a difference, too.
CHECKED = datetime.datetime.fromisoformat(facts.checked_on()).replace(hour=12, tzinfo=datetime.UTC)
MOMENTS = pytest.mark.parametrize(
    "moment", [CHECKED, CHECKED.replace(year=2100)], ids=["today", "announced"]
)

Table = dict[
    tuple[str, int], Decimal
]  # (kind, the prompt length above which it holds) -> US dollars per million


def our_table(prices: facts.Prices, above_tokens: int | None, long: facts.Prices | None) -> Table:
    table = {(kind, 0): getattr(prices, kind) for kind in KINDS.values()}
    if above_tokens is not None:
        table |= {(kind, above_tokens): getattr(long, kind) for kind in KINDS.values()}
    return table


def their_rows(price: ModelPrice) -> Iterator[tuple[tuple[str, int], Decimal]]:
    for name, usd in vars(price).items():
        if usd is None or name == "web_searches_kcount":
            continue
        kind = KINDS.get(
            name, name
        )  # a kind of token that is unknown here keeps its name, and fails by it
        if isinstance(usd, TieredPrices):
            yield (kind, 0), usd.base
            yield from (((kind, tier.start), tier.price) for tier in usd.tiers)
        else:
            yield (kind, 0), usd


def their_table(
    entry: ModelInfo, moment: datetime.datetime, context: dict[str, str] | None = None
) -> Table:
    table = dict(their_rows(entry.get_prices(moment, context)))
    if entry.id in PAST_TIERS:
        table = {(kind, above): usd for (kind, above), usd in table.items() if above == 0}
    return table


def differences(ours: Table, theirs: Table) -> list[str]:
    return [
        f"{kind} above {above:,} tokens: {ours.get((kind, above))} here, {theirs.get((kind, above))} there"
        for kind, above in sorted(ours.keys() | theirs.keys())
        if ours.get((kind, above)) != theirs.get((kind, above))
    ]


def batch_variants(entry: ModelInfo) -> list[ModelPrice]:
    return [v.prices for v in entry.price_variants or () if v.when == {"processing": "batch"}]


@MOMENTS
@BOTH
def test_standard_prices(model: facts.Model, entry: ModelInfo, moment: datetime.datetime) -> None:
    """Every kind of token costs what they say, at every length of prompt, and there is no other
    kind.
    """
    ours = our_table(model.standard, model.long_prompt_tokens, model.long_standard)
    assert differences(ours, their_table(entry, moment)) == []


@pytest.mark.parametrize(("tokens", "usd"), [(100_000, "standard"), (100_001, "long_standard")])
def test_a_long_prompt_begins_above_its_limit(tokens: int, usd: str) -> None:
    """The dearer price is for prompts longer than the limit, cached tokens counted, and for all
    their tokens.
    """
    model = facts.model("claude-haiku-5-5")
    prices = getattr(model, usd)
    usage = Usage(input_tokens=tokens, cache_read_tokens=60_000, output_tokens=1_000)
    price = calc_price(
        usage, model.id, provider_id="anthropic", genai_request_timestamp=CHECKED
    ).total_price
    fresh = tokens - 60_000
    assert (
        price * 1_000_000
        == fresh * prices.input + 60_000 * prices.cache_read + 1_000 * prices.output
    )


@MOMENTS
@BOTH
def test_batch_prices(model: facts.Model, entry: ModelInfo, moment: datetime.datetime) -> None:
    """Every kind of token costs in a batch what they say. They list no batch prices of retired
    models.
    """
    if model.status == "retired":
        assert batch_variants(entry) == [], f"{model.id}: its batch prices can be compared now"
        return
    assert batch_variants(entry), f"{model.id}: no batch price there"
    ours = our_table(model.batch, model.long_prompt_tokens, model.long_batch)
    assert differences(ours, their_table(entry, moment, {"processing": "batch"})) == []


@BOTH
def test_every_variant_is_known(model: facts.Model, entry: ModelInfo) -> None:
    """A price of theirs under a new condition, such as another speed or place, does not go unseen."""
    conditions = [tuple(v.when.items()) for v in entry.price_variants or ()]
    known = {(("processing", "batch"),)} | {(variant,) for variant in OTHER_VARIANTS}
    assert [condition for condition in conditions if condition not in known] == [], model.id


def test_variants_and_past_tiers_still_exist() -> None:
    """Each exception among the prices is still to be found there."""
    variants = {
        item
        for entry in PROVIDER.models
        for v in entry.price_variants or ()
        for item in v.when.items()
    }
    assert variants >= OTHER_VARIANTS.keys()
    for name in PAST_TIERS:
        entry = PROVIDER.find_model(name)
        assert entry is not None
        assert any(above for (_, above), _ in their_rows(entry.get_prices(CHECKED)))


@BOTH
def test_context(model: facts.Model, entry: ModelInfo) -> None:
    """The context holds as many tokens as they say."""
    assert model.context_tokens == entry.context_window


def test_web_search_price() -> None:
    """A thousand web searches cost what they say, whichever model makes them, in a batch too."""
    prices = {
        usd
        for _, entry in PRICED
        for context in (None, {"processing": "batch"})
        if (usd := getattr(entry.get_prices(CHECKED, context), "web_searches_kcount", None))
        is not None
    }
    assert prices == {facts.limit("web_search_usd_per_1000").value}


# ---- the SDK: models


def literals(alias: object) -> tuple[str, ...]:
    """The strings of a `Union[Literal[...], str]`."""
    return next(get_args(part) for part in get_args(alias) if part is not str)


def webhook_events() -> tuple[Any, ...]:
    """The classes of the data of every webhook event."""
    union, *_ = get_args(BetaWebhookEventData)
    return get_args(union)


def known_names() -> dict[str, facts.Model]:
    return {name: model for model in facts.models() for name in (model.id, *model.aliases)}


def test_we_have_every_model_that_the_sdk_has() -> None:
    """No id of the SDK is unknown here, and none of them is retired here."""
    known = known_names()
    names = {*literals(Model), *literals(ModelParam)}
    assert sorted(name for name in names if name not in known) == []
    assert sorted(name for name in names if name in known and known[name].status == "retired") == []


def test_the_sdk_has_every_model_that_can_be_used() -> None:
    """Every id and alias of a model that is not retired stands in the SDK's list."""
    usable = sorted(name for name, model in known_names().items() if model.status != "retired")
    assert [name for name in usable if name not in literals(Model)] == []


# Models whose end the SDK names and that have no day here.
DISPUTED = {"claude-mythos-preview": "the docs of October 2026 say that its end is to be announced"}


def their_end(words: str) -> str:
    """The ISO date of words such as: November 30th, 2026."""
    month, day, year = words.replace(",", "").split()
    return (
        datetime.datetime.strptime(f"{month} {day.rstrip('stndrh')} {year}", "%B %d %Y")
        .date()
        .isoformat()
    )


def test_models_end_when_the_sdk_says() -> None:
    """Every model that the SDK warns of ends here on the same day."""
    known = known_names()
    ends = {name: their_end(words) for name, words in DEPRECATED_MODELS.items()}
    differing = {
        name for name, end in ends.items() if name not in known or known[name].retires_on != end
    }
    assert differing == DISPUTED.keys()


def test_the_sdk_warns_of_every_deprecated_model() -> None:
    """What is deprecated here is so there, and what is active or legacy here is not."""
    known = known_names()
    ours = sorted(name for name, model in known.items() if model.status == "deprecated")
    assert ours == sorted(
        n for n in DEPRECATED_MODELS if n in known and known[n].status != "retired"
    )


def test_the_sdk_knows_no_webhook_about_batches() -> None:
    """The facts say that there is none: an event named after batches would be news."""
    events = [get_args(event.model_fields["type"].annotation)[0] for event in webhook_events()]
    assert len(events) > 20
    assert [event for event in events if "batch" in event] == []
    assert facts.limit("webhooks_for_batches").value == "none"


def test_account_errors_of_a_create() -> None:
    """The codes that the facts list are those that the SDK knows, as HTTP 400."""
    codes = str(facts.limit("create_error_codes").value).split(", ")
    assert len(codes) == 4
    assert [code for code in codes if (400, code) not in ERROR_CLASSES] == []


# ---- the SDK: wire format


def test_sdk_defaults() -> None:
    """Version header, retries and time limit of a client are those that the facts name."""
    client = anthropic.Anthropic(api_key="none")
    assert client.default_headers["anthropic-version"] == facts.limit("api_version").value
    assert facts.limit("sdk_retries").value == client.max_retries == anthropic.DEFAULT_MAX_RETRIES
    assert facts.limit("sdk_timeout_s").value == anthropic.DEFAULT_TIMEOUT.read


def test_beta_headers() -> None:
    """The beta headers that the facts name are known to the SDK."""
    betas = literals(AnthropicBetaParam)
    assert facts.limit("extended_output_header").value in betas
    assert facts.limit("old_batches_header").value in betas


def test_statuses() -> None:
    """A batch has the statuses that the facts list, and no other."""
    statuses = get_args(MessageBatch.model_fields["processing_status"].annotation)
    assert set(statuses) == set(str(facts.limit("statuses").value).split(", "))


def test_result_types() -> None:
    """A request ends in one of the ways that the facts list, and in no other."""
    results = get_args(MessageBatchIndividualResponse.model_fields["result"].annotation)
    types = {get_args(result.model_fields["type"].annotation)[0] for result in results}
    assert types == set(str(facts.limit("result_types").value).split(", "))


def test_error_path() -> None:
    """The class of an error stands where the facts say."""
    line = {
        "custom_id": "a",
        "result": {
            "type": "errored",
            "error": {
                "type": "error",
                "error": {"type": "invalid_request_error", "message": "no"},
                "request_id": None,
            },
        },
    }
    found: object = MessageBatchIndividualResponse.model_validate(line)
    for name in str(facts.limit("error_path").value).split("."):
        found = getattr(found, name)
    assert found == "invalid_request_error"
