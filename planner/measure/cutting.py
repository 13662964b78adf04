"""Cut the lines of files into batches, by the exact bytes that would be sent."""

import json
from typing import Any

from planner import facts
from planner.measure.kinds import RESULTS, kind_of
from planner.measure.lines import ReadError
from planner.measure.requests import row_params
from planner.measure.wire import ENVELOPE_BYTES, Wire, json_bytes
from planner.plan import Plan
from planner.scenario import Scenario


class Cutting:
    """Says of one line after the other in which batch it is, from 1; order is kept.

    The limits are the plan's: requests in a batch, the queue, the provider's bytes less the margin;
    where the plan primes the cache, the first request goes alone.
    """

    def __init__(self, plan: Plan, base: Scenario) -> None:
        limits = plan.limits
        self.most = min(limits.requests_per_batch, limits.queue_requests)
        self.most_bytes = min(limits.bytes_per_batch, facts.batch_byte_limit())
        self.primes = plan.primes
        self.batch = 1
        self.requests = 0  # in this batch
        self.bytes = ENVELOPE_BYTES - 1  # the first request has no comma before it
        self._wire, self._row = Wire(), row_params(base)

    def line(self, line: bytes) -> int:
        """The batch of a line, which holds a request, a row, or nothing; 0 for a result."""
        if not line or line.isspace():
            return self.batch
        size = self._size(line.strip())
        if size is None:
            return 0
        alone = self.primes and self.batch == 1
        full = self.requests >= (1 if alone else self.most)
        if self.requests and (full or self.bytes + 1 + size > self.most_bytes):
            self.begin()
        self.requests += 1
        self.bytes += 1 + size
        return self.batch

    def begin(self) -> None:
        """Begin the next batch."""
        self.batch += 1
        self.requests, self.bytes = 0, ENVELOPE_BYTES - 1

    def _size(self, line: bytes) -> int | None:
        try:
            return self._size_as_measured(line)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise ReadError("a file has changed since it was measured") from None

    def _size_as_measured(self, line: bytes) -> int | None:
        value: dict[str, Any] = json.loads(line.decode())
        if "params" in value:
            return self._wire.size(line, value)
        if kind_of(value) == RESULTS:
            return None
        message = {"role": "user", "content": value["prompt"]}
        params = {**self._row, "messages": [message]}
        return len(json_bytes({"custom_id": value["id"], "params": params}))
