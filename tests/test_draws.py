"""What is drawn of the cases that are many still has each value of each parameter, and can be drawn again."""

from itertools import product
from typing import Any

import pytest

from tests.conftest import drawn


class Case:
    """As much of a test's case as a draw looks at."""

    def __init__(self, mark: pytest.MarkDecorator, **params: Any) -> None:
        self.mark, self.callspec = mark.mark, self
        self.params = params

    def get_closest_marker(self, name: str) -> pytest.Mark:
        assert name == "drawn"
        return self.mark


def cases(mark: pytest.MarkDecorator) -> list[Any]:
    """Faults by files by languages."""
    return [
        Case(mark, fault=fault, file=file, language=language)
        for fault, file, language in product(range(20), "abc", ("python", "javascript"))
    ]


@pytest.mark.parametrize("seed", [str(number) for number in range(20)])
def test_each_value_of_each_parameter_is_drawn(seed: str) -> None:
    """And hardly more cases than the longest parameter has values."""
    every = cases(pytest.mark.drawn)
    some = [*drawn(every, seed)]
    for parameter in ("fault", "file", "language"):
        assert {it.params[parameter] for it in some} == {it.params[parameter] for it in every}
    assert 20 <= len(some) <= 24


@pytest.mark.parametrize("seed", [str(number) for number in range(20)])
def test_of_either_any_value_will_do(seed: str) -> None:
    """Each case of the other parameters is drawn, in one language; with no other, one case has all."""
    every = cases(pytest.mark.drawn(either=["file", "language"]))
    assert sorted(it.params["fault"] for it in drawn(every, seed)) == [*range(20)]
    mark = pytest.mark.drawn(either=["language"])
    assert len([*drawn([Case(mark, language=name) for name in "abc"], seed)]) == 1


def test_a_draw_comes_again_with_its_seed_alone() -> None:
    """Another seed draws others."""
    every = cases(pytest.mark.drawn)
    assert drawn(every, "1") == drawn(every, "1") != drawn(every, "2")


def test_so_many_are_drawn_as_the_mark_says() -> None:
    """Of seeds, for one, of which none stands for another."""
    assert len({*drawn(cases(pytest.mark.drawn(5)), "1")}) == 5
