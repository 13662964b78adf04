"""The picture of a shared link."""

import io

from PIL import Image

from builder.picture import social_image


def test_picture_shows_the_sentence() -> None:
    """A PNG of the size that networks ask for, which another sentence changes."""
    first, second = social_image("Name", "One sentence."), social_image("Name", "Another one.")
    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    assert first != second
    assert first == social_image("Name", "One sentence.")
