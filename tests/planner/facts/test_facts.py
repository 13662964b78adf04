"""The catalogue, the limits and the observations say what their sources say, and agree with each
other.
"""

import dataclasses
import datetime
import json
import re
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from planner import facts

DATA = Path(facts.__file__).parent
FILES = ("models.json", "limits.json", "durations.json")
KINDS = tuple(field.name for field in dataclasses.fields(facts.Prices))
MODELS = pytest.mark.parametrize("model", facts.models(), ids=lambda model: model.id)
FACTS = pytest.mark.parametrize("fact", facts.limits(), ids=lambda fact: fact.key)
OBSERVATIONS = facts.observations()

# Some sources of observations give no more than the month or the year.
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def price_lists(model: facts.Model) -> list[tuple[facts.Prices, facts.Prices]]:
    """The model's standard prices, each with its batch prices."""
    pairs = [(model.standard, model.batch)]
    if model.long_standard and model.long_batch:
        pairs.append((model.long_standard, model.long_batch))
    return pairs


# ---- models


def test_sonnet_5_5_in_a_batch() -> None:
    """Sonnet 5.5 costs $1 and $5 per million tokens in a batch; 5 cents for a cached one."""
    assert facts.model("claude-sonnet-5-5").batch == facts.Prices(
        input=Decimal(1),
        output=Decimal(5),
        cache_write_5m=Decimal("1.25"),
        cache_write_1h=Decimal(2),
        cache_read=Decimal("0.05"),
    )


def test_prices_are_exact() -> None:
    """Half a cent per million tokens is exactly that, not the binary fraction next to it."""
    price = facts.model("claude-haiku-5-5").batch.cache_read
    assert isinstance(price, Decimal)
    assert str(price) == "0.005"


def test_there_are_29_models() -> None:
    """Nothing was lost or doubled: 29 models, and every id and alias names one of them."""
    names = [name for model in facts.models() for name in (model.id, *model.aliases)]
    assert len(facts.models()) == 29
    assert len(set(names)) == len(names)


def test_newest_first() -> None:
    """The catalogue begins with the newest model."""
    released = [model.released for model in facts.models()]
    assert released == sorted(released, reverse=True)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("claude-sonnet-4-5", "Claude Sonnet 4.5"),
        ("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5"),
        ("claude-opus-4-0", "Claude Opus 4"),
        ("claude-3-5-haiku-latest", "Claude Haiku 3.5"),
        ("claude-sonnet-5-5", "Claude Sonnet 5.5"),
    ],
)
def test_alias(alias: str, name: str) -> None:
    """An alias and the dated id behind it name the same model."""
    assert facts.model(alias).name == name


def test_unknown_model() -> None:
    """A model that does not exist is a KeyError that names it."""
    with pytest.raises(KeyError, match="claude-sonnet-9"):
        facts.model("claude-sonnet-9")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("claude-sonnet-4-20250514", "claude-sonnet-5-5"),
        ("claude-3-5-haiku-20241022", "claude-haiku-5-5"),
        ("claude-opus-4-20250514", "claude-opus-5-5"),
        ("claude-sonnet-4-5", "claude-sonnet-5-5"),
        ("claude-fable-5", "claude-fable-5-2"),
        ("claude-mythos-preview", "claude-mythos-5-2"),
    ],
)
def test_successor(old: str, new: str) -> None:
    """An old model is followed by the newest active one of its family."""
    assert facts.successor(facts.model(old)).id == new


@MODELS
def test_successor_can_be_used(model: facts.Model) -> None:
    """A successor is active, and needs no special access unless the model itself did."""
    successor = facts.successor(model)
    assert successor.status == "active"
    assert successor.family == model.family
    assert model.limited_access or not successor.limited_access
    assert facts.successor(successor) is successor


def test_no_successor() -> None:
    """A family of which nothing is active has no successor to offer."""
    orphan = dataclasses.replace(facts.model("claude-3-opus-latest"), family="instant")
    with pytest.raises(LookupError, match="instant"):
        facts.successor(orphan)


