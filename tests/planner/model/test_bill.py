"""What a workload's requests come to, and what is paid for them, by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import facts
from planner.model.bill import Bill, bill
from planner.model.expiry import NONE, Expiry
from planner.model.retry import Round, rounds
from planner.scenario import Caching, Pricing, Retries, Workload
from tests.strategies import policies

CACHED = Caching(mode="1h", hit_rate=0.7)


def bill_of(
    requests: int,
    *sent: Round,
    prefix: int = 0,
    caching: Caching | None = None,
    expiry: Expiry = NONE,
    bill_failed: bool = False,
    geo: str = "global",
) -> Bill:
    """The bill of requests to Sonnet 5.5 of 2,000 tokens, answered with 1,000, in such rounds."""
    work = Workload(
        requests=requests, input_tokens=2000, output_tokens=1000, shared_prefix_tokens=prefix
    )
    pricing = Pricing(geo=geo, bill_failed=bill_failed)
    model = facts.model("claude-sonnet-5-5")
    return bill(work, caching or Caching(), pricing, model, sent, expiry=expiry)


def counts(bill: Bill) -> tuple[int, ...]:
    """All that is counted in whole requests, in the order of the fields."""
    each = bill.requests
    return (
        each.failed_first_round, each.retried, each.given_up, each.answered, each.attempts,
        each.realtime, each.expired,
    )  # fmt: skip


# ---- requests


def test_rounds_are_counted() -> None:
    """Of 1,000 requests 20 fail for good and 100 for now; of these 10 fail again, and then 1."""
    bill = bill_of(1000, Round(0, 1000, 100, 20), Round(1, 100, 10, 0), Round(2, 10, 1, 0))
    assert counts(bill) == (120, 110, 21, 979, 1110, 0, 0)


def test_in_real_time() -> None:
    """Of 1,000 in real time as many are hopeless as of 9,000 in batches, and no other is lost."""
    bill = bill_of(10_000, Round(0, 9000, 900, 180), Round(1, 900, 90, 0))
    assert counts(bill) == (1080, 900, 180 + 90 + 20, 9710, 10_900, 980, 0)


@pytest.mark.parametrize(("realtime", "hopeless"), [(24, 0), (25, 1), (74, 1), (75, 2)])
def test_half_a_request_is_one(realtime: int, hopeless: int) -> None:
    """One in fifty is hopeless: half a request of 25, which is rounded up."""
    bill = bill_of(9000 + realtime, Round(0, 9000, 0, 180))
    assert bill.requests.realtime == realtime - hopeless
    assert bill.requests.given_up == 180 + hopeless


def test_expired_requests_are_sent_again() -> None:
    """Of 70 that expire 30 are given up because of it: the other 40 were sent once more."""
    bill = bill_of(1000, Round(0, 1000, 10, 20), Round(1, 10, 1, 0), expiry=Expiry(70, 30, 40))
    assert counts(bill) == (30, 50, 51, 949, 1050, 0, 70)


def test_no_more_are_given_up_than_were_sent() -> None:
    """All of 900 in batches, however often they expired; those in real time are not among them."""
    bill = bill_of(1000, Round(0, 900, 9, 90), expiry=Expiry(3600, 900, 2700))
    assert counts(bill) == (99, 2700, 910, 90, 3700, 90, 3600)


def test_never_fewer_than_none_are_sent_again() -> None:
    """Means are rounded one by one: one more may be given up than expires."""
    bill = bill_of(1000, Round(0, 1000, 0, 0), expiry=Expiry(1, 2, 0))
    assert bill.requests.retried == 0
    assert bill.requests.given_up == 2


@given(st.integers(1, 1_000_000), st.integers(0, 1_000_000), policies())
def test_every_request_has_one_fate(batched: int, realtime: int, policy: Retries) -> None:
    """It is answered or given up, and what is sent more than once is a retry."""
    bill = bill_of(batched + realtime, *rounds(batched, policy))
    requests = bill.requests
    assert requests.answered + requests.given_up == batched + realtime
    assert requests.attempts == batched + realtime + requests.retried
    assert 0 <= requests.answered and 0 <= requests.realtime <= realtime


# ---- money


def test_what_is_answered_is_paid() -> None:
    """Of 1,000 requests 979 answers: 2,000 tokens at $1 and 1,000 at $5 a million."""
    bill = bill_of(1000, Round(0, 1000, 100, 20), Round(1, 100, 1, 0))
    assert bill.cost.batch_usd == Decimal("6.853")
    assert not bill.caches and bill.cache_reads == 0


def test_real_time_costs_twice_as_much() -> None:
    """8,820 answers of batches at $0.007, 980 in real time at $0.014."""
    bill = bill_of(10_000, Round(0, 9000, 0, 180))
    assert bill.cost.in_batches_usd == Decimal("61.74")
    assert bill.cost.batch_usd == Decimal("61.74") + Decimal("13.72")


def test_failed_attempts_are_paid_where_that_is_wished() -> None:
    """1,050 attempts less the 70 on which nobody worked: 980, not the 949 answers."""
    some = (Round(0, 1000, 10, 20), Round(1, 10, 1, 0))
    cautious = bill_of(1000, *some, expiry=Expiry(70, 30, 40), bill_failed=True)
    assert cautious.cost.batch_usd == Decimal("6.86")
    usual = bill_of(1000, *some, expiry=Expiry(70, 30, 40))
    assert usual.cost.batch_usd == Decimal("6.643")


def test_no_more_is_paid_in_real_time_than_at_all() -> None:
    """Where all attempts expire but those in real time, these alone are paid."""
    bill = bill_of(
        1000, Round(0, 900, 0, 0), expiry=Expiry(950, 900, 50), bill_failed=True
    )  # 1,050 attempts, of which 950 came to nothing
    assert bill.requests.attempts - bill.requests.expired == 100
    assert bill.cost.batch_usd == Decimal("1.4")
    fewer = bill_of(1000, Round(0, 900, 0, 0), expiry=Expiry(920, 930, 0), bill_failed=True)
    assert fewer.requests.attempts - fewer.requests.expired == 80
    assert fewer.cost.batch_usd == Decimal("1.12")


def test_us_residency() -> None:
    """A tenth dearer."""
    assert bill_of(1000, Round(0, 1000, 0, 0), geo="us").cost.batch_usd == Decimal("7.7")
    assert bill_of(1000, Round(0, 1000, 0, 0)).cost.batch_usd == Decimal(7)


# ---- the cache


def test_all_but_the_first_may_read_the_cache() -> None:
    """Of 999 that follow the first 70 % read: 699.3, the other 301 write."""
    bill = bill_of(1000, Round(0, 1000, 0, 0), prefix=1500, caching=CACHED)
    assert bill.caches and bill.cache_reads == 699
    tokens = {line.kind: line.tokens for line in bill.cost.lines}
    assert tokens["cache_write"] == 301 * 1500
    assert tokens["cache_read"] == 699 * 1500


@pytest.mark.parametrize(("requests", "reads"), [(1, 0), (2, 1), (6, 4), (16, 11), (26, 18)])
def test_half_a_read_is_one(requests: int, reads: int) -> None:
    """0.7, 3.5, 10.5 and 17.5 reads are rounded to the nearest, a half up; the first reads none."""
    bill = bill_of(requests, Round(0, requests, 0, 0), prefix=1500, caching=CACHED)
    assert bill.cache_reads == reads


def test_nothing_is_read_where_nothing_is_paid() -> None:
    """All fail for good: no answer, no read, no dollar."""
    bill = bill_of(1000, Round(0, 1000, 0, 1000), prefix=1500, caching=CACHED)
    assert (bill.cache_reads, bill.cost.batch_usd) == (0, Decimal(0))


@pytest.mark.parametrize(
    ("prefix", "mode", "caches"), [(1500, "1h", True), (1500, "none", False), (100, "1h", False)]
)
def test_what_is_not_cached(prefix: int, mode: str, caches: bool) -> None:
    """A prefix that nobody wants cached, or of 100 tokens, fewer than the model caches, costs as any
    other."""
    some = bill_of(
        1000, Round(0, 1000, 0, 0), prefix=prefix, caching=Caching(mode=mode, hit_rate=0.7)
    )
    kinds = {line.kind for line in some.cost.lines}
    assert some.caches == caches == ("cache_read" in kinds) == (some.cache_reads > 0)
    if not caches:
        assert some.cost.batch_usd == Decimal(7)
