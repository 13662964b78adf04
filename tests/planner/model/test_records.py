"""The records of a run are a sequence of records, kept as numbers."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model.records import Record, Records
from tests.kept import kept

TWO = (Record(0, 100, 0.0, 70.0, 120.0, 0), Record(1, 10_000_000, 120.5, 86_520.5, 86_640.0, 3))


def test_they_come_back() -> None:
    """One by one, by place, from the end; counted, with whole numbers whole."""
    records = kept(*TWO)
    assert tuple(records) == TWO
    assert (records[0], records[1], records[-1], len(records)) == (*TWO, TWO[1], 2)
    for record in records:
        assert [type(part) for part in record] == [int, int, float, float, float, int]


def test_times() -> None:
    """The requests of each batch, and the seconds that it took."""
    assert list(kept(*TWO).times_s()) == [(100, 70.0), (10_000_000, 86_400.0)]


@pytest.mark.parametrize("place", [2, -3])
def test_there_is_no_other(place: int) -> None:
    """A place beyond the ends is an error, as of any sequence."""
    with pytest.raises(IndexError):
        kept(*TWO)[place]


def test_equal_records_are_equal() -> None:
    """Two runs are the same when all their batches are."""
    assert kept(*TWO) == kept(*TWO)
    assert hash(kept(*TWO)) == hash(kept(*TWO)) != hash(kept(TWO[0]))
    assert kept(*TWO) != kept(TWO[0])
    assert kept(*TWO) != kept(TWO[0], TWO[1]._replace(expired=4))
    assert kept(*TWO) != TWO


def test_the_latest_of_places_of_a_round() -> None:
    """Of those that the round has: what stands behind it is of the next, and a later round has none."""
    ends = ((0, 5.0), (0, 8.0), (0, 7.0), (1, 9.0), (2, 60.0))
    numbers = chain(*(Record(number, 20, 4.0, end, 10 * end, 15) for number, end in ends))
    records = Records(numbers, (0, 3, 4, 5))
    places = (range(1), range(3), range(1, 2), range(1, 9), range(2, 3), range(2, 4), range(3, 4))
    assert [records.latest_s(0, each) for each in places] == [5.0, 8.0, 8.0, 8.0, 7.0, 7.0, 0.0]
    assert [records.latest_s(1, each) for each in places] == [9.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert [records.latest_s(2, each) for each in places[:3]] == [60.0, 60.0, 0.0]
    assert [records.latest_s(number, range(2)) for number in (0, 1)] == [8.0, 9.0]
    assert [records.latest_s(3, each) for each in places] == [0.0] * 7
    assert kept().latest_s(0, range(1)) == 0.0


def test_none() -> None:
    """A run without batches has no records."""
    assert (len(kept()), list(kept())) == (0, [])


@given(
    st.lists(
        st.builds(
            Record,
            st.integers(0, 10),
            st.integers(1, 100_000),
            st.floats(0, 1e9),
            st.floats(0, 1e9),
            st.floats(0, 1e9),
            st.integers(0, 100_000),
        )
    )
)
def test_no_digit_is_lost(records: list[Record]) -> None:
    """Times come back to the last bit."""
    assert list(kept(*records)) == records