def test_only_mythos_is_of_limited_access() -> None:
    """Only the Mythos models are kept for verified organisations."""
    assert {model.family for model in facts.models() if model.limited_access} == {"mythos"}
    assert all(model.limited_access for model in facts.models() if model.family == "mythos")


@MODELS
def test_model_has_words_of_the_vocabulary(model: facts.Model) -> None:
    """Status, family, tokenizer and pool are among the words that others compare them with."""
    assert model.status in {"active", "legacy", "deprecated", "retired"}
    assert model.family in {"fable", "mythos", "opus", "sonnet", "haiku"}
    assert model.tokenizer in {"new", "old"}
    assert model.rate_limit_pool in {"standard", "fable", None}
    assert model.default_effort in {"medium", "high", None}


@MODELS
def test_model_has_sources_and_dates(model: facts.Model) -> None:
    """Every model says where its figures come from and when they were checked, and its dates are
    days.
    """
    assert model.sources
    assert all(model.sources)
    assert model.confidence
    assert model.checked_on == facts.checked_on() == "2026-11-24"
    for date in (model.released, model.deprecated_on, model.retires_on, model.retires_not_before):
        if date is not None:
            assert datetime.date.fromisoformat(date).isoformat() == date


@MODELS
def test_retired_means_that_its_day_has_passed(model: facts.Model) -> None:
    """A model is retired exactly if the announced day lies behind the day of the check."""
    over = model.retires_on is not None and model.retires_on <= model.checked_on
    assert (model.status == "retired") == over


# Deprecated without a day, with the reason.
NO_DAY = {"claude-mythos-preview": "the SDKs and the docs disagree on it"}


@MODELS
def test_deprecated_means_that_its_end_is_announced(model: facts.Model) -> None:
    """Deprecated and retired models have the two dates of their end, the others have neither."""
    ends = model.status in {"deprecated", "retired"}
    assert (model.deprecated_on is not None) == ends
    assert (model.retires_on is not None) == (ends and model.id not in NO_DAY)
    assert not (model.retires_on and model.retires_not_before)


def test_mythos_preview_keeps_the_conflict() -> None:
    """Where sources disagree, the note names both sides."""
    model = facts.model("claude-mythos-preview")
    assert model.status == "deprecated"
    assert "2026-06-30" in model.notes
    assert "to be announced" in model.notes


# ---- prices


@MODELS
def test_batch_is_half_of_standard(model: facts.Model) -> None:
    """Every kind of token costs half in a batch, above the long-prompt limit too."""
    half = facts.limit("batch_multiplier").value
    for standard, batch in price_lists(model):
        for kind in KINDS:
            assert getattr(batch, kind) == getattr(standard, kind) * half, kind


# Cache prices that are not the published multiple of the input price: (write 5m, read), with the
# reason.
ODD_CACHE_PRICES = {
    "claude-3-haiku-20240307": (Decimal("1.2"), Decimal("0.12"))
}  # $0.30 and $0.03 on $0.25


def read_multiplier(model: facts.Model) -> facts.Fact:
    if model.id in {"claude-opus-5-5", "claude-sonnet-5-5"}:
        return facts.limit("cache_read_multiplier_5_5")
    if model.id.startswith(("claude-fable-5-", "claude-mythos-5-")):
        return facts.limit("cache_read_multiplier_fable")
    return facts.limit("cache_read_multiplier")


@MODELS
def test_cache_prices_follow_the_input_price(model: facts.Model) -> None:
    """Cache prices are 1.25, 2 and 0.1 (or 0.05, or 0.025) times the input price, with one
    exception.
    """
    usual = facts.limit("cache_write_5m_multiplier").value, read_multiplier(model).value
    write, read = ODD_CACHE_PRICES.get(model.id, usual)
    for pair in price_lists(model):
        for prices in pair:
            assert prices.cache_write_5m == prices.input * write
            assert (
                prices.cache_write_1h
                == prices.input * facts.limit("cache_write_1h_multiplier").value
            )
            assert prices.cache_read == prices.input * read


