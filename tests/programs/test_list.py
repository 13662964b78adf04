"""Promise 1: how the list is read while a batch is in doubt, whatever it does meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.cases import ALWAYS, error, on
from tests.programs.harness import Bench

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4", "--concurrent-batches", "2"]


@pytest.mark.parametrize("earlier_s", [2.0, 200.0])
def test_ours_is_stamped_before_the_newest(
    earlier_s: float, language: str, bench: Callable[..., Bench]
) -> None:
    """ "The list is read until it is older than the intention by a margin for clocks (5 minutes)." """
    there = bench({"faults": [on("create", "lose-answer", nth=2, stamp_s=-earlier_s)]})
    there.write(*IDS)
    there.api.make_foreign(3)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@pytest.mark.parametrize("page", [{"rows": 1}, {"has_more": False}, {"rows": 2, "has_more": False}])
def test_the_list_comes_in_pages_of_any_length(
    page: dict[str, Any], language: str, bench: Callable[..., Bench]
) -> None:
    """ "… whatever the page says of its length or of more." """
    lost = on("create", "foreign-too", when="after", count=130, size=7)
    there = bench({"faults": [lost, on("list", "page", **page, **ALWAYS)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@pytest.mark.parametrize("status", [400, 404])
def test_a_cursor_that_vanishes(status: int, language: str, bench: Callable[..., Bench]) -> None:
    """Somebody deletes the batch that the next page begins after: the list is read again from its head."""
    kind = "invalid_request_error" if status == 400 else "not_found_error"
    gone = [
        error("next-page", status, kind, message="after_id: no such batch", nth=n) for n in (1, 3)
    ]
    there = bench({"faults": [on("create", "lose-answer"), *gone]})
    there.write(*IDS)
    there.api.make_foreign(3)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_what_was_there_before_is_no_candidate(language: str, bench: Callable[..., Bench]) -> None:
    """Batches of our size that were listed before the create are not held against ours."""
    there = bench({"faults": [on("create", "lose-answer")]})
    there.write(*IDS)
    for _ in range(3):
        there.api.make_foreign(4)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert not [
        line for line in there.api.log if "GET /v1/messages/batches/msgbatch_000001" in line
    ]


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 6])
def test_a_list_that_is_empty_once(nth: int, language: str, bench: Callable[..., Bench]) -> None:
    """ "The whole list since the intention was read": a list without what was there before is not whole."""
    there = bench({"faults": [on("create", "lose-answer"), on("list", "empty", nth=nth)]})
    there.write(*IDS)
    there.api.make_foreign(3)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_list_that_repeats_a_row(language: str, bench: Callable[..., Bench]) -> None:
    """A batch that stands on two pages is one candidate, and no choice."""
    pages = [on("list", "page", rows=1, nth=3), on("list", "page", rows=2, back=1, nth=4)]
    there = bench({"faults": [on("create", "lose-answer"), *pages]})
    there.write(*IDS)
    for _ in range(3):
        there.api.make_foreign(3)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@pytest.mark.parametrize("create", ["lose-answer", "foreign"])
def test_a_list_that_counts_nothing(
    create: str, language: str, bench: Callable[..., Bench]
) -> None:
    """Where the list does not tell how many requests a batch has, its results do."""
    page = on("list", "page", shows={"request_counts": None}, **ALWAYS)
    there = bench({"faults": [on("create", create), page]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == (2 if create == "lose-answer" else 3)


@pytest.mark.parametrize("moment", ["2026-11-29t20:00:00z", "2026-11-29 20:00:00.5+01:00"])
def test_moments_in_another_form(moment: str, language: str, bench: Callable[..., Bench]) -> None:
    """RFC 3339 has small letters, and a space for the T: a list of such moments holds nobody up."""
    there = bench({"faults": [on("list", "page", shows={"created_at": moment}, **ALWAYS)]})
    there.write(*IDS)
    there.api.make_foreign(3)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
