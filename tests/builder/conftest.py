"""What the builder's tests share: templates, and articles written for one test."""

from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest

import build
from builder.notices import Notices
from builder.templates import environment

FRONT_MATTER = (
    "---\ntitle: A guide\ndescription: What it says.\nsummary: In short.\n"
    "order: 1\nchecked: 2026-11-22\n---\n"
)

# What `build.render` is told of the files beside the pages.
ABOUT = {
    "runtime": {"worker": "", "streamed_bytes": 0},
    "notices": Notices(components=(), texts={}),
}

WriteGuide = Callable[..., Path]


@pytest.fixture(scope="session")
def env() -> jinja2.Environment:
    """The project's own templates."""
    templates = build.ROOT / "site" / "templates"
    return environment(templates, site_name=build.SITE_NAME, site_url=build.SITE_URL)


@pytest.fixture
def write_guide(tmp_path: Path) -> WriteGuide:
    """Writes a guide below a folder of articles and returns the folder."""

    def write(text: str, name: str = "a.md", front: str = FRONT_MATTER) -> Path:
        (tmp_path / "guides").mkdir(exist_ok=True)
        (tmp_path / "guides" / name).write_text(front + text, "utf-8")
        return tmp_path

    return write
