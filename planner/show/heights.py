"""Share the height of the page's picture between the curve of the chance and the rows of the queue.

Together they are as high for one batch as for many, so that nothing on the page moves when a plan
has more of them: few rows leave the room to the curve, many are narrower.
"""

_ROWS_PX, _HIGHEST_ROW_PX = 280, 22
_LEAST_CURVE_PX = 72


def row_px(rows: int) -> int:
    """The height of each of so many rows."""
    return max(1, min(_HIGHEST_ROW_PX, _ROWS_PX // rows))


def curve_px(rows: int) -> int:
    """The height of the curve above them."""
    return _LEAST_CURVE_PX + _ROWS_PX - row_px(rows) * rows
