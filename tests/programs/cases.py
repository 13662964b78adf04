"""One table of cases for both programs: a scenario of the API, flags, and what must come of it.

Each case is one promise under one kind of trouble. `test_promises.py` runs each in each language and checks, beside
what the case says, the laws of every complete run (`Bench.is_complete`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.programs.harness import Bench

ALWAYS = {"times": -1}


@dataclass(frozen=True)
class Case:
    """`code` of the first start; if the run stops there, `then` are the flags of the second, which must end in `end`."""

    name: str
    fact: str
    scenario: dict[str, Any] = field(default_factory=dict)
    requests: int = 10
    flags: str = "--requests-per-batch 4"
    code: int = 0
    says: tuple[str, ...] = ()
    given_up: dict[str, str] = field(default_factory=dict)
    creates: int | None = None  # POSTs that the API saw
    batches: int | None = None  # batches that it made of them
    then: str | None = None
    then_scenario: dict[str, Any] | None = None
    end: int = 0
    check: Callable[[Bench], None] = lambda bench: None


def faults(*each: dict[str, Any]) -> dict[str, Any]:
    return {"faults": list(each)}


def on(operation: str, do: str, **more: Any) -> dict[str, Any]:
    return {"on": operation, "do": do, **more}


def error(operation: str, status: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"on": operation, "do": "error", "status": status, "type": kind, **more}


def errored(custom_id: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": custom_id, "type": "errored", "error": kind, **more}


def attempts(**expected: int) -> Callable[[Bench], None]:
    """The attempts of requests that were given up, by id."""

    def check(bench: Bench) -> None:
        counted = {line["custom_id"]: line["attempts"] for line in bench.lines("failed.jsonl")}
        assert counted == expected

    return check


def summary(**expected: Any) -> Callable[[Bench], None]:
    """Figures of summary.json."""

    def check(bench: Bench) -> None:
        found = bench.summary()
        assert {name: found[name] for name in expected} == expected

    return check


def limits(requests: int, size: int, queued: int) -> Callable[[Bench], None]:
    """What the API saw was never larger."""

    def check(bench: Bench) -> None:
        api = bench.api
        assert (
            api.largest["requests"] <= requests
            and api.largest["bytes"] <= size
            and api.most_queued <= queued
        )

    return check


def settled(*kinds: str) -> Callable[[Bench], None]:
    """How the batches in doubt were settled, in order."""

    def check(bench: Bench) -> None:
        events = [event["event"] for event in bench.lines("journal.jsonl")]
        assert tuple(kind for kind in events if kind in ("adopted", "not_made", "let_go")) == kinds

    return check


def canary_went_alone(bench: Bench) -> None:
    """The first batch had ended before the second was made."""
    first, second = bench.api.own()[:2]
    assert len(first.entries) == 3
    assert first.ended is not None and first.ended <= second.created


def sizes(*expected: int) -> Callable[[Bench], None]:
    """The batches in order of making."""

    def check(bench: Bench) -> None:
        assert tuple(len(batch.entries) for batch in bench.api.batches) == expected

    return check


def stayed_within(usd: float) -> Callable[[Bench], None]:
    """Worst case in flight and spent, at each submission, by the journal's own figures."""

    def check(bench: Bench) -> None:
        flying: dict[int, float] = {}
        worst: dict[int, float] = {}
        spent = 0.0
        for event in bench.lines("journal.jsonl"):
            if event["event"] == "cut":
                worst[event["batch"]] = float(event["worst_usd"])
            if event["event"] == "submit":
                flying[event["batch"]] = worst[event["batch"]]
                assert spent + sum(flying.values()) <= usd
            if event["event"] == "sorted":
                del flying[event["batch"]]
                spent += float(event["usd"])

    return check


