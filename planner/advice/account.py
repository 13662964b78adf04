"""Say where the account's limits bind: the queue, the bytes of a batch, the calls a minute."""

from collections.abc import Iterator

from planner import facts
from planner.advice.caveat import Caveat
from planner.plan import Plan
from planner.words import count, counted, duration, plain, size

_SLOW_POLL_S = 600


def _queue_unknown(plan: Plan) -> Iterator[Caveat]:
    queue = plan.account.queue_requests
    if not plan.account.queue_known:
        yield Caveat(
            code="queue-unknown",
            severity="warns",
            message=(
                f"The queue limit of tier {plan.account.tier.name} is not published. The plan "
                f"counts with {count(queue)} requests; set your own if you know it."
            ),
        )


def _queue_binds(plan: Plan) -> Iterator[Caveat]:
    batch, at_once = plan.largest_batch.requests, plan.cut.concurrent
    fitting = max(1, plan.account.queue_requests // batch)
    if min(at_once, len(plan.batches)) > fitting:
        yield Caveat(
            code="queue-binds",
            severity="notes",
            message=(
                f"The queue limit of {counted(plan.account.queue_requests, 'request')} lets only "
                f"{counted(fitting, 'batch', 'batches')} of {count(batch)} be open at once, "
                f"not {count(at_once)}."
            ),
            fix={"batches.concurrent": fitting},
            fix_label=f"Open {count(fitting)} at once",
        )


def _bytes_bind(plan: Plan) -> Iterator[Caveat]:
    batch, asked = plan.largest_batch, plan.scenario.batches.requests_per_batch
    if asked and batch.binding == "bytes":
        yield Caveat(
            code="bytes-bind",
            severity="notes",
            message=(
                f"A batch may have {size(facts.batch_byte_limit())}: requests of "
                f"{size(plan.request_bytes)} make batches of {count(batch.requests)}, "
                f"not {count(asked)}."
            ),
            fix={"batches.requests_per_batch": batch.requests},
            fix_label=f"Put {count(batch.requests)} into a batch",
        )


def _polling(plan: Plan) -> Iterator[Caveat]:
    poll_s, calls_per_min = plan.scenario.batches.poll_s, plan.account.tier.batch_rpm
    open_batches = min(plan.cut.concurrent, len(plan.batches))
    if calls_per_min and open_batches * 60 / poll_s > calls_per_min:
        slower_s = -(-open_batches * 60 // calls_per_min)  # rounded up
        yield Caveat(
            code="polling-too-fast",
            severity="warns",
            message=(
                f"{open_batches} batches polled every {plain(poll_s)} s exceed the "
                f"{count(calls_per_min)} calls a minute of the tier."
            ),
            fix={"batches.poll_s": slower_s},
            fix_label=f"Poll every {slower_s} s",
        )
    elif poll_s >= _SLOW_POLL_S:
        usual_s = max(
            int(facts.limit("poll_s").value),
            -(-open_batches * 60 // calls_per_min) if calls_per_min else 0,
        )
        yield Caveat(
            code="polling-slow",
            severity="notes",
            message=(
                f"The end of a batch is noticed up to {duration(poll_s)} late, and what follows "
                "it waits as long."
            ),
            fix={"batches.poll_s": usual_s},
            fix_label=f"Poll every {usual_s} s",
        )


def _apart(plan: Plan) -> Iterator[Caveat]:
    apart = plan.scenario.workload.requests - plan.rounds[0].sent
    if apart:
        limits = (
            "" if plan.realtime else " Its rate limits are not published: its time is not counted."
        )
        yield Caveat(
            code="realtime-apart",
            severity="notes",
            message=(
                f"{counted(apart, 'request')} in real time are not sent by the programs, which make "
                f"batches: give them a file of the other {count(plan.rounds[0].sent)}.{limits}"
            ),
        )


RULES = (_queue_unknown, _queue_binds, _bytes_bind, _polling, _apart)
