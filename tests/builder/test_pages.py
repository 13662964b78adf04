"""Pages are read from front matter that is whole, and each knows its place."""

from pathlib import Path

import pytest

from builder.faults import SiteError
from builder.pages import OWN_PAGES, Page, around, read_pages
from tests.builder.conftest import FRONT_MATTER, WriteGuide


def faults_of(content: Path) -> list[tuple[str, str]]:
    with pytest.raises(SiteError) as caught:
        read_pages(content)
    assert all(fault.remedy for fault in caught.value.faults)
    return [(fault.where, fault.what) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("summary: In short.\n", "", 1, "summary is missing"),
        ("summary: In short.", "summary:", 4, "summary is missing"),
        ("title: A guide", "titel: A guide", 1, "title is missing"),
        ("order: 1", "order: one", 5, "order is not a number"),
        ("order: 1", f"order: {'1' * 5000}", 5, "order is not a number"),
        ("order: 1", "order: 1\norder: 2", 1, "the front matter gives a key twice"),
        ("checked: 2026-11-22", "checked: November", 6, "checked is not a date such as 2026-11-22"),
        ("order: 1", "order: 1\nauthor: me", 6, "the front matter has an unknown key, author"),
        ("---\ntitle", "title", 1, "there is no front matter"),
    ],
)
def test_front_matter_that_is_not_whole(
    write_guide: WriteGuide, old: str, new: str, where: int, what: str
) -> None:
    """Each fault names the file and the line."""
    content = write_guide("", front=FRONT_MATTER.replace(old, new))
    assert (f"content/guides/a.md:{where}", what) in faults_of(content)


def test_front_matter_is_checked_in_every_file(tmp_path: Path) -> None:
    """All faults at once, each with its file."""
    (tmp_path / "a.md").write_text("No front matter")
    (tmp_path / "b.md").write_text("---\ntitle: B\nnav: B\norder: 1\n---\ntext")
    (tmp_path / "c.md").write_text(
        "---\ntitle: C\ndescription: D\nnav: C\norder: 2\nauthor: E\n---\ntext"
    )
    assert faults_of(tmp_path) == [
        ("content/a.md:1", "there is no front matter"),
        ("content/b.md:1", "description is missing"),
        ("content/c.md:6", "the front matter has an unknown key, author"),
    ]


def test_folder_that_nothing_is_made_from(tmp_path: Path) -> None:
    """A misplaced article is not left out in silence."""
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "a.md").write_text(FRONT_MATTER)
    assert faults_of(tmp_path) == [("content/news/a.md", "nothing is made from this folder")]


@pytest.mark.parametrize("name", ["a b.md", "Ä.md", "\udcff.md", "<b>.md"])
def test_name_that_is_no_address(write_guide: WriteGuide, name: str) -> None:
    """An article's name stands in links; a name that is no UTF-8 cannot even be written in a page."""
    ((where, what),) = faults_of(write_guide("", name=name))
    assert what == "its name is no address"
    assert where.encode()


def test_two_articles_in_one_place(write_guide: WriteGuide) -> None:
    """The order of a kind is without doubt."""
    write_guide("")
    assert faults_of(write_guide("", name="b.md")) == [
        ("content/guides/b.md", "the order 1 is that of content/guides/a.md too")
    ]


def test_no_articles_at_all(tmp_path: Path) -> None:
    """A folder that is not there is not an empty site."""
    assert faults_of(tmp_path / "content") == [("content/", "there are no articles")]


@pytest.mark.parametrize("name", ["index.md", "notices.md", "404.md"])
def test_article_in_place_of_another_page(tmp_path: Path, name: str) -> None:
    """Each page has one source. 404.md becomes 404/index.html, and is in nobody's way."""
    front = "---\ntitle: A\ndescription: B\nnav: C\norder: 1\n---\n"
    (tmp_path / name).write_text(front)
    if name == "404.md":
        assert "404/index.html" in [page.path for page in read_pages(tmp_path)]
    else:
        what = f"its page is that of site/templates/{'planner' if name == 'index.md' else 'notices'}.html too"
        assert faults_of(tmp_path) == [(f"content/{name}", what)]


def test_articles_that_cannot_be_read(write_guide: WriteGuide) -> None:
    """Each is told, and the others are read all the same."""
    content = write_guide("", front=FRONT_MATTER.replace("order: 1", "order: one"))
    (content / "guides" / "b.md").mkdir()
    (content / "guides" / "c.md").write_bytes(b"---\ntitle: \xff\n---\n")
    (content / "guides" / "d.md").write_bytes(FRONT_MATTER.encode() + b"text\n\xff")
    assert faults_of(content) == [
        ("content/guides/a.md:5", "order is not a number"),
        ("content/guides/b.md", "it cannot be read: Is a directory"),
        ("content/guides/c.md:2", "the byte 0xff is no UTF-8"),
        ("content/guides/d.md:9", "the byte 0xff is no UTF-8"),
    ]


def test_page_of_an_article(write_guide: WriteGuide) -> None:
    """content/guides/a.md becomes guides/a/, with a body that begins after its front matter."""
    (page,) = set(read_pages(write_guide("Text"))) - set(OWN_PAGES)
    assert (page.path, page.address, page.slug) == ("guides/a/index.html", "guides/a/", "a")
    assert (page.kind, page.template, page.title) == ("guide", "guide.html", "A guide")
    assert (page.body, page.body_line) == ("Text", FRONT_MATTER.count("\n"))


def test_pages_are_in_their_order(write_guide: WriteGuide) -> None:
    """Guides by the number that each gives, not by name."""
    write_guide("", name="z.md", front=FRONT_MATTER.replace("order: 1", "order: 2"))
    content = write_guide("", name="a.md", front=FRONT_MATTER.replace("order: 1", "order: 3"))
    pages = read_pages(write_guide("", name="m.md"))
    assert [page.slug for page in pages if page.kind] == ["m", "z", "a"]
    assert content.is_dir()


def test_one_page_stands_everywhere() -> None:
    """The page for missing pages has no address of its own; every other page has."""
    assert [page.path for page in OWN_PAGES if page.everywhere] == ["404.html"]


def page(path: str, kind: str = "") -> Page:
    return Page(path=path, template="", title=path, description="", source="", kind=kind)


def test_neighbours_of_a_page() -> None:
    """The previous and the next of its own kind, and the pages above it."""
    home, guides = page("index.html"), page("guides/index.html")
    first, second = page("guides/a/index.html", "guide"), page("guides/b/index.html", "guide")
    question = page("faq/a/index.html", "question")
    pages = (home, guides, first, second, question)
    assert around(first, pages) == {"previous": None, "next": second, "parents": [guides]}
    assert around(second, pages) == {"previous": first, "next": None, "parents": [guides]}
    assert around(question, pages) == {"previous": None, "next": None, "parents": []}
    assert around(home, pages) == {"previous": None, "next": None, "parents": []}