def test_only_haiku_5_5_has_a_price_for_long_prompts() -> None:
    """Above 100,000 tokens Haiku 5.5 costs five times as much; no other price depends on the
    length.
    """
    priced = [model for model in facts.models() if model.long_prompt_tokens is not None]
    assert [model.id for model in priced] == ["claude-haiku-5-5"]
    haiku = priced[0]
    assert haiku.long_prompt_tokens == facts.limit("long_prompt_tokens").value == 100_000
    assert haiku.long_standard is not None
    for kind in KINDS:
        assert getattr(haiku.long_standard, kind) == 5 * getattr(haiku.standard, kind)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("batch_cache_read_saving", "claude-haiku-5-5"),
        ("batch_cache_read_saving_5_5", "claude-sonnet-5-5"),
        ("batch_cache_read_saving_fable", "claude-fable-5-2"),
    ],
)
def test_saving_of_a_cache_read(key: str, name: str) -> None:
    """What a cache read in a batch saves follows from the price list."""
    model = facts.model(name)
    assert facts.limit(key).value == 1 - model.batch.cache_read / model.standard.input


@pytest.mark.parametrize("lifetime", ["5m", "1h"])
def test_price_of_a_cache_write(lifetime: str) -> None:
    """What a cache write in a batch costs, against standard input, follows from the price list."""
    model = facts.model("claude-sonnet-5-5")
    written = getattr(model.batch, f"cache_write_{lifetime}")
    assert facts.limit(f"batch_cache_write_{lifetime}").value == written / model.standard.input


@pytest.mark.parametrize(("lifetime", "hits"), [("5m", 1), ("1h", 2)])
def test_break_even_of_a_cache_write(lifetime: str, hits: int) -> None:
    """So many hits pay for the write, and one hit fewer does not, with every active model."""
    assert facts.limit(f"cache_break_even_{lifetime}").value == hits
    for model in facts.models():
        if model.status == "active":
            extra = getattr(model.batch, f"cache_write_{lifetime}") - model.batch.input
            saved = model.batch.input - model.batch.cache_read
            assert saved * (hits - 1) < extra <= saved * hits, model.id


# ---- limits of a model


@MODELS
def test_long_output_needs_its_header(model: facts.Model) -> None:
    """Batches write more than the model otherwise may exactly where the beta header allows it."""
    if model.extended_output_header is None:
        assert model.batch_max_output_tokens == model.max_output_tokens
    else:
        assert model.extended_output_header == facts.limit("extended_output_header").value
        assert (
            model.batch_max_output_tokens
            == facts.limit("extended_output_tokens").value
            > model.max_output_tokens
        )


@MODELS
def test_output_fits_the_context(model: facts.Model) -> None:
    """A model writes less than its context holds."""
    assert 0 < model.max_output_tokens <= model.batch_max_output_tokens < model.context_tokens


@MODELS
def test_us_inference(model: facts.Model) -> None:
    """Inference in the US costs 1.1 times as much, from Claude 4.6 on; older models refuse it."""
    version = [int(n) for n in re.findall(r"\d+", model.name)] or [
        5
    ]  # Mythos Preview stands before Mythos 5
    since_4_6 = version >= [4, 6]
    assert model.us_multiplier == (facts.limit("us_multiplier").value if since_4_6 else None)


@MODELS
def test_tokenizer(model: facts.Model) -> None:
    """The new tokenizer came with Claude 4.7."""
    version = [int(n) for n in re.findall(r"\d+", model.name)] or [5]
    assert model.tokenizer == ("new" if version >= [4, 7] else "old")


def test_cacheable_prefix() -> None:
    """The facts on the shortest cacheable prefix are the least and the greatest of the catalogue."""
    tokens = [
        model.min_cacheable_tokens
        for model in facts.models()
        if model.min_cacheable_tokens is not None
    ]
    assert facts.limit("min_cacheable_low").value == min(tokens)
    assert facts.limit("min_cacheable_high").value == max(tokens)


