"""Draw the picture that a shared link shows."""

import io
import textwrap

from PIL import Image, ImageDraw, ImageFont

INK, PAPER = "#eceaf2", "#141318"
DONE, WORK, WAIT = "#4fb880", "#a98bff", "#5b5868"

# Bars as (top, left, right, colour), drawn at twice the size of the picture, for smooth edges.
_MARK = ((176, 180, 240, DONE), (208, 204, 266, WORK), (240, 236, 280, WAIT))
_UPPER_QUEUE = ((960, 180, 900, DONE), (960, 940, 1720, WORK), (960, 1760, 2120, WAIT))
_LOWER_QUEUE = ((1050, 300, 1100, DONE), (1050, 1140, 1640, WORK), (1050, 1680, 2220, WAIT))


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
    image.resize((1200, 630), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
