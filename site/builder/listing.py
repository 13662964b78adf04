"""Colour code, and cut pieces out of the programs that we hand out."""

import pygments.lexers
from markupsafe import Markup
from pygments.formatters.html import HtmlFormatter

from builder import plans


def coloured(code: str, language: str) -> Markup:
    """A block of code with a class for each kind of word; the colours are in css/code.css.

    Raises ValueError if nobody knows the language.
    """
    lexer = pygments.lexers.get_lexer_by_name(language, stripnl=False)
    formatter = HtmlFormatter(nowrap=True, classprefix="c-")
    inner = pygments.highlight(code.strip("\n"), lexer, formatter).rstrip("\n")
    listing = Markup('<pre class="listing" tabindex="0"><code>{}</code></pre>')
    return listing.format(Markup(inner))


def excerpt(name: str, first: str, until: str) -> Markup:
    """A part of the example plan's program: from the line that begins with `first` to `until`.

    Neither a line that is not there nor one that is there twice names a part: ValueError.
    """
    handed_out = {program["name"]: program for program in plans.programs()}
    if name not in handed_out:
        raise ValueError(f"there is no program {name!r}, only {', '.join(handed_out)}")
    lines = handed_out[name]["text"].splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith(first)]
    if len(starts) != 1:
        raise ValueError(f"{len(starts)} lines of {name} begin with {first!r}")
    later = range(starts[0], len(lines))
    end = next((place for place in later if lines[place].startswith(until)), None)
    if end is None:
        raise ValueError(f"no line of {name} after that begins with {until!r}")
    part = "\n".join(lines[starts[0] : end]).rstrip()
    return coloured(part, handed_out[name]["language"])
