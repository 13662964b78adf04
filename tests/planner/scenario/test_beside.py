"""The plans that a link puts beside its own: written, read back, and no part of its scenario."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import ScenarioError
from planner.scenario import Scenario, texts
from planner.scenario.beside import beside, join
from tests.strategies import queries, scenarios


@given(
    scenarios(most_batches=5),
    st.lists(st.text().filter(lambda text: text.isprintable() and text != "#"), max_size=5),
)
def test_what_is_joined_is_read_back(scenario: Scenario, others: list[str]) -> None:
    """Any queries, to the letter; the scenario of the whole is that of the plan alone."""
    query = texts.write_query(scenario)
    whole = join(query, others)
    assert beside(whole) == others
    assert texts.read_query(whole) == texts.read_query(query) == scenario


@pytest.mark.parametrize(
    ("query", "others"),
    [
        ("", None),
        ("retries.max=1", None),
        ("retries.max=1&compare=", []),
        ("#compare=retries.max%3D2&compare=", ["retries.max=2"]),
        ("compare=%FF&compare=a", ["a"]),
        ("compare=%23", [""]),
        ("comparet=a", None),
    ],
)
def test_what_a_query_says(query: str, others: list[str] | None) -> None:
    """Nothing, none, or some; a part that is mangled says nothing."""
    assert beside(query) == others


@given(queries())
def test_any_query_can_be_asked(query: str) -> None:
    """Whatever stands in a link."""
    found = beside(query)
    assert found is None or all(isinstance(other, str) for other in found)


def test_none_is_not_an_empty_list() -> None:
    """A query that says nothing stays as it is; one that says none says so."""
    assert join("retries.max=1", None) == "retries.max=1"
    assert join("retries.max=1", []) == "retries.max=1&compare="
    assert join("", ["retries.max=1"]) == "compare=retries.max%3D1"


def test_other_fields_that_do_not_exist_stay_problems() -> None:
    """Only `compare` is let through, however often."""
    assert texts.read_query("compare=a&compare=b") == Scenario()
    with pytest.raises(ScenarioError):
        texts.read_query("compares=a")
