"""Every request goes into exactly one batch, in order, and no limit is broken."""

import json

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from planner import facts
from planner.errors import ScenarioError
from planner.model.split import (
    ENVELOPE_BYTES,
    MAX_BATCHES,
    BatchLimits,
    body_bytes,
    largest,
    request_bytes,
    sizes,
    split,
)

MB = 1_000_000


def limits(count: int = 10_000, bytes_: int = 243_200_000, queue: int = 200_000) -> BatchLimits:
    """Limits of which one is changed."""
    return BatchLimits(requests_per_batch=count, bytes_per_batch=bytes_, queue_requests=queue)


def some_limits() -> st.SearchStrategy[BatchLimits]:
    """Limits as a scenario may have them, small ones often."""
    return st.builds(
        BatchLimits,
        requests_per_batch=st.integers(1, 100) | st.integers(1, 100_000),
        bytes_per_batch=st.integers(100, 10_000) | st.just(243_200_000),
        queue_requests=st.integers(1, 100) | st.integers(1, 500_000),
    )


# ---- bytes


@pytest.mark.parametrize(
    ("model", "per_token"), [("claude-sonnet-5-5", 2.5), ("claude-haiku-4-5", 3.4)]
)
def test_request_bytes(model: str, per_token: float) -> None:
    """The provider's characters for each token, and the JSON around the prompt as it is sent."""
    entry = facts.model(model)
    request = {
        "custom_id": "request-00000001",
        "params": {
            "model": entry.id,
            "max_tokens": 100_000,
            "messages": [{"role": "user", "content": "x" * int(1000 * per_token)}],
        },
    }
    assert request_bytes(1000, entry) == len(json.dumps(request, separators=(",", ":")))


@given(st.integers(1, 999_999), st.sampled_from(facts.models()))
def test_a_longer_prompt_is_not_smaller(prompt: int, model: facts.Model) -> None:
    """Bytes grow with tokens."""
    assert request_bytes(prompt, model) < request_bytes(prompt + 1, model)


# ---- examples


def test_one_batch() -> None:
    """What fits into one batch is one batch."""
    (batch,) = split(10_000, 1000, limits())
    assert (batch.number, batch.requests, batch.round) == (1, 10_000, 0)


def test_the_last_batch_is_what_is_left() -> None:
    """25,001 requests in batches of 10,000: the last at its own size, with its own bytes."""
    batches = split(25_001, 1000, limits())
    assert [batch.requests for batch in batches] == [10_000, 10_000, 5001]
    assert batches[-1].bytes == body_bytes(5001, 1000)


def test_batches_of_equal_size() -> None:
    """Where nothing is left there is no empty batch."""
    assert [batch.requests for batch in split(30_000, 10, limits())] == [10_000] * 3


def test_one_request() -> None:
    """The smallest workload is a batch of one."""
    assert [batch.requests for batch in split(1, 1, limits())] == [1]


def test_bytes_bind() -> None:
    """Requests of 1.3 MB: 187 of them make 243.1 MB, 188 would be too many."""
    batches = split(1000, 1_300_000, limits())
    assert (batches[0].requests, batches[0].binding) == (187, "bytes")


def test_queue_binds() -> None:
    """No batch is larger than the queue: it could never be sent."""
    batches = split(100_000, 100, limits(count=100_000, queue=35_000))
    assert [(batch.requests, batch.binding) for batch in batches] == [(35_000, "queue")] * 2 + [
        (30_000, "queue")
    ]


def test_of_equal_limits_the_wish_is_named() -> None:
    """Where the queue is just as large as the wish, the wish is the reason."""
    assert largest(1, limits(count=200_000)) == (200_000, "count")


def test_one_batch_below_every_limit_is_not_bound_by_it() -> None:
    """Five requests of 1 MB fit into one batch; it is not the bytes that make it so small."""
    (batch,) = split(5, MB, limits())
    assert batch.binding == "count"


def test_bytes_of_a_batch_are_those_of_its_body() -> None:
    """Envelope, requests and commas, as the SDK writes the JSON."""
    request = {"custom_id": "a", "params": {}}
    body = json.dumps({"requests": [request] * 7}, separators=(",", ":"))
    assert body_bytes(7, len(json.dumps(request, separators=(",", ":")))) == len(body)


def test_the_envelope_is_that_of_the_facts() -> None:
    """What the planner adds around the requests is what the facts say."""
    assert ENVELOPE_BYTES == facts.limit("batch_envelope_bytes").value


def test_the_largest_request_fits_alone() -> None:
    """A request that fills the batch with its envelope is a batch of one; with a byte more it would
    be none.
    """
    assert largest(243_200_000 - 15, limits()) == (1, "bytes")
    assert largest(243_200_000 - 14, limits())[0] == 0


def test_priming() -> None:
    """The first request goes alone, the others as usual."""
    assert [batch.requests for batch in split(10_001, 1, limits(), prime=True)] == [1, 10_000]


