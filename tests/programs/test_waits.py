"""Promise 8: in trouble a program waits longer and longer, up to a cap, and never quite as long as another would.

In the copies that are run here what the program calls a second is a few milliseconds. What it says of its waits is held against
the rule, and what the API saw against what it said; a busy machine makes a wait longer, never shorter.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.programs.cases import error, errored, on
from tests.programs.harness import Bench
from tests.programs.written import TEMPLATES, place

IDS = ["a", "b", "c", "d"]
PACE = 200  # of the program's seconds in one of ours
# Where each program waits.
RESTS = {
    "python": ("await asyncio.sleep(seconds)", f"await asyncio.sleep(seconds / {PACE})"),
    "javascript": ("setTimeout(end, 1000 * ", f"setTimeout(end, {1000 / PACE} * "),
}
TIMES, LONGEST_S = 12, 20.0
INTERVALS_OF_SHORT_RESULTS = 10
TROUBLE = {
    "polls": error("retrieve", 500, "api_error", times=TIMES),
    "no connection": on("retrieve", "drop", times=TIMES),
    "lists": error("list", 529, "overloaded_error", times=TIMES),
    "downloads": error("results", 503, "api_error", times=TIMES),
    "short results": on("results", "short", lines=1, times=TIMES),
}


def hurried(there: Bench, language: str) -> Path:
    """The program in a time of its own."""
    slow, fast = RESTS[language]
    text = TEMPLATES[language].read_text("utf-8")
    assert text.count(slow) == 1
    folder = there.folder / "hurried"
    folder.mkdir()
    return place(text.replace(slow, fast), language, folder)


def said_s(words: str, text: str) -> list[float]:
    """The waits that the program announced, to a tenth of a second."""
    return [float(wait) for wait in re.findall(rf"{words} ([0-9.]+) s$", text, re.MULTILINE)]


def were_waited(waits_s: list[float], moments: list[float]) -> bool:
    """Whether at least so long lay between the calls."""
    gaps_s = [PACE * (later - sooner) for sooner, later in pairwise(moments)]
    return all(gap >= wait - 0.1 for gap, wait in zip(gaps_s, waits_s, strict=True))


@pytest.mark.parametrize("trouble", TROUBLE)
def test_waits_grow_to_a_cap(trouble: str, language: str, bench: Callable[..., Bench]) -> None:
    """ "… survives any number of 5xx, 529, timeouts and dropped connections with capped, jittered waits"; short results "are
    fetched again with growing waits".
    """
    there = bench({"faults": [TROUBLE[trouble]]})
    there.write(*IDS)
    poll_s = LONGEST_S / INTERVALS_OF_SHORT_RESULTS if trouble == "short results" else LONGEST_S
    flags = ["--poll-seconds", str(poll_s)]
    done = there.run(language, *flags, program=hurried(there, language))
    assert done.code == 0, done.said
    there.is_complete(IDS)
    waits_s = said_s("again in", done.stderr)
    assert len(waits_s) == TIMES
    for number, wait_s in enumerate(waits_s):
        longest_s = min(2.0**number, LONGEST_S)
        assert 0.75 * longest_s - 0.1 < wait_s < longest_s + 0.1, waits_s
    assert len(set(waits_s[5:])) > 1, "a random part, also at the cap"
    moments = there.api.moments[str(TROUBLE[trouble]["on"])]
    assert were_waited(waits_s, moments[: TIMES + 1])


def test_a_poll_interval_lies_between_polls(language: str, bench: Callable[..., Bench]) -> None:
    """A batch that goes on as it should is asked for at that pace and no faster."""
    there = bench({"polls": 6})
    there.write(*IDS)
    flags = ["--poll-seconds", str(LONGEST_S)]
    assert there.run(language, *flags, program=hurried(there, language)).code == 0
    assert were_waited([LONGEST_S] * 6, there.api.moments["retrieve"][:7])


@pytest.mark.parametrize(
    ("backoff", "waits_s"),
    [("exponential", [4, 8, 16]), ("linear", [4, 8, 12]), ("fixed", [4] * 3)],
)
def test_rounds_go_out_later_and_later(
    backoff: str, waits_s: list[float], language: str, bench: Callable[..., Bench]
) -> None:
    """ "… are tried again in the next round after the backoff"."""
    there = bench({"outcomes": [errored("a", "api_error", attempt=n) for n in (1, 2, 3)]})
    there.write(*IDS)
    flags = ["--max-retries", "3", "--backoff", backoff, "--base-delay-seconds", "4"]
    done = there.run(language, *flags, program=hurried(there, language))
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert said_s("go out in", done.stderr) == waits_s
    assert were_waited(waits_s, there.api.moments["create"])
