"""Benches for the programs: a folder, a fake API, and both languages."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from planner.fake import FakeApi
from tests.programs.harness import Bench, Past
from tests.programs.processes import Zygote
from tests.programs.written import LANGUAGES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is held in each language, case by case, is drawn: each case, in one language or the other."""
    for item in items:
        if "language" in item.fixturenames:
            item.add_marker(pytest.mark.drawn(either=["language"]))


@pytest.fixture
def bench(tmp_path: Path, zygote: Zygote) -> Iterator[Callable[..., Bench]]:
    """Makes a bench for a scenario of the API."""
    with ExitStack() as stack:

        def make(scenario: dict[str, Any] | None = None) -> Bench:
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            there = Bench(folder, zygote, stack.enter_context(FakeApi(scenario)))
            stack.callback(there.close)
            return there

        yield make


@pytest.fixture(scope="session")
def pasts() -> dict[object, Past]:
    """What began many tests alike, by what it is."""
    return {}


@pytest.fixture
def since(
    bench: Callable[..., Bench],
    pasts: dict[object, Past],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Bench]:
    """Makes a bench on which something has happened already, which is done once for all tests that say the same."""

    def make(what: object, scenario: dict[str, Any], begin: Callable[[Bench], None]) -> Bench:
        if what not in pasts:
            first = bench(scenario)
            begin(first)
            pasts[what] = first.past(tmp_path_factory.mktemp("past") / "folder")
        there = bench(scenario)
        there.go_on_from(pasts[what])
        return there

    return make


@pytest.fixture
def kills(bench: Callable[..., Bench], tmp_path: Path) -> Callable[..., Iterator[Bench]]:
    """Makes benches as a program leaves them that is killed at each line of its journal in turn."""

    def make(first: Bench, when: str, language: str, *flags: str) -> Iterator[Bench]:
        pasts = list(first.pasts(tmp_path / "pasts", when, language, *flags))
        for past in pasts:
            there = bench(first.api.scenario.settings)
            there.go_on_from(past)
            yield there

    return make


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """One after the other: python, javascript."""
    name: str = request.param
    return name
