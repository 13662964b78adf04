"""Faults: each with its place and remedy, and all of them at once."""

import pytest

from builder.faults import Collector, Fault, SiteError

FIRST = Fault(where="a.md:1", what="it has no end", remedy="Write one.")
SECOND = Fault(where="b.md:2", what="it has no start", remedy="Begin.")


def test_fault_is_told_with_its_remedy() -> None:
    """Two lines: where and what, then what to do."""
    assert str(SiteError(FIRST)) == "a.md:1: it has no end\n    Write one."


def test_collector_goes_on_after_a_fault_and_raises_all_at_the_end() -> None:
    """The second fault is not hidden by the first."""
    collector, reached = Collector(), []
    for fault in (FIRST, SECOND):
        with collector.going_on():
            reached.append(fault)
            raise SiteError(fault)
    assert reached == [FIRST, SECOND]
    with pytest.raises(SiteError) as caught:
        collector.raise_all()
    assert caught.value.faults == (FIRST, SECOND)


def test_collector_without_faults_raises_nothing() -> None:
    """A step that went well goes on."""
    collector = Collector()
    with collector.going_on():
        pass
    collector.raise_all()


def test_collector_keeps_no_defect() -> None:
    """What is no fault of the site is a defect of the builder, and passes through."""
    with pytest.raises(ZeroDivisionError), Collector().going_on():
        raise ZeroDivisionError
