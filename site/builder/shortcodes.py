"""What an article may name: `{{ fact("expiry_h") }}` is a call of a function of this module.

    Numbers   fact(KEY)  fact_text(KEY)  price(MODEL, "batch.output")  model(MODEL)
              model_fact(MODEL, FIELD)  tier(TIER, FIELD)  checked_on()  observations_used()
    Plans     plan(QUERY, SLOT)  chart(QUERY, CHART)  lines(QUERY)  try_it(QUERY, LABEL)
              costs([QUERY, …], [SLOT, …])
              QUERY is that of a share link, "" the example plan; SLOT and CHART are those of
              planner/show/view.py
    Tables    prices_table([MODEL, …])  durations_table(), and those of the method page:
              limits_table()  tiers_table(sources=…)  rates_table(sources=…)  models_table()
              observations_table()  left_out_table()  writing_table()  old_guide_table()
              measures_table()
    Links     guide(SLUG, ANCHOR, text=…)  faq(SLUG, text=…)  method(ANCHOR, text=…)
    Programs  code(FILE, first=BEGINNING OF A LINE, until=BEGINNING OF A LATER LINE)

Each returns HTML, made by a small template of site/templates/shortcodes/. A name that does not
exist raises what Python raises for it; `articles` tells it as a fault, with the line.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from builder import listing, plans
from builder.filters import coded, maybe, plain
from builder.sources import read_json
from builder.templates import fill
from planner import facts, words
from planner.model import durations

_MEASURES = Path(__file__).resolve().parents[2] / "content" / "measures.json"
_LEFT_OUT = Path(__file__).resolve().parents[2] / "content" / "left-out.json"
_CODE_UNITS = ("regular expression", "field", "path", "error_code", "endpoint")

COLUMNS = {
    "batches.count": "Batches",
    "batches.size": "Requests in each",
    "batches.binding": "Set by",
    "requests.failed": "Fail at first",
    "requests.retried": "Sent again",
    "requests.given_up": "Given up",
    "time.p50": "P50",
    "time.p85": "P85",
    "time.p95": "P95",
    "time.evidence": "Evidence",
    "cost.batch": "Batch",
    "cost.realtime": "Real time",
    "cost.saved": "Saved",
    "realtime.time": "Real time takes",
}
_WORDY = ("batches.size", "batches.binding", "time.evidence")  # columns of words, not of numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What the shortcodes of one article work with.

    `titles` are those of all pages, by kind and slug; `sources` the numbers of the sources that the
    article has named so far.
    """

    templates: jinja2.Environment
    titles: Mapping[tuple[str, str], str]
    sources: dict[str, int] = field(default_factory=dict)

    def write(self, template: str, **values: Any) -> Markup:
        """The HTML of templates/shortcodes/TEMPLATE.html, without space around it."""
        return Markup(fill(self.templates, f"shortcodes/{template}.html", values).strip())

    def number_of(self, source: str) -> int:
        """The number of a source among those of the article."""
        return self.sources.setdefault(source, len(self.sources) + 1)


# Numbers


def fact(context: Context, key: str) -> Markup:
    """A fact's value, with its source, as a link to its row of the method page."""
    limit = facts.limit(key)
    text = Markup("<code>{}</code>").format(limit.value)
    if limit.unit not in _CODE_UNITS:
        text = Markup.escape(plain(limit.value))
    return context.write("value", href=_fact_row(key), title=limit.source, text=text)


def fact_text(context: Context, key: str) -> Markup:
    """A fact in words, with the number of its source."""
    limit = facts.limit(key)
    number = context.number_of(limit.source.split("; ")[0])
    cite = context.write("cite", href=_fact_row(key), source=limit.source, number=number)
    return coded(limit.statement) + cite


def _fact_row(key: str) -> str:
    return f"/method/#fact-{key.replace('_', '-')}"


def price(context: Context, name: str, path: str) -> Markup:
    """A price of a model, such as "batch.output", in dollars for a million tokens."""
    kind, _, token = path.partition(".")
    usd = getattr(getattr(facts.model(name), kind), token)
    return _of_model(context, name, words.price(usd))


def model(context: Context, name: str) -> Markup:
    """The name of a model."""
    return _of_model(context, name, facts.model(name).name)


def model_fact(context: Context, name: str, key: str) -> Markup:
    """What is known of a model, such as "context_tokens"."""
    return _of_model(context, name, plain(getattr(facts.model(name), key)))


def _of_model(context: Context, name: str, text: str) -> Markup:
    row = facts.model(name)
    title = f"Checked {row.checked_on}"
    return context.write("value", href=f"/method/#model-{row.id}", title=title, text=text)


def tier(context: Context, key: str, limit: str) -> Markup:
    """A limit of a usage tier, such as "queue_requests"."""
    row = facts.tier(key)
    text = maybe(getattr(row, limit))
    return context.write("value", href=f"/method/#tier-{key}", title=row.source, text=text)