def test_a_round_of_retries() -> None:
    """Retry batches carry their round and go on counting."""
    batches = split(150, 1, limits(count=100), round=2, first=8)
    assert [(batch.number, batch.round, batch.requests) for batch in batches] == [
        (8, 2, 100),
        (9, 2, 50),
    ]


def test_ten_million_in_batches_of_one() -> None:
    """Ten million batches are a problem beside the batch size, with a size that would do."""
    with pytest.raises(ScenarioError) as caught:
        split(10_000_000, 100, limits(count=1))
    (problem,) = caught.value.problems
    assert problem.field == "batches.requests_per_batch"
    assert "10,000,000 batches" in problem.message
    assert "at least 500" in problem.message
    assert len(split(10_000_000, 100, limits(count=500))) == MAX_BATCHES


def test_numbers_of_too_many_batches_are_rounded_up() -> None:
    """What is left over is a batch too, and a size that would do leaves nothing over."""
    with pytest.raises(ScenarioError) as caught:
        split(10_000_001, 100, limits(count=499))
    assert str(caught.value.problems[0]) == (
        "batches.requests_per_batch: 10,000,001 requests in batches of 499 make 20,041 batches; "
        "at most 20,000 can be planned. Put at least 501 requests into a batch."
    )


def test_a_batch_that_is_just_full_is_bound() -> None:
    """187 requests of 1.3 MB are all that a batch may hold; 186 are bound by nothing."""
    (full,) = split(187, 1_300_000, limits())
    (not_full,) = split(186, 1_300_000, limits())
    assert (full.binding, not_full.binding) == ("bytes", "count")


@pytest.mark.parametrize(
    ("count", "each_bytes", "queue", "field"),
    [
        (1, 100, 200_000, "batches.requests_per_batch"),
        (100, 200 * MB, 200_000, "workload.bytes_per_request"),
        (100, 100, 1, "limits.queue_requests"),
    ],
)
def test_too_many_batches(count: int, each_bytes: int, queue: int, field: str) -> None:
    """The problem stands beside the field that makes the batches small."""
    with pytest.raises(ScenarioError) as caught:
        split(MAX_BATCHES + 1, each_bytes, limits(count=count, queue=queue))
    assert [problem.field for problem in caught.value.problems] == [field]


def test_as_many_batches_as_can_be_planned() -> None:
    """The limit itself is allowed, a primer on top."""
    assert len(split(MAX_BATCHES, 1, limits(count=1))) == MAX_BATCHES
    assert len(split(MAX_BATCHES + 1, 1, limits(count=1), prime=True)) == MAX_BATCHES + 1


# ---- laws


@given(st.integers(1, 10_000_000), st.integers(1, 10_000), some_limits(), st.booleans())
@example(1, 1, BatchLimits(requests_per_batch=1, bytes_per_batch=100, queue_requests=1), True)
def test_every_request_is_in_exactly_one_batch(
    requests: int, each_bytes: int, bounds: BatchLimits, prime: bool
) -> None:
    """Sizes add up; numbers count on from 1; no batch is empty; all are of one size but the primer
    and the last.
    """
    size, _ = largest(each_bytes, bounds)
    assume(0 < size and requests <= 300 * size and (requests > 1 or not prime))
    batches = split(requests, each_bytes, bounds, prime=prime)
    assert sum(batch.requests for batch in batches) == requests
    assert [batch.number for batch in batches] == list(range(1, len(batches) + 1))
    assert all(batch.requests > 0 for batch in batches)
    assert {batch.requests for batch in batches[prime:-1]} <= {size}
    assert batches[-1].requests <= size


@given(st.integers(1, 10_000_000), st.integers(1, 10_000), some_limits())
def test_no_limit_is_broken(requests: int, each_bytes: int, bounds: BatchLimits) -> None:
    """Count, bytes and queue hold for every batch."""
    size, _ = largest(each_bytes, bounds)
    assume(0 < size and requests <= 300 * size)
    for batch in split(requests, each_bytes, bounds):
        assert batch.requests <= bounds.requests_per_batch
        assert batch.requests <= bounds.queue_requests
        assert batch.bytes == body_bytes(batch.requests, each_bytes) <= bounds.bytes_per_batch


@given(st.integers(1, 10_000), some_limits())
def test_no_batch_could_be_larger(each_bytes: int, bounds: BatchLimits) -> None:
    """One request more would break the limit that is named, and that one alone is as tight."""
    size, binding = largest(each_bytes, bounds)
    broken = {
        "count": size + 1 > bounds.requests_per_batch,
        "bytes": body_bytes(size + 1, each_bytes) > bounds.bytes_per_batch,
        "queue": size + 1 > bounds.queue_requests,
    }
    assert broken[binding]


@given(st.integers(0, 10**7), st.integers(1, 10**5))
def test_sizes_add_up(requests: int, size: int) -> None:
    """Nothing left is no batch, and nothing is lost."""
    assume(requests <= 1000 * size)
    parts = sizes(requests, size)
    assert sum(parts) == requests
    assert len(parts) == -(-requests // size)
