"""Cut articles at their headings, for a search that finds sections, and the fields and models beside them."""

import html
import json
import re
from collections.abc import Iterable, Iterator

from builder.pages import Page
from planner import facts
from planner.scenario import FIELDS
from planner.words import plain

Section = tuple[str, str, str]  # anchor, heading, words

# Pictures, numbers of sources, notes and sources of tables: nobody looks for their words.
_NOT_WORDS = re.compile(
    r"<(svg|sup|small)\b.*?</\1>|<td class=\"source\">.*?</td>|<details.*?</details>", re.DOTALL
)
_HEADING = re.compile(r'<h[23] id="([^"]+)">(.*?)</h[23]>', re.DOTALL)
_INSIDE_WORDS = re.compile(r"</?(a|b|code|q|span)\b[^>]*>")


def sections(article: str) -> Iterator[Section]:
    """(anchor, heading, words) of each section; the first, above all headings, has no anchor."""
    parts = _HEADING.split(_NOT_WORDS.sub(" ", article))
    yield "", "", _words(parts[0])
    for anchor, heading, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        yield anchor, _words(heading), _words(body)


def _words(part: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", _INSIDE_WORDS.sub("", part))).split())


# What people call the fields of the planner, where its own words are others.
CALLED = {
    "workload.model": "which model opus sonnet haiku fable mythos price",
    "duration.model": "how long a batch takes time speed observed formula",
    "limits.spent_this_month_usd": "already spent used money bill",
    "workload.requests": "prompts rows records documents tickets how many number of",
    "workload.input_tokens": "prompt length size context words pages pdf",
    "workload.output_tokens": "answer response completion length thinking",
    "workload.output_p95_tokens": "longest answers p95",
    "workload.max_tokens": "cut off answers",
    "workload.bytes_per_request": "megabytes MB file size payload images base64 pdf",
    "workload.shared_prefix_tokens": "system prompt instructions tools common",
    "batches.requests_per_batch": "batch size chunk split how large",
    "batches.concurrent": "parallel concurrency at the same time",
    "batches.realtime_share": "synchronous messages api urgent mixture",
    "batches.poll_s": "polling interval status check",
    "retries.transient_rate": "error rate failure overloaded 529 500",
    "retries.permanent_rate": "invalid refused error rate",
    "retries.base_delay_s": "wait pause",
    "duration.history": "own measurements past runs journal",
    "limits.tier": "account usage tier rate limits organisation",
    "limits.queue_requests": "in processing queue full",
    "limits.monthly_spend_usd": "spend cap credit",
    "caching.mode": "prompt caching cache",
    "caching.prime": "warm up prewarm",
    "pricing.geo": "residency region inference_geo US Europe",
    "goal.start_at": "when begin launch date",
    "goal.deadline_h": "due finish by when hours done",
    "goal.deadline_at": "due date finish by when done Monday",
    "goal.budget_usd": "money maximum cost dollars spend at most",
    "goal.confidence": "how sure probability percentile certainty likely",
    "forecast.seed": "random",
}


def fields() -> Iterator[tuple[str, str, str, str]]:
    """A row of the index for each field, which leads to it in the planner."""
    for field in FIELDS:
        words = " ".join(filter(None, (field.help, CALLED.get(field.name, ""))))
        yield "Planner", f"#f-{field.name.replace('.', '-')}", field.label, words


def models() -> Iterator[tuple[str, str, str, str]]:
    """A row of the index for each model, which leads to the planner with that model."""
    for model in facts.models():
        prices = f"${plain(model.batch.input)} in, ${plain(model.batch.output)} out"
        words = (
            f"{model.id}: price of a million tokens in a batch {prices}. A model, {model.status}."
        )
        yield "Model", f"#workload.model={model.id}", model.name, words


def index(articles: Iterable[tuple[Page, Iterable[Section]]]) -> bytes:
    """[title, address, heading, words] of every section, as JSON for js/search.js.

    The planner's fields and models come first, then guides, questions, and pages of their own.
    """
    kinds = ("guide", "question", "")
    rows = [[*row] for row in (*fields(), *models())] + [
        [page.title, page.address + (f"#{anchor}" if anchor else ""), heading, words]
        for page, parts in sorted(articles, key=lambda article: kinds.index(article[0].kind))
        for anchor, heading, words in parts
        if words
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
