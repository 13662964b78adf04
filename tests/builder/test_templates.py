"""A template that breaks is a fault with its file and line."""

from pathlib import Path

import jinja2
import pytest

from builder.faults import SiteError
from builder.templates import environment, fill


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    return tmp_path / "templates"


@pytest.fixture
def own(folder: Path) -> jinja2.Environment:
    """Templates of the test's own."""
    return environment(folder, site_name="Site", site_url="https://example.org/")


def test_template_is_filled(folder: Path, own: jinja2.Environment) -> None:
    """With what it is given, escaped, and what every template knows."""
    (folder / "a.html").write_text("{{ site_name }}: {{ text }}")
    assert fill(own, "a.html", {"text": "<b>"}) == "Site: &lt;b&gt;"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{% if %}", "TemplateSyntaxError: Expected an expression"),
        ("{{ nothing }}", "UndefinedError: 'nothing' is undefined"),
        ("{{ 5 | duration(1) }}", "TypeError: "),
        ("{{ 1 // 0 }}", "ZeroDivisionError: "),
        ('{% include "gone.html" %}', "TemplateNotFound: "),
    ],
)
def test_broken_template(folder: Path, own: jinja2.Environment, line: str, what: str) -> None:
    """Whatever is wrong with it; here in a template that another one includes."""
    (folder / "a.html").write_text('text\n{% include "below/b.html" %}')
    (folder / "below").mkdir()
    (folder / "below" / "b.html").write_text(f"one\ntwo\n{line}")
    with pytest.raises(SiteError) as caught:
        fill(own, "a.html", {})
    (fault,) = caught.value.faults
    assert fault.where == "site/templates/below/b.html:3"
    assert fault.what.startswith(what)


def test_template_that_is_not_there(own: jinja2.Environment) -> None:
    """By its name."""
    with pytest.raises(SiteError, match=r"site/templates/gone\.html: TemplateNotFound"):
        fill(own, "gone.html", {})
