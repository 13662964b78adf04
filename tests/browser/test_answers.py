"""What people ask is found by their words."""

import re

from playwright.sync_api import expect

from tests.browser.watch import Visit

# What they type, and the page that must come first.
ASKED = {
    "batch stuck": "faq/stuck",
    "pdf": "faq/vision-and-pdfs",
    "vision": "faq/vision-and-pdfs",
    "file id": "faq/vision-and-pdfs",
    "empty answers": "faq/empty-answers",
    "truncated": "faq/empty-answers",
    "credit ran out": "faq/credit-ran-out",
    "credit balance is too low": "faq/credit-ran-out",
    "blocked by content filtering": "faq/content-filtering",
    "404": "faq/batch-not-found",
    "not found": "faq/batch-not-found",
    "structured outputs": "faq/structured-outputs",
    "invalid json": "faq/structured-outputs",
    "beta flag": "faq/beta-header",
    "webhook": "faq/polling",
    "every night": "faq/every-night",
    "recurring": "faq/every-night",
    "warm cache": "faq/caching-in-batches",
    "vertex": "faq/other-platforms",
    "bedrock": "faq/other-platforms",
    "openai jsonl": "faq/upload-a-file",
    "change batch": "faq/cancel",
    "mib": "faq/request-too-large",
    "duplicate batch": "faq/pay-twice",
    "offline": "faq/offline",
}


def test_words_of_people_lead_to_the_answer(visit: Visit) -> None:
    """For each phrase the page that answers it is the first result."""
    page = visit("faq/", ready=False)
    first = page.locator("[data-search-list] a").first
    for phrase, address in ASKED.items():
        page.get_by_role("searchbox").fill(phrase)
        expect(first, phrase).to_have_attribute("href", re.compile(rf"/{address}/$"))
