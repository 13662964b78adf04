"""The parts of a picture."""

from xml.etree import ElementTree as ET

from planner.show import svg


def test_an_image_has_words() -> None:
    """Title and description, escaped, are what its root refers to."""
    text = svg.image("queue", 84, "A < B", 'Say "no" & go', "<g/>", ' data-t1="7"')
    root = ET.fromstring(text)
    assert root.attrib == {
        "class": "chart chart-queue",
        "width": "100%",
        "height": "84",
        "role": "img",
        "aria-labelledby": "queue-title queue-desc",
        "data-t1": "7",
    }
    assert [(part.tag.partition("}")[2], part.get("id"), part.text) for part in root] == [
        ("title", "queue-title", "A < B"),
        ("desc", "queue-desc", 'Say "no" & go'),
        ("g", None, None),
    ]


def test_places_across() -> None:
    """The plot lies between 15 and 97 per cent."""
    assert [svg.across(at, 200.0) for at in (0.0, 100.0, 200.0)] == [15.0, 56.0, 97.0]
    assert svg.percent(56.789) == "56.79%"


def test_lines() -> None:
    """Upright and level ones, and the axis from one end of the plot to the other."""
    assert (
        svg.upright("grid", 20, 1, 9)
        == '<line class="grid" x1="20.00%" x2="20.00%" y1="1" y2="9"/>'
    )
    assert (
        svg.level("wait", 20, 30, 5) == '<line class="wait" x1="20.00%" x2="30.00%" y1="5" y2="5"/>'
    )
    assert svg.baseline(7) == svg.level("base", 15, 97, 7)


def test_texts() -> None:
    """Escaped; a label of the upright axis ends to the left of the plot."""
    assert (
        svg.text("tick", 20, 5, "a < b", ' dx="5"')
        == '<text class="tick" x="20.00%" y="5" dx="5">a &lt; b</text>'
    )
    assert (
        svg.left_label(7.25, "50 %")
        == '<text class="tick" x="14.00%" y="7.2" text-anchor="end">50 %</text>'
    )


def test_a_plot_is_stretched() -> None:
    """A thousand by a hundred units fill the room of the plot."""
    assert svg.plot(8, 64, svg.path("area", "M0 0Z")) == (
        '<svg class="plot" x="15%" y="8" width="82%" height="64" viewBox="0 0 1000 100" '
        'preserveAspectRatio="none"><path class="area" d="M0 0Z"/></svg>'
    )
