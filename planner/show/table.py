"""Set rows of texts as a table of fixed width."""

from collections.abc import Mapping, Sequence


def table(columns: Mapping[str, str], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The lines of a table: heads by the keys of their cells; the first column stands to the left,
    the others to the right."""
    cells = [list(columns.values()), *([row[key] for key in columns] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    return [
        "  ".join(
            text.rjust(width) if place else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
