"""Tables of fixed width."""

from planner.show.table import table


def test_a_table() -> None:
    """The first column stands to the left, the others to the right, all as wide as their widest."""
    rows = [
        {"name": "a", "count": "1,000", "of": "x"},
        {"name": "long name", "count": "1", "of": ""},
    ]
    assert table({"name": "Name", "count": "Count", "of": "Of"}, rows) == [
        "Name       Count  Of",
        "a          1,000   x",
        "long name      1    ",
    ]


def test_the_columns_are_those_of_the_heads() -> None:
    """In their order; other cells are left out."""
    rows = [{"a": "1", "b": "2", "c": "3"}]
    assert table({"c": "C", "a": "A"}, rows) == ["C  A", "3  1"]


def test_a_table_without_rows() -> None:
    """Its heads alone."""
    assert table({"a": "A", "b": "Bee"}, []) == ["A  Bee"]
