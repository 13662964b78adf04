"""Draw the picture that a shared link shows, and the icons of the app."""

import io
import textwrap

from PIL import Image, ImageDraw, ImageFont

INK, PAPER = "#eceaf2", "#141318"
DONE, WORK, WAIT = "#4fb880", "#a98bff", "#5b5868"

TILE, IDLE = "#1b1922", "#8c8896"

# Bars as (top, left, right, colour), drawn at twice the size of the picture, for smooth edges.
_MARK = ((176, 180, 240, DONE), (208, 204, 266, WORK), (240, 236, 280, WAIT))
_UPPER_QUEUE = ((960, 180, 900, DONE), (960, 940, 1720, WORK), (960, 1760, 2120, WAIT))
_LOWER_QUEUE = ((1050, 300, 1100, DONE), (1050, 1140, 1640, WORK), (1050, 1680, 2220, WAIT))
# Bars of an icon as (left, top, width, colour), in a square of 32.
_ICON_BARS = ((5, 6.5, 14, DONE), (10, 13.5, 14, WORK), (17, 20.5, 10, IDLE))


def social_image(name: str, sentence: str) -> bytes:
    """The site's name and a sentence above a queue, 1,200 by 630 pixels, as PNG."""
    image = Image.new("RGB", (2400, 1260), PAPER)
    draw = ImageDraw.Draw(image)
    for height, bars in ((22, _MARK), (56, _UPPER_QUEUE), (56, _LOWER_QUEUE)):
        for top, left, right, colour in bars:
            draw.rounded_rectangle((left, top, right, top + height), height // 4, colour)
    draw.rectangle((1320, 940, 1325, 1130), INK)  # now
    draw.text((320, 180), name, INK, ImageFont.load_default(66))
    wrapped = textwrap.fill(sentence, 50)
    draw.multiline_text((180, 400), wrapped, INK, ImageFont.load_default(88), spacing=40)
    buffer = io.BytesIO()
    image.reduce(2).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def app_icon(size: int, *, maskable: bool = False) -> bytes:
    """The mark on a tile of `size` by `size` pixels, as PNG; the same as icons/icon.svg.

    A maskable one fills its square: the system cuts it to a shape of its own, which may take all
    but a circle of four fifths.
    """
    unit = size * 4 / 32  # drawn at four times its size, for smooth edges
    image = Image.new("RGBA", (size * 4, size * 4), TILE if maskable else "#0000")
    draw = ImageDraw.Draw(image)
    if not maskable:
        draw.rounded_rectangle((0, 0, size * 4 - 1, size * 4 - 1), 7 * unit, TILE)
    shrink = 0.8 if maskable else 1
    for left, top, width, colour in _ICON_BARS:
        corners = (left, top, left + width, top + 5)
        draw.rounded_rectangle(
            [(16 + (corner - 16) * shrink) * unit for corner in corners], 2 * shrink * unit, colour
        )
    buffer = io.BytesIO()
    image.reduce(4).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
