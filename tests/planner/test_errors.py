"""Problems are data, and the error that carries them says all of them."""

import dataclasses
import pickle

import pytest

from planner.errors import Problem, ScenarioError


def test_a_problem_of_a_field_begins_with_its_name() -> None:
    """In a list of messages one sees which field each is about."""
    assert (
        str(Problem("workload.requests", "must be 1 or more."))
        == "workload.requests: must be 1 or more."
    )


def test_a_problem_of_the_whole_has_no_name() -> None:
    """A problem without a field is its message alone."""
    assert str(Problem("", "The file is not JSON.")) == "The file is not JSON."


def test_a_problem_does_not_change() -> None:
    """A problem is frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Problem("a", "b").field = "c"  # type: ignore[misc]


def test_an_error_keeps_every_problem_in_order() -> None:
    """The problems come out as they went in, and all of them stand in the text."""
    first, second = Problem("a.b", "one."), Problem("c.d", "two.")
    error = ScenarioError(first, second)
    assert error.problems == (first, second)
    assert str(error) == "a.b: one.; c.d: two."


def test_an_error_is_a_value_error() -> None:
    """Who knows nothing of scenarios can catch it as what it is."""
    assert issubclass(ScenarioError, ValueError)


def test_an_error_tells_what_is_wrong_when_printed() -> None:
    """repr, as a test runner or a log shows it, holds the message."""
    assert "must be 1" in repr(ScenarioError(Problem("a", "must be 1")))


def test_a_problem_travels() -> None:
    """A problem survives pickling, as other processes need it."""
    problem = Problem("a", "b")
    assert pickle.loads(pickle.dumps(problem)) == problem