def test_tool_prompt() -> None:
    """Tools add at least as many tokens as with the thriftiest model of the catalogue."""
    tokens = [
        model.tool_prompt_tokens for model in facts.models() if model.tool_prompt_tokens is not None
    ]
    assert facts.limit("tool_prompt_tokens_low").value == min(tokens)
    assert max(tokens) < facts.limit("tool_prompt_tokens_high").value


# ---- limits


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("batch_max_requests", 100_000),
        ("batch_max_bytes", 256_000_000),
        ("batch_byte_margin", Decimal("0.05")),
        ("batch_envelope_bytes", len('{"requests":[]}')),
        ("custom_id_max_chars", 64),
        ("expiry_h", 24),
        ("results_days", 29),
        ("batch_multiplier", Decimal("0.5")),
        ("cache_hit_rate_low", Decimal("0.3")),
        ("cache_hit_rate_high", Decimal("0.98")),
        ("chars_per_token_new", Decimal("2.5")),
        ("chars_per_token_old", Decimal("3.4")),
        ("list_page_max", 1000),
        ("official_typical_h", 1),
        ("poll_s", 60),
        ("extended_output_header", "output-300k-2026-03-24"),
        ("web_search_usd_per_1000", 10),
        ("spend_limit_error_code", "enforced_spend_limit_reached"),
        ("error_path", "result.error.error.type"),
        ("too_large_status", 413),
    ],
)
def test_limit(key: str, value: int | Decimal | str) -> None:
    """A limit has its value, and ratios are exact."""
    found = facts.limit(key).value
    assert found == value
    assert type(found) is type(value)


def test_unknown_limit() -> None:
    """A fact that does not exist is a KeyError that names it."""
    with pytest.raises(KeyError, match="batch_max_pages"):
        facts.limit("batch_max_pages")


def test_no_fact_hides_another() -> None:
    """Every row of the data file is there to be read: no key stands twice."""
    rows = json.loads((DATA / "limits.json").read_text())["facts"]
    assert [fact.key for fact in facts.limits()] == [row["key"] for row in rows]


