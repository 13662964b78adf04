"""Settle whether a batch was made.

After a create without an answer nothing is sent before its grace is over and the workspace's list
was read to before the intention. Batches of its size that were not there before are its
candidates: that set is frozen. Each candidate is followed to its end, and its results prove by
their ids whose it is. Where ids prove nothing, because two candidates fit or the answers do not
fit our prompts by their tokens, a person chooses. Several doubts are settled together.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from planner.programs.python.answer import CHECK_ADDRESS, ApiBatch, Waits
from planner.programs.python.api import LOST_BATCH_SECONDS, Api, pause
from planner.programs.python.collect import (
    FETCHES_AGAIN,
    SHORT_INTERVALS,
    SHORT_RESULTS_SECONDS,
    Results,
    fits_by_tokens,
    read_results,
    token_pairs,
)
from planner.programs.python.cut import Source, note_not_made
from planner.programs.python.errors import NotFoundError, StoppedError
from planner.programs.python.folder import Folder
from planner.programs.python.report import Log
from planner.programs.python.rest import rest
from planner.programs.python.settings import Settings
from planner.programs.python.state import Batch
from planner.programs.python.text import clock, earlier, seconds_since

# How much older than the intention the list is read: clocks of one provider differ.
CLOCK_MARGIN_SECONDS = 300.0
LISTINGS = 10  # so often a list is read again that changes while it is read
# A body that was on its way when the program was killed may arrive for so long yet.
SLOWEST_LINE_BYTES_PER_SECOND = 24_000.0


async def batches_since(api: Api, moment: str | None) -> list[ApiBatch]:
    """The list, newest first, to a margin before a moment or the newest batch; "" is to its end.

    A short page ends nothing, whatever it says of more: an empty one does.
    """
    waits, why = Waits(api.settings), ""
    for _ in range(LISTINGS):
        try:
            return await pages_since(api, moment)
        except NotFoundError as error:  # a batch was deleted that a page began after
            why = str(error)
            await pause(api.log, "list batches", why, waits.next())
    raise StoppedError(f"list batches: {why}. {CHECK_ADDRESS}")


async def pages_since(api: Api, moment: str | None) -> list[ApiBatch]:
    listed: dict[str, ApiBatch] = {}  # by id: a page may repeat rows
    cursors, after = {""}, ""
    while page := await api.page(after):
        after = page[-1].id
        if after in cursors:
            raise NotFoundError("the list goes in a circle")
        cursors.add(after)
        listed |= {batch.id: batch for batch in page if batch.id not in listed}
        until = max(batch.created_at for batch in listed.values()) if moment is None else moment
        if until and page[-1].created_at < earlier(until, CLOCK_MARGIN_SECONDS):
            break
    return [*listed.values()]


def reach_of(batches: list[Batch]) -> str:
    """The first of the moments before which these batches cannot have been made; "" for none."""
    return min(batch.since["created_at"] if batch.since else "" for batch in batches)


class Doubts:
    """Batches in doubt: each becomes a question, or it is certain that it was not made."""

    def __init__(self, settings: Settings, folder: Folder, api: Api, log: Log) -> None:
        self.settings, self.folder, self.api, self.log = settings, folder, api, log

    async def settle(self) -> None:
        """Wait for the grace to be over, and look for all batches in doubt together."""
        doubts = self.folder.state.with_status("doubt")
        if doubts:
            await rest(self.grace_s(doubts))
            await self.look_for(doubts)

    def grace_s(self, doubts: list[Batch]) -> float:
        """How long is waited before these are looked for."""
        for batch in doubts:
            if batch.took_s is None:  # a kill interrupted it
                took_s = batch.bytes / SLOWEST_LINE_BYTES_PER_SECOND
                took_s = min(seconds_since(batch.submitted_at), took_s)
                why = "whether it was made is not known"
                self.folder.note("doubt", batch=batch.number, why=why, took_s=round(took_s, 3))
        grace_s = max(self.settings.adopt_grace_seconds, *(batch.took_s or 0 for batch in doubts))
        numbers = ", ".join(str(batch.number) for batch in doubts)
        self.log.line(f"In doubt: batch {numbers}. Nothing is sent; looked for in {clock(grace_s)}")
        return grace_s

    async def look_for(self, doubts: list[Batch]) -> None:
        """Name the candidates of each; without one it was not made."""
        listed = await self.listed_whole(doubts)
        for batch in doubts:
            self.name_candidates(batch, listed)

    async def listed_whole(self, doubts: list[Batch]) -> list[ApiBatch]:
        """The list to before each intention. One that lacks what was there then is read again."""
        before = [batch.since for batch in doubts if batch.since]
        while True:
            listed = await batches_since(self.api, reach_of(doubts))
            there = {each.id for each in listed}
            for since in before:
                what = f"look at {since['id']}"
                if since["id"] not in there and await self.api.look_for(what, since["id"]):
                    break
            else:
                return listed
            self.log.line("The list of batches is not whole: it is read again")
            await rest(self.settings.poll_seconds)

    def name_candidates(self, batch: Batch, listed: list[ApiBatch]) -> None:
        since = batch.since or {"id": "", "created_at": "", "seen": []}
        reach = since["created_at"] and earlier(since["created_at"], CLOCK_MARGIN_SECONDS)
        not_ours = {since["id"], *since["seen"], *self.folder.state.own, *batch.let_go}
        alike = [each for each in listed if each.may_have(batch.requests)]
        may_be = [each for each in alike if each.created_at >= reach and each.id not in not_ours]
        ids = [each.id for each in may_be]
        unsure = [each.id for each in may_be if each.requests() != batch.requests]
        if ids:
            self.folder.note("candidates", batch=batch.number, ids=ids, unsure=unsure)
            self.log.line(
                f"Batch {batch.number} may be {', '.join(ids[:5])}: its results will tell"
            )
        else:
            note_not_made(self.folder, self.log, batch)


class Questions:
    """Batches in question. `adopt` are the ids that a person chose, or "none"."""

    def __init__(
        self,
        settings: Settings,
        folder: Folder,
        source: Source,
        api: Api,
        log: Log,
        adopt: tuple[str, ...],
    ) -> None:
        # The word of a person is about what stood open when it was given.
        open_then = {batch.number for batch in folder.state.with_status("doubt", "question")}
        self.none_of = open_then if "none" in adopt else set()
        self.settings, self.folder, self.source = settings, folder, source
        self.api, self.log, self.adopt = api, log, adopt
        self.created_at: dict[str, str] = {}
        # Whether a candidate whose ids are a batch's fits it by its tokens too.
        self.fits: dict[tuple[int, str], bool] = {}
        self.short_since: dict[str, float] = {}
        self.gone_since: dict[str, float] = {}
        self.waits: dict[str, Waits] = {}
        self.due: dict[str, float] = {}
        self.fetches: Counter[str] = Counter()
        self.choices: dict[int, str] = {}

    def in_question(self) -> list[Batch]:
        """Batches whose candidates are not all judged."""
        questions = self.folder.state.with_status("question")
        return [batch for batch in questions if batch.number not in self.choices]

    async def judge(self) -> None:
        """Follow the candidates until no question is left but those that a person must answer."""
        if self.folder.state.canceling:
            self.log.line("What is in question may be somebody else's: its end is waited for")
        while self.in_question():
            ids = dict.fromkeys(each for batch in self.in_question() for each in batch.candidates)
            for each in ids:
                if not all((batch.number, each) in self.fits for batch in self.having(each)):
                    await self.judge_candidate(each)
            for batch in self.in_question():
                if all((batch.number, each) in self.fits for each in batch.candidates):
                    self.decide(batch)
            if self.in_question():
                await rest(self.settings.poll_seconds)

    def having(self, candidate_id: str) -> list[Batch]:
        return [batch for batch in self.in_question() if candidate_id in batch.candidates]

    async def judge_candidate(self, candidate_id: str) -> None:
        """Look at a candidate; when it has ended, hold its results against its batches."""
        seen = await self.api.look_for(f"look at {candidate_id}", candidate_id)
        if seen is None:
            if self.is_gone_for(candidate_id, LOST_BATCH_SECONDS):
                listed = await batches_since(self.api, reach_of(self.having(candidate_id)))
                is_listed = candidate_id in {each.id for each in listed}
                (self.leave_open if is_listed else self.vanished)(candidate_id)
            return
        self.created_at[candidate_id] = seen.created_at
        self.gone_since.pop(candidate_id, None)
        if seen.archived:
            self.leave_open(candidate_id)
        elif seen.status == "ended" and seen.has_results and self.is_due(candidate_id):
            await self.hold_against(seen)

    async def hold_against(self, seen: ApiBatch) -> None:
        part = self.folder.results_file(seen.id).with_suffix(".jsonl.part")
        what = f"fetch the results of {seen.id}"
        if not await self.api.download_other(what, seen.id, part):
            if self.is_gone_for(what, LOST_BATCH_SECONDS):  # the batch itself is there
                self.leave_open(seen.id)
            return
        self.gone_since.pop(what, None)
        results = read_results(part, set())
        if self.may_become_whole(seen, results):
            return
        if results.lines < seen.requests():
            self.leave_open(seen.id)
            return
        for batch in self.having(seen.id):
            self.compare(batch, seen, part)

    def is_gone_for(self, what: str, seconds: float) -> bool:
        since = self.gone_since.setdefault(what, time.monotonic())
        return time.monotonic() - since >= seconds

    def is_due(self, candidate_id: str) -> bool:
        return time.monotonic() >= self.due.get(candidate_id, 0.0)

    def leave_open(self, candidate_id: str) -> None:
        """Whose it is cannot be proved any more: a person chooses."""
        self.fits |= {(batch.number, candidate_id): False for batch in self.having(candidate_id)}

    def may_become_whole(self, seen: ApiBatch, results: Results) -> bool:
        """Whether the results are to be fetched again before anything is concluded from them."""
        if results.lines < seen.requests():
            since = self.short_since.setdefault(seen.id, time.monotonic())
            is_short = time.monotonic() - since < SHORT_RESULTS_SECONDS
            self.log.line(f"{seen.id}: {results.lines:,} of {seen.requests():,} lines came")
            waits = self.waits.setdefault(seen.id, Waits(self.settings, SHORT_INTERVALS))
            self.due[seen.id] = time.monotonic() + waits.next()
            return is_short
        self.fetches[seen.id] += 1
        return bool(results.unreadable) and self.fetches[seen.id] <= FETCHES_AGAIN

    def vanished(self, candidate_id: str) -> None:
        for batch in self.having(candidate_id):
            self.let_go(batch, candidate_id, "vanished")

    def let_go(self, batch: Batch, candidate_id: str, why: str) -> None:
        self.folder.note("let_go", batch=batch.number, id=candidate_id, why=why)
        self.log.line(f"Batch {batch.number} is not {candidate_id} ({why})")

    def compare(self, batch: Batch, seen: ApiBatch, part: Path) -> None:
        """Hold a candidate's results against the ids and the prompts of a batch."""
        places = {place.custom_id: place for place in self.source.places_of(batch)}
        results = read_results(part, set(places))
        counted = min(seen.requests() or len(places), len(places))  # the others are not missing
        missing = counted - len(results.own) - len(results.unreadable)
        if results.strange and (not results.own or 0 < missing <= results.strange):
            self.let_go(batch, seen.id, "ids")
            return
        is_ours = bool(results.own) and (missing <= 0 or not results.strange)
        if seen.id in batch.unsure:  # where the count proves nothing, every id does
            is_ours = len(results.own) == len(places) and not results.strange
        pairs = token_pairs(part, self.source, places) if is_ours else []
        self.fits[batch.number, seen.id] = is_ours and fits_by_tokens(pairs)

    def decide(self, batch: Batch) -> None:
        """Take the one candidate that fits; take none where ids do not prove it."""
        fitting = batch.candidates
        proved = len(fitting) == 1 and self.fits[batch.number, fitting[0]]
        ours = fitting if proved else [each for each in fitting if each in self.adopt]
        if ours:
            created_at = self.created_at.get(ours[0], batch.submitted_at)
            self.folder.note("adopted", batch=batch.number, id=ours[0], created_at=created_at)
            self.log.line(f"Batch {batch.number} was made: it is {ours[0]}")
        elif not fitting:
            note_not_made(self.folder, self.log, batch)
        elif batch.number in self.none_of:
            for each in [*fitting]:
                self.let_go(batch, each, "person")
            note_not_made(self.folder, self.log, batch)
        else:
            self.choices[batch.number] = self.choice(batch)

    def choice(self, batch: Batch) -> str:
        """What a person is told who must choose."""
        times = [self.created_at.get(each, "at a time not known") for each in batch.candidates]
        candidates = zip(batch.candidates, times, strict=True)
        made = ", ".join(f"{each} (made {moment})" for each, moment in candidates)
        return (
            f"Batch {batch.number} may be {made}: the ids fit, and that is no proof. Start again "
            "with --adopt ID if one of them is ours, or with --adopt none if none is."
        )
