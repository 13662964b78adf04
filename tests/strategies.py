"""Hypothesis strategies: scenarios that can be planned, and what people type and files hold instead
of one.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from planner import facts, scenario
from planner.scenario import FIELDS, Field, Retries, Scenario

MODELS = [model.id for model in facts.models()]
LARGEST_BATCH_BYTES = 243_200_000  # 256,000,000 less 5 %

Raw = dict[str, dict[str, Any]]


def decimals(low: float, high: float, places: int) -> st.SearchStrategy[float]:
    """Floats of so many decimal places, the bounds among them."""
    unit = 10**places
    return st.integers(round(low * unit), round(high * unit)).map(lambda whole: whole / unit)


def moments() -> st.SearchStrategy[str]:
    """Dates and times with offset, to the minute, as the contract writes them."""
    zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    whole = st.datetimes(datetime(2020, 1, 2), datetime(2100, 12, 30), timezones=zones)
    return whole.map(lambda moment: moment.isoformat(timespec="minutes"))


def histories(most: int = 30) -> st.SearchStrategy[list[list[float]]]:
    """Rows of own batches."""
    return st.lists(
        st.tuples(st.integers(1, 100_000), decimals(1, 200_000, 1)).map(list),
        min_size=1,
        max_size=most,
    )


@st.composite
def scenarios(
    draw: st.DrawFn, *, most_batches: int = 12, durations: tuple[str, ...] = ()
) -> Scenario:
    """A scenario that keeps all rules between fields and makes at most about `most_batches` batches.

    `durations` limits the ways to judge how long a batch takes.
    """

    def some(strategy: st.SearchStrategy[Any], default: Any) -> Any:
        return draw(st.one_of(st.just(default), strategy))

    model = facts.model(draw(st.sampled_from(MODELS)))
    answer = draw(st.integers(1, min(model.batch_max_output_tokens, 300_000)))
    prompt = draw(st.integers(1, min(model.context_tokens - answer, 1_000_000)))
    room = min(model.batch_max_output_tokens, model.context_tokens - prompt)
    queue = some(st.integers(1, 300_000), 0)
    request_bytes = some(st.integers(1, 2_000_000), 0)
    wished = draw(st.integers(1, 100_000))
    # the estimate is at most 3.4 characters for each token, and what stands around the prompt
    by_bytes = (LARGEST_BATCH_BYTES - 14) // ((request_bytes or 4 * prompt + 400) + 1)
    size = min(wished, by_bytes, queue or 200_000)
    judged = draw(st.sampled_from(durations or ("observed", "guide", "formula", "history")))
    return scenario.parse(
        {
            "workload": {
                "model": model.id,
                "requests": draw(st.integers(1, min(10_000_000, most_batches * size))),
                "input_tokens": prompt,
                "output_tokens": answer,
                "output_p95_tokens": some(st.integers(answer, 300_000), 0),
                "max_tokens": some(st.integers(answer, room), 0),
                "bytes_per_request": request_bytes,
                "shared_prefix_tokens": some(st.integers(0, prompt), 0),
            },
            "batches": {
                "requests_per_batch": draw(st.sampled_from([wished, wished, wished, 0])),
                "concurrent": draw(st.one_of(st.just(1), st.integers(0, 100))),
                "realtime_share": draw(st.one_of(st.just(0), decimals(0, 0.99, 2))),
                "poll_s": some(decimals(1, 3600, 2), 60),
            },
            "retries": {
                "max": draw(st.integers(0, 10)),
                "backoff": draw(st.sampled_from(["exponential", "linear", "fixed"])),
                "base_delay_s": some(decimals(0, 86_400, 2), 60),
                "transient_rate": some(decimals(0, 0.9, 4), 0.01),
                "permanent_rate": some(decimals(0, 1, 4), 0),
            },
            "duration": {
                "model": judged,
                "seconds_per_request": some(decimals(0.1, 600, 1), 5),
                "parallel_requests": some(st.integers(1, 100_000), 50),
                "startup_s": some(decimals(0, 3600, 1), 120),
                "history": draw(histories()) if judged == "history" else [],
                "shared_load": some(decimals(0, 1, 2), 0.7),
            },
            "limits": {
                "tier": draw(st.sampled_from(["evaluation", "start", "build", "scale", "custom"])),
                "queue_requests": queue,
                "monthly_spend_usd": some(decimals(0, 100_000_000, 2), 0),
                "spent_this_month_usd": some(decimals(0, 1_000_000, 2), 0),
            },
            "caching": {
                "mode": draw(st.sampled_from(["none", "5m", "1h"])),
                "prime": draw(st.booleans()),
                "hit_rate": some(decimals(0, 1, 3), 0.7),
            },
            "pricing": {
                "geo": draw(st.sampled_from(["global", "us"])),
                "bill_failed": draw(st.booleans()),
            },
            "goal": {
                "start_at": some(moments(), ""),
                "deadline_h": some(decimals(0, 720, 2), 0),
                "budget_usd": some(decimals(0, 100_000_000, 4), 0),
                "confidence": some(decimals(0.5, 0.99, 3), 0.85),
            },
            "forecast": {"seed": some(st.integers(0, 2**32 - 1), 1)},
        }
    )


# What people type


def spellings(number: int) -> st.SearchStrategy[str]:
    """Ways to write one whole number of a form."""
    ways: list[Callable[[], str]] = [
        lambda: str(number),
        lambda: f"{number:,}",
        lambda: f"{number:_}",
        lambda: f"{number:,}".replace(",", " "),
        lambda: f"{number:,}".replace(",", "\u202f"),
        lambda: f"+{number}",
        lambda: f"  {number} ",
        lambda: f"{number}.0",
        lambda: f"{Decimal(number):e}",
        lambda: f"{Decimal(number) / 1000:f}k",
        lambda: f"{Decimal(number) / 1_000_000:f} M",
        lambda: f"{number * 100} %",
    ]
    return st.sampled_from(ways).map(lambda way: way())


def typed() -> st.SearchStrategy[str]:
    """Texts of a form: right, nearly right, and anything at all."""
    nearly = st.text(alphabet="0123456789.,_ :;%kKmMeE+-'\u202f\u00a0\u0661\n\t\"x", max_size=20)
    known = st.sampled_from(
        [
            *MODELS,
            "true",
            "off",
            "observed",
            "history",
            "formula",
            "none",
            "1h",
            "us",
            "",
            "0",
            "1",
            "10000",
            "85 %",
        ]
    )
    return st.one_of(
        known, nearly, moments(), st.text(max_size=40), st.integers(-10, 10**8).map(str)
    )


def typed_forms() -> st.SearchStrategy[dict[str, str]]:
    """Texts by field name, some of them of fields that do not exist."""
    names = st.one_of(st.sampled_from([field.name for field in FIELDS]), st.text(max_size=20))
    return st.dictionaries(names, typed(), max_size=8)


def queries() -> st.SearchStrategy[str]:
    """Query strings: of fields, mangled ones, and anything at all."""
    names = st.sampled_from([field.name for field in FIELDS])
    mangled = st.sampled_from(
        ["%", "%zz", "%ff", "%00", "&", "=", "+", "%2B", "%E2%82", "#", "?", ";", "a.b=1"]
    )
    pairs = st.tuples(names, typed()).map("=".join)
    parts = st.lists(st.one_of(pairs, mangled, st.text(max_size=10)), max_size=6)
    return st.one_of(parts.map("&".join), parts.map("".join), st.text(max_size=200))


# What files hold


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value, NaN and infinity as Python reads them included."""
    leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10))
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=8,
    )


def json_trees() -> st.SearchStrategy[Any]:
    """Scenario files: groups and fields that exist, with any value in them, and any JSON at all."""
    by_group: dict[str, list[Field]] = {}
    for field in FIELDS:
        by_group.setdefault(field.group, []).append(field)
    values = st.one_of(
        json_values(), st.sampled_from([0, 1, 1.0, "1", True, None, [], {}, 1e308, -1, 10**400])
    )
    groups = {
        group: st.one_of(
            st.dictionaries(
                st.sampled_from([field.name.partition(".")[2] for field in fields]),
                values,
                max_size=3,
            ),
            json_values(),
        )
        for group, fields in by_group.items()
    }
    return st.one_of(st.fixed_dictionaries({}, optional=groups), json_values())


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def policies() -> st.SearchStrategy[Retries]:
    """Every policy that a scenario allows."""
    return st.builds(
        Retries,
        max=st.integers(0, 10),
        backoff=st.sampled_from(["exponential", "linear", "fixed"]),
        base_delay_s=st.floats(0, 86_400),
        transient_rate=st.floats(0, 0.9),
        permanent_rate=st.floats(0, 1),
    )