@FACTS
def test_fact_is_sourced(fact: facts.Fact) -> None:
    """Every fact names its source and the day of it, and what unit its value has."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*", fact.key)
    assert fact.source
    assert datetime.date.fromisoformat(fact.date).isoformat() == fact.date
    assert fact.unit


@FACTS
def test_fact_is_one_sentence(fact: facts.Fact) -> None:
    """A statement is one sentence that can stand in an article."""
    assert re.match(r"[A-Z0-9]", fact.statement)
    assert fact.statement.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", fact.statement)
    assert not fact.note or fact.note.endswith(".")


@FACTS
def test_statement_says_its_value(fact: facts.Fact) -> None:
    """A number stands in its statement as people write it: whole, in per cent, or as a multiple."""
    if isinstance(fact.value, str):
        return
    forms = {f"{fact.value:,}"}
    if isinstance(fact.value, Decimal):
        forms.add(f"{(fact.value * 100).normalize():f} %")
    numbers = set(re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?(?: %)?", fact.statement))
    assert forms & numbers


def test_custom_id_pattern() -> None:
    """The pattern takes up to 64 letters, digits, hyphens and underscores, and nothing else."""
    pattern = re.compile(str(facts.limit("custom_id_pattern").value))
    longest = facts.limit("custom_id_max_chars").value
    assert isinstance(longest, int)
    assert pattern.fullmatch("row_42-b")
    assert pattern.fullmatch("x" * longest)
    for bad in ("", "x" * (longest + 1), "report.pdf", "two words", "a/b", "é"):
        assert not pattern.fullmatch(bad), bad


def test_own_choice_is_marked() -> None:
    """What this planner chose itself does not pass for a rule of the provider."""
    assert (
        facts.limit("batch_byte_margin").source == "A choice of this planner, not of the provider"
    )


# ---- tiers


def test_tiers() -> None:
    """The tiers grow: requests per minute, queue and monthly spend."""
    assert [tier.key for tier in facts.tiers()] == [
        "evaluation",
        "start",
        "build",
        "scale",
        "custom",
    ]
    figures = [(t.batch_rpm, t.queue_requests, t.monthly_spend_usd) for t in facts.tiers()]
    assert figures == [
        (None, None, None),
        (1_000, 200_000, 500),
        (2_000, 300_000, 1_000),
        (4_000, 500_000, 200_000),
        (None, None, None),
    ]


@pytest.mark.parametrize("tier", facts.tiers(), ids=lambda tier: tier.key)
def test_tier_is_sourced(tier: facts.Tier) -> None:
    """Every tier has a source and a day, and one without figures says why."""
    assert tier is facts.tier(tier.key)
    assert tier.source
    assert datetime.date.fromisoformat(tier.date)
    assert tier.note or tier.queue_requests


def test_unknown_tier() -> None:
    """The numbered tiers of old are no tiers any more."""
    with pytest.raises(KeyError, match="tier 4"):
        facts.tier("tier 4")
    with pytest.raises(KeyError, match="tier 4"):
        facts.realtime_rates("tier 4", "standard")


@pytest.mark.parametrize(
    ("tier", "pool", "rates"),
    [
        ("start", "standard", (1_000, 2_000_000, 400_000)),
        ("build", "standard", (5_000, 5_000_000, 1_000_000)),
        ("scale", "standard", (10_000, 10_000_000, 2_000_000)),
        ("start", "fable", (1_000, 500_000, 100_000)),
        ("build", "fable", (2_000, 1_500_000, 300_000)),
        ("scale", "fable", (4_000, 4_000_000, 800_000)),
    ],
)
def test_realtime_rates(tier: str, pool: str, rates: tuple[int, int, int]) -> None:
    """Requests, input tokens and output tokens per minute of the real-time API."""
    found = facts.realtime_rates(tier, pool)
    assert found is not None
    assert (found.rpm, found.itpm, found.otpm) == rates
    assert found.source
    assert datetime.date.fromisoformat(found.date)


@pytest.mark.parametrize("tier", ["evaluation", "custom"])
def test_unpublished_rates(tier: str) -> None:
    """No figures are made up for the tiers whose limits are not published."""
    assert facts.realtime_rates(tier, "standard") is None


@MODELS
def test_models_that_answer_have_rates(model: facts.Model) -> None:
    """Every model that can be used has real-time rates, except the preview; a retired one has none."""
    rates = facts.realtime_rates("start", model.rate_limit_pool)
    assert (rates is not None) == (
        model.status != "retired" and model.id != "claude-mythos-preview"
    )


# ---- durations


def test_guide() -> None:
    """The original planner's table: 10-30 min, 1-4 h, 4-12 h."""
    rows = [(row.requests_up_to, row.low_s, row.high_s) for row in facts.guide()]
    assert rows == [(1_000, 600, 1_800), (10_000, 3_600, 14_400), (100_000, 14_400, 43_200)]


def test_guide_is_marked_as_unsupported() -> None:
    """The table is quoted with its date and with the reason to doubt it."""
    fact = facts.limit("original_guide")
    assert fact.value == "unsupported"
    assert fact.date == "2026-05-25"
    assert "8,150" in fact.note


def test_every_observation_is_kept() -> None:
    """110 durations are known, of which 94, from 33 logs, are of one batch of a known size; of these ten
    of 1,000 requests or more have ended. Six very long answers stand apart."""
    used = [o for o in OBSERVATIONS if o.used]
    assert (len(OBSERVATIONS), len(used), len({o.log for o in used})) == (110, 94, 33)
    assert sum((o.requests or 0) >= 1000 and not o.censored for o in used) == 10
    assert len(facts.writing()) == 6


