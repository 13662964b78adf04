"""Make the text of a page of its Markdown: answer the shortcodes, colour the code, link the heads.

Markdown does not see what is ours: each shortcode, block of code and end of a quotation is
answered first, kept aside, and put into what Markdown made.
"""

import ast
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import markdown
from markupsafe import Markup

from builder.faults import Collector
from builder.listing import coloured
from builder.pages import Page
from builder.search import sections
from builder.shortcodes import SHORTCODES, Context

WORDS_A_MINUTE = 220  # of a person who reads a technical text

Heading = tuple[str, str, tuple[Any, ...]]

# A block of code, a shortcode, or the beginning or end of a quotation.
_OURS = re.compile(
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$"
    r"|\{\{(?P<call>.*?)\}\}"
    r"|\{%\s*(?P<quote>quote|endquote)\s*%\}",
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(r"^(#+) +(.+?)(?: +\{: #([a-z0-9-]+) \})?$", re.MULTILINE)
_KEPT = re.compile("\ue000(\\d+)\ue001")  # private characters: Markdown lets them pass
_KEPT_ALONE = re.compile("<p>\ue000(\\d+)\ue001</p>")
_BLOCK = ("<div", "<figure", "<p>", "<pre", "<details")
# What an article's own slip can raise: an unknown name, a wrong number of values, no expression.
_UNANSWERABLE = (ArithmeticError, AttributeError, LookupError, SyntaxError, TypeError, ValueError)
_REMEDY = (
    "What an article may name stands in site/builder/shortcodes.py; "
    "`python -m planner facts` lists the facts."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """What an article's Markdown became.

    `headings` are (anchor, words, those below it); `sources` texts in the order of their numbers;
    `sections` (anchor, heading, words) for the search; `places` says where each link was written.
    """

    body: Markup
    headings: tuple[Heading, ...]
    sources: tuple[str, ...]
    sections: tuple[tuple[str, str, str], ...]
    places: dict[str, str]

    @property
    def words(self) -> str:
        """All its words."""
        return " ".join(f"{heading} {words}".strip() for _, heading, words in self.sections)

    @property
    def minutes(self) -> int:
        """How long it takes to read."""
        return max(1, round(len(self.words.split()) / WORDS_A_MINUTE))


def compose(page: Page, context: Context) -> Text:
    """The article of the page as HTML, each shortcode answered and each block of code coloured.

    Raises SiteError with every fault and its line: a shortcode that cannot be answered, a heading
    without an anchor of its own or with one that is taken.
    """
    draft = Draft(page, context)
    source = draft.without_ours()
    draft.check_headings()
    draft.faults.raise_all()
    writer = markdown.Markdown(
        extensions=["attr_list", "def_list", "md_in_html", "sane_lists", "tables", "toc"],
        output_format="html",
    )
    body = _linked_headings(draft.with_ours(_scrolling_tables(writer.convert(source))))
    return Text(
        body=Markup(body),
        headings=_headings(writer.toc_tokens),  # type: ignore[attr-defined] # the toc extension's
        sources=tuple(context.sources),
        sections=tuple(sections(body)),
        places=draft.places,
    )


class Draft:
    """An article on its way to HTML: what is kept aside, where links were written, the faults."""

    def __init__(self, page: Page, context: Context) -> None:
        self.page, self.context = page, context
        self.kept: list[str] = []
        self.places = {
            link[1]: self.where(link.start()) for link in re.finditer(r"\]\(([^)\s]+)\)", page.body)
        }
        self.faults = Collector()

    def where(self, start: int) -> str:
        """The file and line of a place in the body."""
        lines_above = self.page.body_line + self.page.body.count("\n", 0, start)
        return f"{self.page.source}:{lines_above + 1}"

    def without_ours(self) -> str:
        """The body with a mark in place of each piece that is ours, and the piece kept aside."""
        return _OURS.sub(self._keep, self.page.body)

    def _keep(self, ours: re.Match[str]) -> str:
        where, piece = self.where(ours.start()), ""
        try:
            piece = self._answer(ours)
            piece.encode()  # an escape in a text can name half a character
        except _UNANSWERABLE as why:
            self.faults.add(where, f"{ours[0].splitlines()[0]}: {_reason(why)}", _REMEDY)
        if piece.startswith("<figure"):  # a picture's own ids occur once in a page
            piece = re.sub(
                r"\b(queue|depth|chance)-(?=\w)", rf"picture-{len(self.kept)}-\1-", piece
            )
        self.places |= dict.fromkeys(re.findall(r'href="([^"]*)"', piece), where)
        self.kept.append(piece)
        return f"\ue000{len(self.kept) - 1}\ue001"

    def _answer(self, ours: re.Match[str]) -> str:
        if ours["code"] is not None:
            return str(coloured(ours["code"], ours["language"]))
        if ours["call"] is not None:
            return str(Markup.escape(answer(ours["call"], self.context))).strip()
        return "<q>" if ours["quote"] == "quote" else "</q>"

    def with_ours(self, page: str) -> str:
        """The HTML with each piece in its place; a block is no part of a paragraph."""

        def alone(mark: re.Match[str]) -> str:
            is_block = self.kept[int(mark[1])].startswith(_BLOCK)
            return mark[0][3:-4] if is_block else mark[0]

        return _KEPT.sub(lambda mark: self.kept[int(mark[1])], _KEPT_ALONE.sub(alone, page))

    def check_headings(self) -> None:
        """Every heading has an anchor that somebody chose: links to it live as long as it does."""
        body = self.page.body
        code = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
        prose = code.sub(lambda block: re.sub(r"\S", "x", block[0]), body)  # as long as it was
        taken = set()
        for heading in _HEADING.finditer(prose):
            level, words, anchor = heading.groups()
            where = self.where(heading.start())
            if len(level) == 1:
                what = "an article begins with ##: its title is in the front matter"
                self.faults.add(where, what, "Take one # more.")
            elif not anchor:
                what = f"the heading “{words}” has no anchor"
                self.faults.add(where, what, "End it with {: #anchor }.")
            elif anchor in taken:
                what = f"the anchor #{anchor} is used twice"
                self.faults.add(where, what, "Give each heading its own.")
            taken.add(anchor)


def answer(expression: str, context: Context) -> Any:
    """What `{{ expression }}` stands for: one call of a shortcode with plain values.

    Raises what the shortcode raises, ValueError or SyntaxError if it is no such call.
    """
    call = ast.parse(expression.strip(), mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError('it is not one call, such as fact("expiry_h")')
    if call.func.id not in SHORTCODES:
        raise ValueError(f"there is no {call.func.id}, only {', '.join(sorted(SHORTCODES))}")
    values = [ast.literal_eval(value) for value in call.args]
    named = {str(part.arg): ast.literal_eval(part.value) for part in call.keywords}
    return SHORTCODES[call.func.id](context, *values, **named)


def _reason(why: Exception) -> str:
    return f"there is no {why.args[0]!r}" if isinstance(why, KeyError) else str(why)


def _scrolling_tables(page: str) -> str:
    """A table that is wider than the page scrolls by itself, by keyboard too."""
    return page.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )


def _linked_headings(page: str) -> str:
    """Each heading as a link to itself."""
    return re.sub(
        r'<(h[23]) id="([^"]+)">(.*?)</\1>',
        r'<\1 id="\2"><a class="anchor" href="#\2">\3</a></\1>',
        page,
    )


def _headings(tokens: Iterable[dict[str, Any]]) -> tuple[Heading, ...]:
    return tuple(
        (token["id"], html.unescape(token["name"]), _headings(token["children"]))
        for token in tokens
    )
