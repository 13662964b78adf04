"""Write the parts of a picture as SVG.

Across, positions are per cent of the width, so that one picture fits a phone and a wide screen
without a script; down, they are pixels, so that text and bars keep their size. Colours, strokes and
fonts come from the page's style sheet, by class.
"""

# as html.escape does, which brings along the names of two thousand letters, a browser's first load
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})

LEFT, RIGHT = 15.0, 97.0  # the plot: to its left stand the labels, to its right the last tick ends


def escape(words: str) -> str:
    """Words as text of a picture, whatever signs they have."""
    return words.translate(_ESCAPES)


def image(
    name: str, height: int, title: str, description: str, inner: str, attributes: str = ""
) -> str:
    """The whole picture; title and description are what is read aloud instead of it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-{name}" width="100%" '
        f'height="{height}" role="img" aria-labelledby="{name}-title {name}-desc"{attributes}>'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{inner}</svg>'
    )


def plot(top: int, height: int, inner: str) -> str:
    """A plot of 1000 by 100 units, stretched to the room between LEFT and RIGHT."""
    # a picture of its own: only so can the units across stretch while text keeps its shape
    return (
        f'<svg class="plot" x="{LEFT:g}%" y="{top}" width="{RIGHT - LEFT:g}%" height="{height}" '
        f'viewBox="0 0 1000 100" preserveAspectRatio="none">{inner}</svg>'
    )


def path(name: str, points: str) -> str:
    """A path in a plot: points as `M0 100L1000 0`."""
    return f'<path class="{name}" d="{points}"/>'


def upright(name: str, x: float, y1: int | str, y2: int | str) -> str:
    """An upright line."""
    return f'<line class="{name}" x1="{percent(x)}" x2="{percent(x)}" y1="{y1}" y2="{y2}"/>'


def level(name: str, x1: float, x2: float, y: int | str) -> str:
    """A level line."""
    return f'<line class="{name}" x1="{percent(x1)}" x2="{percent(x2)}" y1="{y}" y2="{y}"/>'


def text(name: str, x: float, y: int | str, words: str, attributes: str) -> str:
    """A text at a place; `attributes` says how it lies there, as ` text-anchor="end"`."""
    return f'<text class="{name}" x="{percent(x)}" y="{y}"{attributes}>{escape(words)}</text>'


def left_label(y: float, words: str) -> str:
    """A label of the upright axis."""
    return text("tick", LEFT - 1, f"{y:.1f}", words, ' text-anchor="end"')


def baseline(y: int) -> str:
    """The level axis."""
    return level("base", LEFT, RIGHT, y)


def across(at: float, end: float) -> float:
    """The place across of `at` on an axis from 0 to `end`, in per cent of the width."""
    return LEFT + (RIGHT - LEFT) * at / end


def percent(x: float) -> str:
    """A place or a width as SVG wants it."""
    return f"{x:.2f}%"
