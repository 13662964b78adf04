"""What the checks find, in sites of a few lines."""

import pytest

from builder.checks import check

URL = "https://example.org/planner/"
PAGE = (
    '<!doctype html><html lang="en"><head><title>A page</title><meta name="description" content="What it says.">'
    '<link rel="stylesheet" href="css/page.css"></head><body><h1>A page</h1><p id="place">Text</p>{}</body></html>'
)


def whats(site: dict[str, bytes]) -> list[str]:
    return [fault.what for fault in check(site, URL)]


def small_site(extra: str = "", page: str = PAGE) -> dict[str, bytes]:
    return {
        "index.html": page.format(extra).encode(),
        "css/page.css": b"",
        "about/index.html": PAGE.replace("css/", "../css/").encode(),
    }


def test_a_whole_site_has_no_fault():
    """A link to another page, to an anchor there and to a scenario are all in order."""
    assert (
        check(
            small_site(
                '<a href="about/">x</a> <a href="about/#place">y</a> <a href="#workload.requests=5">z</a>'
            ),
            URL,
        )
        == []
    )


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("nowhere/", "the link nowhere/ leads to nowhere/index.html, which is not there"),
        ("about/#gone", "the link about/#gone leads to an id that about/index.html does not have"),
        ("about/#a=1", "the link about/#a=1 leads to an id that about/index.html does not have"),
        ("#gone", "the link #gone leads to an id that index.html does not have"),
        ("/about/", "the link /about/ leaves the site"),
        ("../about/", "the link ../about/ leaves the site"),
    ],
)
def test_a_dead_link_is_a_fault(link, expected):
    """Pages, anchors, and links that would break below another path are checked."""
    assert whats(small_site(f'<a href="{link}">x</a>')) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<h1>A page</h1>", "", "the page has 0 h1 headings"),
        ("<h1>A page</h1>", "<h1>A page</h1><h1>B</h1>", "the page has 2 h1 headings"),
        ("<title>A page</title>", "<title> </title>", "the page has no title"),
        ('content="What it says."', 'content=""', "the page has no description"),
        ('<p id="place">', '<p id="place"><b id="place"></b>', "the id place is used twice"),
        ("Text", '<img src="css/page.css">', "1 images have no alt text"),
        ("Text", '<p style="color: red">', "<p style> is forbidden in a page"),
        ("Text", "<script>1</script>", "<script> is forbidden in a page"),
        ("Text", '<p onclick="x()">', "<p onclick> is forbidden in a page"),
        ("Text", '<svg ONLOAD="x()">', "<svg onload> is forbidden in a page"),
        (
            "<title>",
            '<meta http-equiv="Refresh" content="0; url=https://example.com/"><title>',
            "<meta http-equiv=Refresh> is forbidden in a page",
        ),
        ("<title>", '<base href="css/"><title>', "<base> is forbidden in a page"),
        ("Text", '<iframe srcdoc="x">', "<iframe srcdoc> is forbidden in a page"),
        ("Text", '<iframe src="about/">', "<iframe> is forbidden in a page"),
        ("Text", '<object data="about/">', "<object> is forbidden in a page"),
        ("Text", '<embed src="about/">', "<embed> is forbidden in a page"),
        ("Text", '<form action="about/">', "<form action> is forbidden in a page"),
        (
            "Text",
            '<button formaction="about/">',
            "<button formaction> is forbidden in a page",
        ),
    ],
)
def test_a_page_that_is_not_whole_is_a_fault(old, new, expected):
    """One h1, title, description, unique ids, alt texts, and nothing that the policy forbids."""
    assert expected in whats(small_site(page=PAGE.replace(old, new)))


@pytest.mark.parametrize(
    "tag",
    ['<script src="{}"></script>', '<img alt="" src="{}">', '<link rel="stylesheet" href="{}">'],
)
def test_a_page_that_loads_from_elsewhere_is_a_fault(tag):
    """Scripts, pictures and styles come from the site itself; plain links may lead out."""
    address = "https://example.com/thing"
    assert whats(small_site(tag.format(address))) == [f"{address} is loaded from elsewhere"]
    assert whats(small_site(f'<a href="{address}">x</a>')) == []


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java&#10;script:alert(1)",
        "&#106;avascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.com/",
        "http://[bad",
    ],
)
@pytest.mark.parametrize(
    "link",
    ['<a href="{}">x</a>', '<a href="{}" href="about/">x</a>', '<svg><a xlink:href="{}"/></svg>'],
)
def test_a_link_that_is_no_web_address_is_a_fault(link, address):
    """However it is spelled, and also if the browser alone sees it, because it takes the first."""
    assert len(whats(small_site(link.format(address)))) == 1


@pytest.mark.parametrize("address", ["https://example.com/", "http://example.com", "mailto:a@b.c"])
def test_a_link_out_is_no_fault(address):
    """People may follow it."""
    assert whats(small_site(f'<a href="{address}">x</a>')) == []


def test_a_link_is_a_fault_where_it_was_written():
    """The place is that of the article, if somebody knows it."""
    places = {("index.html", "gone/"): "content/a.md:3"}
    (fault,) = check(small_site('<a href="gone/">x</a>'), URL, places)
    assert fault.where == "content/a.md:3"


def test_a_link_by_the_address_of_the_site_is_checked():
    """As canonical links are."""
    assert whats(small_site(f'<a href="{URL}about/">x</a>')) == []
    assert whats(small_site(f'<a href="{URL}gone/">x</a>')) == [
        f"the link {URL}gone/ leads to gone/index.html, which is not there"
    ]


def test_the_page_that_stands_everywhere_links_from_the_root():
    """It is shown at any depth; no other page may."""
    page = PAGE.replace("css/page.css", "/planner/css/page.css")
    assert whats(small_site() | {"404.html": page.format("").encode()}) == []
    assert whats(small_site() | {"403.html": page.format("").encode()}) == [
        "the link /planner/css/page.css leaves the site"
    ]


def test_a_folder_that_a_script_loads_from():
    """[data-runtime] names a folder; that it is empty is a fault."""
    site = small_site('<p data-runtime="runtime/">')
    assert whats(site | {"runtime/a.zip": b""}) == []
    assert whats(site) == ["the link runtime/ leads to runtime/index.html, which is not there"]


@pytest.mark.parametrize("path", ["css/other.css", "js/other.js"])
def test_a_style_or_script_that_is_no_text_is_a_fault(path):
    """No traceback."""
    assert whats(small_site() | {path: b"\xff"}) == ["it is no UTF-8"]


def test_a_title_in_a_picture_is_no_page_title():
    """Every SVG has a <title> of its own."""
    page = PAGE.replace("<title>A page</title>", "").replace(
        "Text", "<svg><title>Chart</title></svg>"
    )
    assert "the page has no title" not in whats(small_site("<svg><title>Chart</title></svg>"))
    assert "the page has no title" in whats(small_site(page=page))


def test_data_in_a_script_element_is_no_fault():
    """The policy forbids scripts in the page; data for search engines are never run."""
    assert whats(small_site('<script type="application/ld+json">{}</script>')) == []


def test_a_missing_import_of_a_script_is_a_fault():
    """What a module or a style sheet refers to is part of the site."""
    site = small_site() | {
        "js/app.js": b'import { x } from "./gone.js";\n',
        "css/page.css": b"a{background:url(gone.svg)}",
    }
    assert sorted(whats(site)) == [
        "the link ./gone.js leads to js/gone.js, which is not there",
        "the link gone.svg leads to css/gone.svg, which is not there",
    ]
