"""Articles become HTML: what cannot be rendered is told with its line, all of it at once."""

import re
from pathlib import Path

import jinja2
import pytest

import build
from builder.articles import Text
from builder.checks import check
from builder.faults import SiteError
from builder.pages import read_pages
from builder.templates import environment
from tests.builder.conftest import ABOUT, FRONT_MATTER, WriteGuide


def faults_of(content: Path, env: jinja2.Environment) -> list[tuple[str, str]]:
    """Where and what of everything that keeps the articles of a folder from being rendered."""
    with pytest.raises(SiteError) as caught:
        build.compose_all(read_pages(content), env)
    assert all(fault.remedy for fault in caught.value.faults)
    return [(fault.where, fault.what) for fault in caught.value.faults]


def text_of(content: Path, env: jinja2.Environment) -> Text:
    """What the guide of a folder became."""
    return build.compose_all(read_pages(content), env)["guides/a/index.html"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{{ fact("expiry_hours") }}', "there is no 'expiry_hours'"),
        ("{{ fact() }}", "missing 1 required positional argument"),
        ('{{ price("claude-sonnet-5-5", "batch.outputs") }}', "has no attribute 'outputs'"),
        ('{{ price("claude-sonnet-5-5", "batch") }}', "has no attribute ''"),
        ('{{ price("claude-nobody", "batch.output") }}', "there is no 'claude-nobody'"),
        ('{{ plan("workload.requests=0", "cost.batch") }}', "Requests must be"),
        ('{{ plan("workload.requets=5", "cost.batch") }}', "no such field"),
        ('{{ plan("", "cost.bach") }}', "there is no 'cost.bach'"),
        ('{{ costs([""], ["cost.bach"]) }}', "there is no 'cost.bach'"),
        ('{{ costs(["workload.requests=0"], ["cost.batch"]) }}', "Requests must be"),
        ('{{ chart("", "que") }}', "there is no 'que'"),
        ('{{ try_it("workload.requests=0", "Try") }}', "Requests must be"),
        ('{{ guide("nowhere") }}', "there is no ('guide', 'nowhere')"),
        ('{{ faq("polling", text="\\ud800") }}', "surrogates not allowed"),
        ('{{ price("claude-sonnet-5-5", "batch.__doc__") }}', "ConversionSyntax"),
        ('{{ plan([], "cost.batch") }}', "unhashable type: 'list'"),
        ("{{ fact(*[1]) }}", "malformed node or string"),
        ("{{ 1 + 1 }}", "it is not one call"),
        ("{{ fact(print) }}", "malformed node or string"),
        ("```klingon\nnuqneH\n```", "no lexer for alias 'klingon' found"),
        ('{{ fakt("expiry_h") }}', "there is no fakt, only"),
        ('{{ fact("expiry_h" }}', "("),
        ("## A heading", "the heading “A heading” has no anchor"),
        ("## A {: #a }\n\n## B {: #a }", "the anchor #a is used twice"),
        ("# Title", "an article begins with ##"),
    ],
)
def test_article_that_cannot_be_rendered(
    write_guide: WriteGuide, env: jinja2.Environment, text: str, what: str
) -> None:
    """An unknown name, value or expression, an impossible plan, a heading without an anchor."""
    (fault, *more) = faults_of(write_guide(f"One line.\n\n{text}\n"), env)
    assert more == []
    assert fault[0] == f"content/guides/a.md:{12 if 'B {: #a }' in text else 10}"
    assert what in fault[1]


def test_every_fault_of_every_article_is_told_at_once(
    write_guide: WriteGuide, env: jinja2.Environment
) -> None:
    """Nobody builds five times to mend five slips."""
    write_guide('{{ fact("a") }}\n\n{{ fact("b") }} {{ fact("c") }}\n')
    second = FRONT_MATTER.replace("order: 1", "order: 2")
    content = write_guide("## D\n", name="b.md", front=second)
    assert [where for where, _ in faults_of(content, env)] == [
        "content/guides/a.md:8",
        "content/guides/a.md:10",
        "content/guides/a.md:10",
        "content/guides/b.md:8",
    ]