PAYS_ONCE = [
    Case(
        "a quiet run",
        "Ten requests in batches of four are three batches, each sent once.",
        creates=3,
        batches=3,
        check=summary(requests=10, succeeded=10, given_up=0, batches=3, rounds=1, canceled=False),
    ),
    Case(
        "the answer is lost after the batch was made",
        "The batch is found and adopted, and nothing is sent again.",
        faults(on("create", "lose-answer", nth=2)),
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
    Case(
        "the connection drops before the batch was made",
        "After the grace period without such a batch the requests are sent again.",
        faults(on("create", "drop", nth=2)),
        creates=4,
        batches=3,
        check=settled("not_made"),
    ),
    Case(
        "every answer is lost",
        "Each batch is adopted.",
        faults(on("create", "lose-answer", **ALWAYS)),
        creates=3,
        batches=3,
        check=settled("adopted", "adopted", "adopted"),
    ),
    Case(
        "500 after the batch was made",
        "A 5xx proves nothing: the batch is looked for.",
        faults({**error("create", 500, "api_error"), "do": "error-after"}),
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
    Case(
        "500 before the batch was made",
        "A 5xx proves nothing: the batch is looked for, and then sent.",
        faults(error("create", 500, "api_error")),
        creates=4,
        batches=3,
        check=settled("not_made"),
    ),
    Case(
        "529 twice, made the second time",
        "Overload is treated as any 5xx.",
        faults(
            error("create", 529, "overloaded_error"),
            {**error("create", 529, "overloaded_error", nth=2), "do": "error-after"},
        ),
        creates=4,
        batches=3,
        check=settled("not_made", "adopted"),
    ),
    Case(
        "504 after the batch was made",
        "A gateway's timeout is no answer.",
        faults({**error("create", 504, "timeout_error"), "do": "error-after"}),
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
    Case(
        "a page of HTML with status 200 after the batch was made",
        "What is no batch is no answer.",
        faults(on("create", "html-after")),
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
    Case(
        "a page of HTML with status 502",
        "What is no batch is no answer.",
        faults(on("create", "html", status=502)),
        creates=4,
        batches=3,
        check=settled("not_made"),
    ),
    Case(
        "half a JSON document instead of the batch",
        "What is no batch is no answer.",
        faults(on("create", "garbage")),
        creates=4,
        batches=3,
        check=settled("not_made"),
    ),
    Case(
        "the list shows a new batch late",
        "The list is read until the grace period is over.",
        {**faults(on("create", "lose-answer", nth=1)), "list_delay": 0.15},
        flags="--requests-per-batch 4 --adopt-grace-seconds 1",
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
    Case(
        "the batch is made late",
        "A batch that appears within the grace period is adopted.",
        faults(on("create", "late", seconds=0.15)),
        flags="--requests-per-batch 4 --adopt-grace-seconds 1",
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
    Case(
        "somebody else's batch of the same size",
        "Its ids tell: it is let go, and the requests are sent.",
        faults(on("create", "foreign")),
        creates=4,
        batches=4,
        check=settled("let_go", "not_made"),
    ),
    Case(
        "somebody else's batch of the same size, and ours",
        "The wrong one is let go, then the right one is found.",
        faults(on("create", "foreign-too")),
        creates=3,
        batches=4,
        check=settled("let_go", "adopted"),
    ),
    Case(
        "a hundred and twenty batches of others since the intention",
        "The list is read page by page, back to the intention.",
        faults(on("create", "foreign-too", count=120, size=7)),
        creates=3,
        batches=123,
        check=settled("adopted"),
    ),
    Case(
        "our clock is an hour behind",
        "What was made since the intention is told by the API's clock alone.",
        {**faults(on("create", "lose-answer")), "clock_offset": 3600.0},
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
    Case(
        "our clock is an hour ahead",
        "What was made since the intention is told by the API's clock alone.",
        {**faults(on("create", "lose-answer", nth=2)), "clock_offset": -3600.0},
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
    Case(
        "the list fails while a batch is in doubt",
        "Nothing is sent again on the strength of a list that was not read.",
        faults(
            on("create", "lose-answer"),
            error("list", 500, "api_error", nth=2, times=5),
            on("list", "html", nth=7, times=2),
        ),
        creates=3,
        batches=3,
        check=settled("adopted"),
    ),
]

LOSES_NOTHING = [
    Case(
        "an id is missing from the results",
        "It counts as failed for that round, and is sent again.",
        {"outcomes": [{"id": "r2", "attempt": 1, "type": "missing"}]},
        batches=4,
        check=summary(retried=1, rounds=2),
    ),
    Case(
        "an id is missing every time",
        "It is given up after the last attempt.",
        {"outcomes": [{"id": "r2", "type": "missing"}]},
        flags="--requests-per-batch 4 --max-retries 1",
        code=1,
        given_up={"r2": "missing"},
        check=attempts(r2=2),
    ),
    Case(
        "the download is cut, twice",
        "It is fetched again.",
        faults(on("results", "cut", share=0.6, times=2)),
        batches=3,
    ),
    Case(
        "the download is cut at the end of a line",
        "Half the answers are not mistaken for all of them.",
        faults(on("results", "short", lines=2, times=2)),
        batches=3,
    ),
    Case(
        "the download is cut before the first byte",
        "It is fetched again.",
        faults(on("results", "cut", bytes=0), on("results", "drop", nth=2)),
        batches=3,
    ),
    Case(
        "the download is slow",
        "It is waited for.",
        faults(on("results", "slow", seconds=0.6, pieces=6)),
        batches=3,
    ),
    Case(
        "a page of HTML instead of the results, seven times",
        "It is never taken for results.",
        faults(on("results", "html", times=7)),
        batches=3,
    ),
    Case(
        "errors instead of the results",
        "They pass.",
        faults(
            error("results", 500, "api_error"),
            error("results", 529, "overloaded_error", nth=2),
            error("results", 404, "not_found_error", nth=3),
        ),
        batches=3,
    ),
]

LIMITS = [
    Case(
        "the count of a batch",
        "No batch has more requests.",
        flags="--requests-per-batch 3",
        batches=4,
        check=limits(3, 10**9, 3),
    ),
    Case(
        "the bytes of a batch",
        "No body has more bytes, envelope included.",
        flags="--max-bytes-per-batch 800",
        check=limits(10, 800, 10),
    ),
    Case(
        "the queue",
        "The requests in open batches never exceed the queue limit.",
        {"polls": 3},
        requests=12,
        flags="--requests-per-batch 3 --concurrent-batches 10 --max-queued-requests 7",
        batches=4,
        check=limits(3, 10**9, 7),
    ),
    Case(
        "a queue smaller than a batch",
        "Batches are as small as the queue demands.",
        flags="--requests-per-batch 4 --max-queued-requests 3",
        batches=4,
        check=limits(3, 10**9, 3),
    ),
    Case(
        "concurrent batches",
        "So many are open at once, and no more.",
        {"polls": 3},
        requests=12,
        flags="--requests-per-batch 3 --concurrent-batches 2",
        batches=4,
        check=limits(3, 10**9, 6),
    ),
    Case(
        "413",
        "The batch is halved, and halves are sent from then on.",
        {"max_bytes": 800},
        requests=12,
        flags="--requests-per-batch 12",
        says=("too large",),
        check=limits(6, 800, 12),
    ),
    Case(
        "413 for a single request",
        "It is given up, and the others go on.",
        {"max_bytes": 150},
        requests=2,
        code=1,
        given_up={"r0": "request_too_large", "r1": "request_too_large"},
    ),
]

RETRIES = [
    *[
        Case(
            f"errored: {kind}",
            "This class is tried again in the next round.",
            {"outcomes": [errored("r[13]", kind, attempt=1)]},
            batches=4,
            check=summary(retried=2, rounds=2),
        )
        for kind in ("api_error", "overloaded_error", "rate_limit_error", "timeout_error")
    ],
    Case(
        "expired",
        "What the API did not come to in 24 hours is tried again.",
        {"outcomes": [{"id": "r[0-4]", "attempt": 1, "type": "expired"}]},
        check=summary(retried=5, rounds=2),
    ),
    *[
        Case(
            f"errored: {kind}",
            "This class is given up at once.",
            {"outcomes": [errored("r5", kind)]},
            code=1,
            given_up={"r5": kind},
            batches=3,
            check=attempts(r5=1),
        )
        for kind in (
            "invalid_request_error",
            "not_found_error",
            "permission_error",
            "authentication_error",
            "request_too_large",
        )
    ],
    Case(
        "the last attempt fails",
        "After the maximum number of retries a request is given up.",
        {"outcomes": [errored("r5", "api_error")]},
        flags="--requests-per-batch 4 --max-retries 2",
        code=1,
        given_up={"r5": "api_error"},
        batches=5,
        check=attempts(r5=3),
    ),
    Case(
        "no retries",
        "A maximum of none gives up after the first attempt.",
        {"outcomes": [errored("r5", "api_error")]},
        flags="--max-retries 0",
        code=1,
        given_up={"r5": "api_error"},
        batches=1,
        check=attempts(r5=1),
    ),
    Case(
        "a class that nobody knows",
        "It is tried again, and logged.",
        {"outcomes": [errored("r[5-7]", "solar_flare_error", attempt=1, retriable=True)]},
        says=("solar_flare_error",),
        check=summary(retried=3),
    ),
    Case(
        "a result type that nobody knows",
        "It is kept and not paid for again.",
        {"outcomes": [{"id": "r5", "type": "postponed"}]},
        code=1,
        given_up={"r5": "postponed"},
        says=("postponed",),
        check=attempts(r5=1),
    ),
    Case(
        "somebody cancels a batch",
        "What somebody canceled is not sent again.",
        {"outcomes": [{"id": "r5", "type": "canceled"}]},
        code=1,
        given_up={"r5": "canceled"},
    ),
    Case(
        "the account lacks credit",
        "The run stops, and the attempt is not counted: with none to spare the request still succeeds.",
        {
            "outcomes": [
                errored(
                    "r1",
                    "invalid_request_error",
                    message="Your credit balance is too low.",
                    attempt=1,
                    retriable=True,
                )
            ]
        },
        flags="--requests-per-batch 4 --max-retries 0",
        code=3,
        says=("credit",),
        then="--requests-per-batch 4 --max-retries 0",
    ),
    Case(
        "billing_error in a result",
        "The account's class stops the run as its message does.",
        {"outcomes": [errored("r1", "billing_error", attempt=1, retriable=True)]},
        flags="--max-retries 0",
        code=3,
        then="--max-retries 0",
    ),
]

HTTP = [
    Case(
        "thirty errors while polling",
        "5xx, 529, dropped connections and pages of HTML pass.",
        faults(
            error("retrieve", 500, "api_error", times=6),
            error("retrieve", 529, "overloaded_error", nth=7, times=6),
            on("retrieve", "drop", nth=13, times=6),
            on("retrieve", "html", nth=19, times=6),
            on("retrieve", "garbage", nth=25, times=6),
        ),
        batches=3,
    ),
    Case(
        "429 while polling",
        "The wait that it asks for is kept.",
        faults(error("retrieve", 429, "rate_limit_error", retry_after=0.4)),
        says=("429",),
        batches=3,
    ),
    Case(
        "429 on create, with retry-after",
        "No batch was made; the wait is kept.",
        faults(error("create", 429, "rate_limit_error", retry_after=0.4)),
        creates=4,
        batches=3,
        check=settled(),
    ),
    Case(
        "429 because of growth",
        "ramp_limit_exceeded passes.",
        faults(
            error(
                "create", 429, "rate_limit_error", error_code="ramp_limit_exceeded", retry_after=0.1
            )
        ),
        creates=4,
        batches=3,
    ),
    Case(
        "a retry-after that is a date in the past",
        "It is no longer waited for.",
        faults(
            error("create", 429, "rate_limit_error", retry_after="Wed, 21 Oct 2015 07:28:00 GMT")
        ),
        creates=4,
        batches=3,
    ),
    Case(
        "a retry-after that is nonsense",
        "The wait is our own.",
        faults(
            error("create", 429, "rate_limit_error", retry_after="soon"),
            error("create", 429, "rate_limit_error", retry_after="nan", nth=2),
        ),
        creates=5,
        batches=3,
    ),
    Case(
        "the provider's queue is full",
        "The batch goes out when its own batches have drained.",
        {"queue_limit": 5, "polls": 3},
        flags="--requests-per-batch 4 --concurrent-batches 3",
        says=("queue",),
        batches=3,
        check=limits(4, 10**9, 5),
    ),
    Case(
        "the tier's spend limit",
        "A 429 without retry-after that lasts until the first of the month stops the run.",
        faults(
            error(
                "create", 429, "rate_limit_error", error_code="enforced_spend_limit_reached", nth=2
            )
        ),
        code=3,
        says=("spend limit",),
        then="--requests-per-batch 4",
        batches=3,
    ),
    Case(
        "the workspace's own spend limit",
        "A 400 that says so stops the run.",
        faults(
            error(
                "create",
                400,
                "invalid_request_error",
                message="You have reached your specified API usage limits.",
            )
        ),
        code=3,
        then="--requests-per-batch 4",
        batches=3,
    ),
    Case(
        "402",
        "Billing trouble stops the run.",
        faults(error("create", 402, "billing_error", message="Please pay.")),
        code=3,
        then="",
    ),
    Case(
        "403 while polling",
        "A key that may no longer do this stops the run; the batch goes on and is collected later.",
        faults(error("retrieve", 403, "permission_error", nth=2)),
        code=3,
        says=("403",),
        then="--requests-per-batch 4",
        batches=3,
    ),
    Case(
        "a wrong key",
        "The run stops before anything is sent.",
        faults(error("list", 401, "authentication_error")),
        code=3,
        says=("ANTHROPIC_API_KEY",),
        then="--requests-per-batch 4",
        batches=3,
    ),
    Case(
        "a page of HTML for the batch while its results are fetched",
        "The SDK asks for the batch once more, and that answer may be anything.",
        faults(
            on("retrieve", "html", nth=3),
            on("retrieve", "no-url", nth=5),
            on("retrieve", "garbage", nth=7),
        ),
        batches=3,
    ),
    Case(
        "an ordinary 429 that speaks of limits",
        "One with a retry-after passes, whatever its words.",
        faults(
            error(
                "create",
                429,
                "rate_limit_error",
                message="You are near your usage limits.",
                retry_after=0.05,
            )
        ),
        creates=4,
        batches=3,
    ),
    Case(
        "an answer of no API",
        "A 403 from a proxy stops the run, and the message says where to look.",
        faults(on("create", "html", status=403)),
        code=3,
        says=("ANTHROPIC_BASE_URL",),
        then="--requests-per-batch 4",
        batches=3,
    ),
    Case(
        "404 for our own batch, for a while",
        "It passes.",
        faults(error("retrieve", 404, "not_found_error", times=8)),
        batches=3,
    ),
    Case(
        "a create that is refused for a reason of its own",
        "The run stops, and says which part of the request it was, in no words of the API's own.",
        faults(
            error(
                "create",
                400,
                "invalid_request_error",
                message="requests: something new is required",
                nth=2,
            )
        ),
        code=3,
        says=("HTTP 400", "invalid_request_error", "requests:"),
        then="--requests-per-batch 4",
        batches=3,
    ),
]

STATUSES = [
    Case(
        "a status that nobody knows",
        "It is logged, and polling goes on.",
        faults(on("retrieve", "status", value="reticulating", times=3)),
        says=("reticulating",),
        batches=3,
    ),
    Case(
        "ended, without results yet",
        "Polling goes on.",
        faults(on("retrieve", "no-url", times=3)),
        batches=3,
    ),
    Case(
        "the results are no longer at the API",
        "They were paid for once; they are not paid for again.",
        faults(on("retrieve", "archived", batch=1, **ALWAYS)),
        code=1,
        given_up={f"r{n}": "results_archived" for n in range(4)},
        batches=3,
    ),
]

ANSWERS = [
    Case(
        "answers of every shape",
        "No answer, thinking first, tools: whatever stands in `content` is kept.",
        {
            "outcomes": [
                {"id": "r0", "type": "succeeded", "content": []},
                {
                    "id": "r1",
                    "type": "succeeded",
                    "content": [{"type": "thinking", "thinking": "", "signature": "x"}],
                },
                {"id": "r2", "type": "succeeded", "content": None},
                {
                    "id": "r3",
                    "type": "succeeded",
                    "text": "\u2028\u2029\u0085\x0b\x0c\r\n",
                    "stop_reason": "something_new",
                },
            ]
        },
    ),
    Case(
        "truncated and refused answers",
        "They are counted in the summary and on the last line, and stay among the answers.",
        {
            "outcomes": [
                {"id": "r[0-2]", "type": "succeeded", "stop_reason": "max_tokens"},
                {"id": "r[34]", "type": "succeeded", "stop_reason": "refusal"},
            ]
        },
        says=("3 of them truncated", "2 refused"),
        check=summary(succeeded=10, truncated=3, refused=2),
    ),
    Case(
        "tokens and cost",
        "Tokens add up by kind, and the cost is exact: 1, 1.25, 2, 0.05 and 5 dollars per million.",
        {
            "outcomes": [
                {
                    "id": "r0",
                    "type": "succeeded",
                    "output_tokens": 1000,
                    "usage": {
                        "input_tokens": 1_000_000,
                        "cache_creation_input_tokens": 3_000_000,
                        "cache_creation": {
                            "ephemeral_5m_input_tokens": 1_000_000,
                            "ephemeral_1h_input_tokens": 2_000_000,
                        },
                        "cache_read_input_tokens": 1_000_000,
                        "server_tool_use": {"web_search_requests": 3},
                    },
                },
                {
                    "id": "r1",
                    "type": "succeeded",
                    "output_tokens": 200_000,
                    "usage": {"inference_geo": "us", "input_tokens": 0},
                },
            ]
        },
        requests=2,
        check=summary(
            usage={
                "input_tokens": 1_000_000,
                "output_tokens": 201_000,
                "cache_creation_input_tokens": 3_000_000,
                "cache_read_input_tokens": 1_000_000,
                "web_search_requests": 3,
            },
            # 1 + 1.25 + 2 x 2 + 0.05 + 0.005 + 3 x 0.01, and 0.2 x 5 x 1.1
            cost_usd="7.435000",
        ),
    ),
]

CANARY = [
    Case(
        "the canary lives",
        "The first N go alone, then the rest.",
        flags="--requests-per-batch 4 --canary 3",
        batches=3,
        check=canary_went_alone,
    ),
    Case(
        "a canary larger than a batch",
        "Its batches go before the rest, which waits for all of them.",
        {"polls": 2},
        flags="--requests-per-batch 2 --canary 3 --concurrent-batches 5",
        check=sizes(2, 1, 2, 2, 2, 1),
    ),
    Case(
        "half of the canary dies",
        "More than half is needed to stop a run.",
        {"outcomes": [errored("r[01]", "invalid_request_error")]},
        flags="--requests-per-batch 5 --canary 4",
        code=1,
        given_up={"r0": "invalid_request_error", "r1": "invalid_request_error"},
    ),
    Case(
        "the canary dies",
        "The run stops before the rest is paid for, and goes on only with --canary 0.",
        {"outcomes": [errored("r[012]", "invalid_request_error")]},
        flags="--requests-per-batch 4 --canary 3",
        code=3,
        says=("canary", "3 of the first 3"),
        given_up={f"r{n}": "invalid_request_error" for n in range(3)},
        then="--requests-per-batch 4 --canary 0",
        end=1,
    ),
    Case(
        "the canary fails in passing",
        "What is to be tried again is not given up.",
        {"outcomes": [errored("r[012]", "overloaded_error", attempt=1)]},
        flags="--requests-per-batch 4 --canary 3",
        check=canary_went_alone,
    ),
]

BUDGET = [
    Case(
        "the budget is enough",
        "Nothing stops.",
        flags="--requests-per-batch 4 --concurrent-batches 3 --budget-usd 1",
        check=stayed_within(1.0),
    ),
    Case(
        "the budget is enough for one batch at a time",
        "The worst case of what is open counts; what a batch did not spend is free again.",
        {"polls": 3},
        requests=12,
        flags="--requests-per-batch 4 --concurrent-batches 3 --budget-usd 0.1",
        batches=3,
        check=stayed_within(0.1),
    ),
    Case(
        "the budget is too small",
        "Nothing is submitted, and the message says what the next batch may cost.",
        flags="--requests-per-batch 4 --budget-usd 0.05",
        code=3,
        says=("budget", "$0.06"),
        then="--requests-per-batch 4 --budget-usd 5",
        batches=3,
    ),
    Case(
        "the budget is spent on the way",
        "Nothing more is submitted.",
        {"outcomes": [{"id": "r[0-3]", "type": "succeeded", "output_tokens": 2900}]},
        flags="--requests-per-batch 4 --budget-usd 0.11",
        code=3,
        says=("$0.06 is spent",),
        then="--requests-per-batch 4",
        batches=3,
    ),
]

CASES = [
    *PAYS_ONCE,
    *LOSES_NOTHING,
    *LIMITS,
    *RETRIES,
    *HTTP,
    *STATUSES,
    *ANSWERS,
    *CANARY,
    *BUDGET,
]
