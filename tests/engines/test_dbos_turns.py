"""The turns of the DBOS edition, in this process and by a clock of their own: what waits, and when a turn is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.engines.conftest import Clock


def play(
    rest: Any, work: Callable[[], Awaitable[None]], scene: Callable[[], Awaitable[None]]
) -> None:
    """A scene of turns over some work; nothing of either is left."""

    async def both() -> None:
        rest.RESTS.begin = work
        await asyncio.wait_for(scene(), 20)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "something waits for ever"

    asyncio.run(both())


def test_a_turn_is_over_when_the_run_waits(rest: Any, clock: Clock) -> None:
    """It says for how long; only a turn in which the wait is due ends it, and the last says None."""
    done: list[str] = []

    async def work() -> None:
        done.append("began")
        await rest.rest(60.0)
        done.append("went on")

    async def scene() -> None:
        assert await rest.RESTS.turn() == 60.0
        clock.now += 59.0
        assert await rest.RESTS.turn() == 1.0
        assert done == ["began"]
        clock.now += 1.0
        await asyncio.sleep(3 * rest.LOOK_SECONDS)
        assert done == ["began"], "between two turns nothing is done"
        assert await rest.RESTS.turn() is None
        assert done == ["began", "went on"]

    play(rest, work, scene)


def test_what_needs_no_wait_takes_no_turn(rest: Any, clock: Clock) -> None:
    """However short a wait is, it takes one."""

    async def work() -> None:
        await rest.rest(0.0)
        await rest.rest(-1.0)
        await rest.rest(0.5)

    async def scene() -> None:
        assert await rest.RESTS.turn() == 0.5
        clock.now += 0.5
        assert await rest.RESTS.turn() is None

    play(rest, work, scene)


def test_a_wait_that_is_over_already_is_for_no_time(rest: Any, clock: Clock) -> None:
    """While one task took its time the wait of another ended."""

    async def slow() -> None:
        clock.now += 50.0
        await rest.rest(60.0)

    async def work() -> None:
        tasks = {asyncio.ensure_future(rest.rest(10.0)), asyncio.ensure_future(slow())}
        while not all(task.done() for task in tasks):
            await rest.watch(tasks)

    async def scene() -> None:
        assert await rest.RESTS.turn() == 0.0
        clock.now += 60.0
        assert await rest.RESTS.turn() is None

    play(rest, work, scene)


def test_a_turn_lets_every_task_of_a_round_come_to_its_wait(rest: Any, clock: Clock) -> None:
    """The first wait counts; a task that is under way is not left in the middle."""
    done: list[str] = []

    async def busy() -> None:
        await asyncio.sleep(4 * rest.LOOK_SECONDS)
        done.append("busy")
        await rest.rest(20.0)

    async def work() -> None:
        tasks = {asyncio.ensure_future(rest.rest(10.0)), asyncio.ensure_future(busy())}
        while not all(task.done() for task in tasks):
            await rest.watch(tasks)

    async def scene() -> None:
        assert await rest.RESTS.turn() == 10.0
        assert done == ["busy"]
        clock.now += 20.0
        assert await rest.RESTS.turn() is None

    play(rest, work, scene)


def test_a_round_that_nobody_looks_at_any_more_is_under_way(rest: Any, clock: Clock) -> None:
    """Its tasks may all wait, the run does not."""
    done: list[str] = []

    async def late() -> None:
        await asyncio.sleep(1.1)  # longer than the round is looked at
        await rest.rest(10.0)

    async def work() -> None:
        task = asyncio.ensure_future(late())
        await rest.watch({task})
        await asyncio.sleep(0.1 + 5 * rest.LOOK_SECONDS)
        done.append("went on")
        await rest.rest(10.0)
        await task

    async def scene() -> None:
        assert await rest.RESTS.turn() == 10.0
        assert done == ["went on"]
        clock.now += 10.0
        assert await rest.RESTS.turn() is None

    play(rest, work, scene)


def test_an_event_ends_a_wait_within_the_turn(rest: Any, clock: Clock) -> None:
    """Also one without an end, for which alone no turn is over."""
    done: list[str] = []

    async def work() -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(4 * rest.LOOK_SECONDS, event.set)
        await rest.until_set(event, None)
        done.append("was told")
        await rest.until_set(asyncio.Event(), 5.0)
        done.append("was not")

    async def scene() -> None:
        assert await rest.RESTS.turn() == 5.0
        assert done == ["was told"]
        clock.now += 5.0
        assert await rest.RESTS.turn() is None
        assert done == ["was told", "was not"]

    play(rest, work, scene)


def test_a_wait_that_is_canceled_is_none(rest: Any, clock: Clock) -> None:
    async def work() -> None:
        task = asyncio.ensure_future(rest.rest(10.0))
        await asyncio.sleep(0)
        task.cancel()
        await rest.rest(50.0)

    async def scene() -> None:
        assert await rest.RESTS.turn() == 50.0
        clock.now += 50.0
        assert await rest.RESTS.turn() is None

    play(rest, work, scene)
