"""How templates write values."""

from decimal import Decimal

import pytest

from builder.filters import coded, links, maybe, nearest, plain


@pytest.mark.parametrize(
    ("value", "text"), [(100_000, "100,000"), (Decimal("0.50"), "0.5"), ("a text", "a text")]
)
def test_plain(value: object, text: str) -> None:
    """A fact's value as people write it."""
    assert plain(value) == text


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("each custom_id is <new>", "each <code>custom_id</code> is &lt;new&gt;"),
        ("POST /v1/messages here", "<code>POST /v1/messages</code> here"),
        ("no names", "no names"),
    ],
)
def test_names_are_code(text: str, marked: str) -> None:
    """Names with an underscore and paths of the API; the rest is escaped."""
    assert coded(text) == marked


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        (
            "see https://example.com/a?b=1.",
            'see <a href="https://example.com/a?b=1">https://example.com/a?b=1</a>.',
        ),
        (
            "platform.claude.com/docs, <b>",
            '<a href="https://platform.claude.com/docs">platform.claude.com/docs</a>, &lt;b&gt;',
        ),
    ],
)
def test_addresses_are_links(text: str, marked: str) -> None:
    """Without the full stop that ends the sentence; what stands around is escaped."""
    assert links(text) == marked


def test_unknown_limit_is_said() -> None:
    """Nobody takes an empty cell for "no limit"."""
    assert (maybe(None), maybe(0), maybe(5_000)) == ("not published", "0", "5,000")


def test_nearest_step_of_a_slider() -> None:
    """The largest step that is not above the number, and the first below all."""
    assert [nearest((10, 100, 1000), number) for number in (1, 10, 99, 100, 5000)] == [
        0,
        0,
        0,
        1,
        2,
    ]