def checked_on(_: Context) -> str:
    """The day on which prices and limits were checked."""
    return facts.checked_on()


def observations_used(_: Context) -> int:
    """How many observed durations the planner uses."""
    return sum(row.used for row in facts.observations())


# Plans


def plan(context: Context, query: str, slot: str) -> Markup:
    """A number of a plan as a link to the plan; a whole sentence is no link."""
    text = plans.view_of(query)["slots"][slot]
    if text.endswith((".", "!")):
        return Markup.escape(text)
    href = f"/#{query}" if query else "/"
    return context.write("value", href=href, title="Open this plan", text=text)


def chart(context: Context, query: str, name: str) -> Markup:
    """A picture of a plan, without what only the planner's script needs."""
    view = plans.view_of(query)
    svg = Markup(re.sub(r' data-[a-z0-9]+="[^"]*"', "", view["charts"][name]))
    return context.write("chart", query=query, svg=svg, sentence=view["slots"]["answer.sentence"])


def lines(context: Context, query: str) -> Markup:
    """The cost of a plan, line by line."""
    rows = plans.view_of(query)["lists"]["cost.lines"]
    same, _ = plans.compare([query])
    return context.write("lines", query=query, same=same, rows=rows)


def try_it(context: Context, query: str, label: str) -> Markup:
    """A button that opens a plan."""
    plans.view_of(query)  # a plan that cannot be made is a fault
    return context.write("try_it", query=query, label=label)


def costs(context: Context, queries: list[str], slots: list[str]) -> Markup:
    """A table of plans, one a row, with what sets them apart, and a column for each slot."""
    columns = [(slot, COLUMNS[slot], slot not in _WORDY) for slot in slots]
    values = [plans.view_of(query)["slots"] for query in queries]
    same, apart = plans.compare(queries)
    rows = zip(queries, apart, values, strict=True)
    return context.write("costs", same=same, columns=columns, rows=rows)


# Tables


def prices_table(context: Context, names: list[str]) -> Markup:
    """Batch and standard prices of models."""
    return context.write("prices_table", models=[facts.model(name) for name in names])


def durations_table(context: Context) -> Markup:
    """The observed durations by the sizes that the planner takes together."""
    used = observations_used(context)
    return context.write("durations_table", bands=durations.public_bands(), used=used)


def limits_table(context: Context) -> Markup:
    """Every limit and rule."""
    return context.write("limits_table")


def tiers_table(context: Context, sources: bool = False) -> Markup:
    """The usage tiers."""
    return context.write("tiers_table", sources=sources)


def rates_table(context: Context, sources: bool = False) -> Markup:
    """The real-time limits of each tier."""
    return context.write("rates_table", sources=sources)


def models_table(context: Context) -> Markup:
    """Every model with its batch prices."""
    return context.write("models_table")


def observations_table(context: Context) -> Markup:
    """Every observed duration."""
    return context.write("observations_table")


def left_out_table(context: Context) -> Markup:
    """How the public rows may be taken, compared on logs left out (tests/bench/worlds.py)."""
    choices = json.loads(_LEFT_OUT.read_text("utf-8"))["choices"]
    return context.write("left_out_table", choices=choices)


def writing_table(context: Context) -> Markup:
    """Every observed writing speed."""
    return context.write("writing_table")


def old_guide_table(context: Context) -> Markup:
    """The rule of thumb of the original planner."""
    return context.write("old_guide_table")


def measures_table(context: Context) -> Markup:
    """How large and how fast the planner is, as `make bench` measured it last."""
    measures = read_json(_MEASURES, "content/measures.json")
    return context.write("measures_table", measures=measures)


# Links


def guide(context: Context, slug: str, anchor: str = "", text: str = "") -> Markup:
    """A link to a guide, or to a section of it."""
    text = text or context.titles["guide", slug]
    return context.write("link", href=_at(f"/guides/{slug}/", anchor), text=text)


def faq(context: Context, slug: str, text: str = "") -> Markup:
    """A link to a question."""
    text = text or context.titles["question", slug]
    return context.write("link", href=f"/faq/{slug}/", text=text)


def method(context: Context, anchor: str = "", text: str = "the method page") -> Markup:
    """A link to the method page, or to a section of it."""
    return context.write("link", href=_at("/method/", anchor), text=text)


def _at(address: str, anchor: str) -> str:
    return f"{address}#{anchor}" if anchor else address


# Programs


def code(_: Context, file: str, first: str, until: str) -> Markup:
    """A part of a program that we hand out, coloured."""
    return listing.excerpt(file, first, until)


SHORTCODES: dict[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        *(fact, fact_text, price, model, model_fact, tier, checked_on, observations_used),
        *(plan, chart, lines, try_it, costs),
        *(prices_table, durations_table, limits_table, tiers_table, rates_table, models_table),
        *(observations_table, left_out_table, writing_table, old_guide_table, measures_table),
        *(guide, faq, method, code),
    )
}
