"""Cut a workload into batches, its order kept."""

from dataclasses import dataclass
from typing import NamedTuple

from planner import facts
from planner.errors import Problem, ScenarioError

ENVELOPE_BYTES = len('{"requests":[]}')  # what stands around the requests of a batch
# what stands around the prompt in a request of one user message
_AROUND_PROMPT = (
    '{"custom_id":"request-00000001","params":{"model":"","max_tokens":100000,'
    '"messages":[{"role":"user","content":""}]}}'
)
MAX_BATCHES = 20_000  # more would keep a browser busy for seconds and no person reads them


class Batch(NamedTuple):
    """Requests that are submitted together, in round 0 or a retry round.

    `binding` is the limit that sets the size of the batches: count, bytes or queue.
    """

    number: int
    requests: int
    bytes: int
    round: int
    binding: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchLimits:
    """What a batch may be: the requests that are wanted in it, bytes of the whole body, requests in
    the queue.

    `named`: the limit for which requests_per_batch stands, where it was chosen to keep it.
    """

    requests_per_batch: int
    bytes_per_batch: int
    queue_requests: int
    named: str = "count"


def request_bytes(input_tokens: int, model: facts.Model) -> int:
    """UTF-8 bytes of a request of that many tokens of English text.

    Source: the provider's characters for each token by tokenizer (facts `chars_per_token_new`,
    `…_old`). Code and other scripts differ; measuring the requests is better.
    """
    per_token = facts.limit(f"chars_per_token_{model.tokenizer}").value
    return len(_AROUND_PROMPT) + len(model.id) + int(input_tokens * per_token)


def largest(request_bytes: int, limits: BatchLimits) -> tuple[int, str]:
    """The most requests that one batch may hold, and the limit that says so."""
    # a comma follows every request but the last
    by_bytes = (limits.bytes_per_batch - ENVELOPE_BYTES + 1) // (request_bytes + 1)
    # of equal limits the wish is named, then the bytes
    return min(
        (limits.requests_per_batch, limits.named),
        (by_bytes, "bytes"),
        (limits.queue_requests, "queue"),
        key=lambda limit: limit[0],
    )


def body_bytes(requests: int, request_bytes: int) -> int:
    """The bytes of the request body of a batch: envelope, requests, commas between them."""
    return ENVELOPE_BYTES + requests * (request_bytes + 1) - 1


def sizes(requests: int, size: int) -> tuple[int, ...]:
    """Batches of `size` requests and one of what is left."""
    full, left = divmod(requests, size)
    return (size,) * full + (left,) * (left > 0)


def split(
    requests: int,
    request_bytes: int,
    limits: BatchLimits,
    *,
    prime: bool = False,
    round: int = 0,
    first: int = 1,
) -> tuple[Batch, ...]:
    """The batches of `requests` requests of `request_bytes` each: all of the largest size, the last
    what is left.

    With `prime` the first request goes alone, so that the others can read the cache that it writes.
    Batches are numbered from `first`. Raises ScenarioError when there would be more than
    MAX_BATCHES.
    """
    size, binding = largest(request_bytes, limits)
    rest = requests - 1 if prime else requests
    if rest > MAX_BATCHES * size:
        raise ScenarioError(_too_many(requests, size, binding))
    if rest < size:
        binding = "count"  # all fit into one batch: no limit has cut anything
    shapes = [(1, "count")] * prime + [(count, binding) for count in sizes(rest, size)]
    return tuple(
        Batch(number, count, body_bytes(count, request_bytes), round, bound)
        for number, (count, bound) in enumerate(shapes, start=first)
    )


def _too_many(requests: int, size: int, binding: str) -> Problem:
    field, remedy = {
        "count": (
            "batches.requests_per_batch",
            f"Put at least {-(-requests // MAX_BATCHES):,} requests into a batch.",
        ),
        "bytes": (
            "workload.bytes_per_request",
            "Plan a part of the workload, or make the requests smaller.",
        ),
        "queue": (
            "limits.queue_requests",
            "Raise the queue limit, or plan a part of the workload.",
        ),
    }[binding]
    return Problem(
        field,
        f"{requests:,} requests in batches of {size:,} make {-(-requests // size):,} batches; "
        f"at most {MAX_BATCHES:,} can be planned. {remedy}",
    )
