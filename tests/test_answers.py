"""What articles say: each fact once, nothing again that was found wrong, a source in every answer,
code that runs.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from planner import facts

ROOT = Path(__file__).resolve().parent.parent
CONTENT = ROOT / "content"
ANSWERS = sorted(path for path in (CONTENT / "faq").glob("*.md") if path.stem != "index")
GUIDES = sorted((CONTENT / "guides").glob("*.md"))
READ = [*ANSWERS, *GUIDES, CONTENT / "method.md", ROOT / "README.md", ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("articles", [ANSWERS, GUIDES], ids=["answers", "guides"])
def test_a_fact_is_said_once(articles: list[Path]) -> None:
    """The sentence of a fact stands in one guide and in one answer; others name its number, or lead
    there.
    """
    said = Counter(
        key
        for path in articles
        for key in re.findall(r'fact_text\("(\w+)"\)', path.read_text("utf-8"))
    )
    assert [key for key, times in said.items() if times > 1] == []


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_an_answer_has_a_source(path: Path) -> None:
    """Whoever doubts it can look it up: a fact, a price or a plan stands in it, or it is about this
    planner.
    """
    text = path.read_text("utf-8")
    sourced = r"\{\{ (?:fact_text|fact|price|model_fact|tier|plan|costs)\("
    assert re.search(sourced, text) or "topic: This planner and privacy" in text


# What was found wrong, and what is so instead.
WRONG = {
    r"measured by anybody": "batches that were sent together are on record: together_sizes",
    r"The (?:public observations are of batches that|observed batches) ran alone": "nearly all",
    r"in the same hour meet the same load": "slow spells are of one model: together_models",
    r"[Tt]iny batches mostly took": "that was so in 2024 and 2025: tiny_batches",
    r"presumably (?:checked|shows|fails?)": "both were seen: envelope_checked, sampling_params",
    r"refused by policy": "a refusal is a success: refusal_succeeded",
    r"sends nothing anywhere": "a link carries the plan to whoever gets it",
    r"\bunited States\b": "a name has its capital",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_was_wrong_is_not_said_again(wrong: str) -> None:
    """Neither in an article nor by a fact nor in the words of a field."""
    texts = {str(path): path.read_text("utf-8") for path in READ}
    texts |= {fact.key: f"{fact.statement} {fact.note}" for fact in facts.limits()}
    texts |= {"fields": (ROOT / "planner" / "scenario" / "fields.py").read_text("utf-8")}
    assert [name for name, text in texts.items() if re.search(wrong, text)] == []


def test_a_file_for_another_provider_becomes_requests() -> None:
    """faq/upload-a-file: its code takes a line of the other format to a request."""
    text = (CONTENT / "faq" / "upload-a-file.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found
    names: dict[str, Any] = {}
    exec(found[1], names)
    line = (
        '{"custom_id": "a-1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", '
        '"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}}'
    )
    assert names["to_request"](line, "claude-haiku-5-5", 500) == {
        "custom_id": "a-1",
        "params": {
            "model": "claude-haiku-5-5",
            "max_tokens": 500,
            "messages": [{"role": "user", "content": "Hi"}],
            "system": "Be brief.",
        },
    }
