"""What may be asked of the fake API. A scenario is a JSON object; every key has a default.

`faults`: a list; each names the operation (`on`: create, retrieve, list, results, cancel, delete),
which calls of that operation (`nth` from 1, `times`, default 1; `times: -1` for ever; `batch`: only
the batch with that number, and then `nth` counts its calls), and what happens (`do`):

    of any operation
    drop          the connection closes; nothing was done
    error         HTTP `status` with `type`, `message`, `error_code`, `retry_after` or `headers`;
                  nothing was done
    html          HTTP `status` (200) with an HTML page; nothing was done
    garbage       HTTP 200, `application/json`, a body that is no JSON; nothing was done
    hang          it is done, and the answer comes after `seconds`
    redirect      HTTP `status` (307) to `url`; nothing was done
    kill          the runner is killed (SIGKILL) and started again; nothing was done

    create
    kill-after    it is done, then the runner is killed and started again
    json-after    it is done, then HTTP 200 with `body` as JSON
    early         HTTP 413 after `bytes` of a body that is longer, and the connection closes
                  `seconds` later
    ok            nothing goes wrong, but for what is said beside it (see below)
    lose-answer   it is done, then the connection closes
    error-after   it is done, then as `error`
    html-after    it is done, then as `html`
    late          the connection closes; it is done `seconds` later
    hang-late     it is done after `seconds`, and then answered, if anybody still listens
    foreign       the connection closes; somebody else makes a batch (`count` of them, of our size or
                  of `size`)
    foreign-too   the same, and then as `lose-answer`; or after it, if `when` is after
    stop-reading  after `bytes` of the body nothing more is read for `seconds`; nothing was done
    Beside any of them:
      stamp_s            the batch's created_at is so much later than it was made (less than 0:
                         earlier)
      bytes_per_second   how fast the body is read
      delay_per_byte_s   of `late`: so much later for each byte of the body
      alike              of the foreign ones: their batch has the very ids of ours, or those of `ids`
      theirs             of the foreign ones: an outcome for their requests, {"usage": …} and so on;
                         `theirs_by_id` the same for each id

    list
    page          the page has `rows` rows, or `has_more` as said here, or both: cursors go on from
                  there; it begins `back` rows before the one that is due, or its rows are said to
                  have what `shows` says
    empty         the page has no row, and there is no more
    (next-page: the same of the calls with a cursor, counted by themselves)
    neighbour     somebody else makes a batch of `size` (that of the newest create), then it is
                  answered

    retrieve
    status        `processing_status` is `value`
    archived      ended, and the results are no longer there
    no-url        ended, but `results_url` is null
    counts        `request_counts` has what `counts` says
    vanish        the batch's owner deletes it: 404 now and from now on, and it is listed no more

    cancel
    lose-answer   it is done, then the connection closes
    error-after   it is done, then as `error`

    results
    cut           the connection closes after `bytes` bytes, or `share` of the body
    short         the last `lines` lines are missing, or all but the first `keep`; the body ends as
                  if whole
    slow          sent in `pieces`, `seconds` in all
    stall         after `bytes` bytes, or `share` of the body, nothing more comes for `seconds`
    stray         `lines`, a list of texts, stand among the lines, after the first `after` (0)
    twice         the first line stands in the place of the second too
    vanish        as of retrieve: it was there when its end was seen
    spoil         the first `lines` lines are replaced by `text`

`outcomes`: a list; the first that fits decides what becomes of a request. `id` is a regular
expression for the whole custom_id, `attempt` the number of times that this id has been accepted.
`type` is succeeded, errored (with `error`, `message`), expired, canceled, missing, or any other
word; `stop_reason`, `model`, `output_tokens`, `usage`, `content` and `text` shape a success; `raw`
is the whole line as it stands. `retriable`: to send such a request again is not needless, whatever
its class.

`accounts`: other keys that are let in, each with the `workspace` and the `organization` that it
belongs to. A key sees the batches of its own workspace.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

DEFAULTS: dict[str, Any] = {
    "key": "sk-test-0123456789",
    "workspace": "wrkspc_ours",
    "organization": "org-ours",
    "accounts": {},
    "account_headers": True,  # answers name organization and workspace
    "prefix": "",  # a path before /v1, as behind a gateway
    "results_at": "",  # where `results_url` points to; "" for this server
    "polls": 1,  # a batch has ended at the first poll after this many
    "seconds": 0.0,  # and not before this long after it was made,
    "seconds_per_request": 0.0,  # and as much longer for each of its requests
    "queue_limit": None,  # requests in batches that have not ended; beyond it 429
    "queue_retry_after": None,
    "max_bytes": 256_000_000,  # beyond it 413
    "receive_buffer": 0,  # bytes that a connection takes in before they are read; 0: the system's
    "max_requests": 100_000,
    "list_delay": 0.0,  # a new batch is listed only after this many seconds
    "clock_offset": 0.0,  # seconds by which the API's clock is ahead
    "keep_params": True,  # keep what was sent; False for runs of a gigabyte
    "retired": [],
    "faults": [],
    "outcomes": [],
    "seed": 1,
}
ANY = {"drop", "error", "html", "garbage", "hang", "redirect", "kill"}
FAULTS = {
    "create": ANY
    | {"ok", "lose-answer", "error-after", "html-after", "late", "hang-late"}
    | {"foreign", "foreign-too", "stop-reading"}
    | {"json-after", "early", "kill-after"},
    "list": ANY | {"page", "empty", "neighbour"},
    "next-page": ANY,
    "retrieve": ANY | {"status", "archived", "no-url", "counts", "vanish"},
    "results": ANY | {"cut", "short", "slow", "stall", "stray", "spoil", "twice", "vanish"},
    "cancel": ANY | {"lose-answer", "error-after"},
    "delete": ANY,
}

Fault = dict[str, Any]


@dataclass
class Calls:
    """How often each operation was called: of all batches, and of one."""

    of_all: Counter[str] = field(default_factory=Counter)
    of_batch: dict[int, Counter[str]] = field(default_factory=dict)

    def count(self, operation: str, batch: int | None) -> None:
        """One more call of an operation, on a batch or on none."""
        self.of_all[operation] += 1
        if batch is not None:
            self.of_batch.setdefault(batch, Counter())[operation] += 1


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0


@dataclass(frozen=True)
class Scenario:
    """A scenario that was checked; read its settings by name."""

    settings: dict[str, Any]
    rules: tuple[tuple[re.Pattern[str], dict[str, Any]], ...]

    @staticmethod
    def of(values: dict[str, Any]) -> Scenario:
        """The scenario of a JSON object. Raises ValueError for a word that it does not know."""
        unknown = sorted(set(values) - set(DEFAULTS))
        if unknown:
            raise ValueError(f"unknown scenario keys: {', '.join(unknown)}")
        settings = {**DEFAULTS, **values}
        for fault in settings["faults"]:
            on, do = fault.get("on"), fault.get("do")
            if on not in FAULTS:
                raise ValueError(f"a fault is `on` one of {', '.join(FAULTS)}, not {on}")
            if do not in FAULTS[on]:
                raise ValueError(f"no such fault of {on}: {do}; {', '.join(sorted(FAULTS[on]))}")
            if not _is_count(fault.get("nth", 1)):
                raise ValueError(f"`nth` counts from 1, not {fault['nth']}: it would never happen")
            if fault.get("times") != -1 and not _is_count(fault.get("times", 1)):
                raise ValueError(f"`times` is 1 or more, or -1 for ever, not {fault['times']}")
        rules = [(re.compile(rule.get("id", ".*")), rule) for rule in settings["outcomes"]]
        return Scenario(settings, tuple(rules))

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]

    def fault(self, operation: str, calls: Calls, batch: int | None = None) -> Fault:
        """The fault that is due on the call that was counted last, or an empty one."""
        for fault in self["faults"]:
            if fault["on"] != operation:
                continue
            count = calls.of_all[operation]
            if "batch" in fault:
                if batch != fault["batch"]:
                    continue
                count = calls.of_batch[fault["batch"]][operation]
            first, times = fault.get("nth", 1), fault.get("times", 1)
            if first <= count and (times < 0 or count < first + times):
                return dict(fault)
        return {}

    def outcome(self, custom_id: str, attempt: int) -> dict[str, Any] | None:
        """What becomes of a request if a rule says so."""
        for pattern, rule in self.rules:
            if pattern.fullmatch(custom_id) and rule.get("attempt", attempt) == attempt:
                kept = {word: it for word, it in rule.items() if word not in ("id", "attempt")}
                return {"type": "succeeded", **kept}
        return None