@pytest.mark.parametrize(
    "o", OBSERVATIONS, ids=lambda o: f"{o.requests}-{o.date}-{o.seconds_high:g}"
)
def test_observation(o: facts.Observation) -> None:
    """An observation is used only if it gives one duration, or nearly so, for one known size; else
    it says why not.
    """
    assert o.kind in {"exact", "measured", "approx", "claim", "range", "upper-bound", "censored"}
    assert o.censored == (o.kind == "censored")
    assert 0 <= o.seconds_low <= o.seconds_high <= 86_400
    # the API's own times are known to the second of both ends, a note to the minute
    assert (o.seconds_low < o.seconds_high) >= (o.kind in {"range", "upper-bound"})
    assert o.seconds_high - o.seconds_low <= 60 or o.kind in {"range", "upper-bound"}
    narrow = 0 < o.seconds_high <= 2 * o.seconds_low
    assert o.used <= (o.requests is not None and narrow)
    assert o.used or not (o.seconds_low == o.seconds_high and o.requests)
    assert o.used == (o.why_unused == "")
    assert o.log
    assert o.model is None or facts.model(o.model)
    assert o.source
    assert DATE.fullmatch(o.date)


def test_the_telling_observations() -> None:
    """Size says little: 8,150 requests took 20 minutes, 168 took more than 7 hours, 1 was still
    queued after 34 min.
    """
    found = {(o.requests, o.seconds_low, o.censored) for o in OBSERVATIONS if o.used}
    assert {
        (8_150, 1_200.0, False),
        (168, 26_400.0, False),
        (1, 2_078.0, True),
        (100_000, 9_834.1, False),
        (314, 16_450.0, False),
    } <= found


def test_what_stands_apart_is_not_used() -> None:
    """4 cancelled batches and 17 of another provider say nothing about how long work takes here."""
    file = json.loads((DATA / "durations.json").read_text("utf-8"))
    assert (len(file["cancelled"]), len(file["other_provider"])) == (4, 17)
    assert not any(row["used"] for row in file["cancelled"] + file["other_provider"])
    *others, slowest = sorted(row["seconds_high"] for row in file["cancelled"])
    assert max(others) == float(facts.limit("cancel_s").value)
    assert slowest == float(facts.limit("cancel_slow_s").value)


def test_batch_byte_limit() -> None:
    """The provider's 256 MB less our margin of 5 %."""
    assert facts.batch_byte_limit() == 256_000_000 * 95 // 100


# ---- the data files


@pytest.mark.parametrize("name", FILES)
def test_data_file_is_written_one_way(name: str) -> None:
    """A data file is JSON indented by two, so that a change of one figure is a change of one line."""
    text = (DATA / name).read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", ["models.json", "limits.json"])
def test_every_source_is_cited(name: str) -> None:
    """Each source of a data file is cited in it and has a text and a day, none after the day of the
    check.
    """
    file = json.loads((DATA / name).read_text(encoding="utf-8"))
    rows = [row for value in file.values() if isinstance(value, list) for row in value]
    cited = {key for row in rows for key in row.get("sources", ())}
    assert cited == set(file["sources"])
    for source in file["sources"].values():
        assert source["text"]
        assert datetime.date.fromisoformat(source["date"]).isoformat() <= facts.checked_on()


def test_facts_are_read_from_a_zip(tmp_path: Path) -> None:
    """The browser imports the package from a zip: the data must come out of it, too."""
    archive = tmp_path / "runtime.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("planner/__init__.py", "")
        for name in ("__init__.py", "rows.py", *FILES):
            packed.write(DATA / name, f"planner/facts/{name}")
    program = f"import sys; sys.path[:0] = [{str(archive)!r}]; from planner import facts; print(facts.__file__, facts.checked_on(), len(facts.models()))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        str(archive / "planner" / "facts" / "__init__.py"),
        facts.checked_on(),
        str(len(facts.models())),
    ]


def test_a_broken_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever edits the facts by hand learns in which file a comma is missing, and where."""
    monkeypatch.setattr("pkgutil.get_data", lambda *_: b'{"models": [\n}')
    with pytest.raises(ValueError, match=r"^planner/facts/broken\.json: .* line 2 column 1"):
        facts._read("broken.json")