@pytest.mark.parametrize(
    "link", ['{{ guide("a", "gone") }}', "[there](#gone)", "[there](/guides/gone/)"]
)
def test_dead_link_names_its_line(
    write_guide: WriteGuide, env: jinja2.Environment, link: str
) -> None:
    """A dead link is found where it was written, not only in the page that was made."""
    pages = read_pages(write_guide(f"One line.\n\nTwo, {link}.\n"))
    texts = build.compose_all(pages, env)
    site = build.render(pages, texts, env, ABOUT)
    faults = check(site, build.SITE_URL, build.places_of(pages, texts))
    gone = [fault.where for fault in faults if "gone" in fault.what]
    assert gone == ["content/guides/a.md:10"]


def test_heading_is_a_link_to_itself(write_guide: WriteGuide, env: jinja2.Environment) -> None:
    """Its anchor is the one that the article gives, in the text, the contents and the search."""
    text = text_of(write_guide("Above.\n\n## One & all {: #one }\n\nWords.\n"), env)
    heading = '<h2 id="one"><a class="anchor" href="#one">One &amp; all</a></h2>'
    assert heading in text.body
    assert text.headings == (("one", "One & all", ()),)
    assert text.sections == (("", "", "Above."), ("one", "One & all", "Words."))
    assert text.words == "Above. One & all Words."


def test_sources_are_numbered_as_they_come(
    write_guide: WriteGuide, env: jinja2.Environment
) -> None:
    """A source that is named twice has one number, and the list below is in their order."""
    keys = ("expiry_h", "image_patch_px", "expiry_h")
    text = text_of(write_guide(" ".join(f'{{{{ fact_text("{key}") }}}}' for key in keys)), env)
    assert re.findall(r'aria-label="Source (\d+)"', text.body) == ["1", "2", "1"]
    assert len(text.sources) == 2


def test_block_is_no_part_of_a_paragraph(write_guide: WriteGuide, env: jinja2.Environment) -> None:
    """A listing that stands alone is not wrapped in <p>, a number in a sentence stays in its own."""
    text = text_of(write_guide('```python\nx = 1\n```\n\n{{ fact("expiry_h") }}\n'), env)
    assert text.body.startswith('<pre class="listing"')
    assert '<p><a class="value"' in text.body


def test_quotation_is_marked(write_guide: WriteGuide, env: jinja2.Environment) -> None:
    """{% quote %} becomes <q>, which the browser dresses."""
    text = text_of(write_guide("They say {% quote %}90{% endquote %}.\n"), env)
    assert text.body == "<p>They say <q>90</q>.</p>"


def test_pictures_of_one_page_share_no_id(write_guide: WriteGuide, env: jinja2.Environment) -> None:
    """The same chart twice: its gradients and titles keep their own ids."""
    text = text_of(write_guide('{{ chart("", "queue") }}\n\n{{ chart("", "queue") }}\n'), env)
    ids = re.findall(r' id="([^"]+)"', text.body)
    assert len(ids) > 2
    assert len(ids) == len(set(ids))


def test_reading_takes_at_least_a_minute(write_guide: WriteGuide, env: jinja2.Environment) -> None:
    """Two hundred and twenty words a minute, rounded."""
    assert text_of(write_guide("word " * 10), env).minutes == 1
    assert text_of(write_guide("word " * 660), env).minutes == 3


def test_broken_template_of_a_shortcode_is_told_once(
    write_guide: WriteGuide, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With the template's own place, not that of each article that uses it."""
    templates = tmp_path_factory.mktemp("site") / "templates"
    (templates / "shortcodes").mkdir(parents=True)
    (templates / "shortcodes" / "link.html").write_text("{{ nothing }}")
    env = environment(templates, site_name="", site_url="")
    write_guide("{{ method() }}")
    content = write_guide(
        "{{ method() }}", name="b.md", front=FRONT_MATTER.replace("order: 1", "order: 2")
    )
    assert faults_of(content, env) == [
        ("site/templates/shortcodes/link.html:1", "UndefinedError: 'nothing' is undefined")
    ]
