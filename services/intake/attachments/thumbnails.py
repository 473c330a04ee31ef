"""Small pictures of big ones. Decoding what a stranger sent is bounded: formats, pixels, one at a time."""

from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps

SIDE = 320
"""Pixels of the longer side."""
PIXELS = 50_000_000
"""The most that is decoded; 200 MB of memory."""
MEDIA_TYPE = "image/jpeg"
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")

Image.MAX_IMAGE_PIXELS = PIXELS


class NoThumbnail(Exception):
    """The picture is too large to be decoded, broken, or none."""


def thumbnail(file: BinaryIO) -> bytes:
    """A JPEG of at most SIDE by SIDE, upright, with nothing of the original but what it shows: no EXIF, no place.

    Blocks: call it in a thread. Raises NoThumbnail.
    """
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > PIXELS:
                raise NoThumbnail(f"{picture.width} x {picture.height} pixels")
            picture.draft("RGB", (SIDE, SIDE))  # a JPEG decodes straight to an eighth
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((SIDE, SIDE))
            flat = Image.new("RGB", upright.size, "white")
            shown = upright.convert("RGBA")
            flat.paste(shown, mask=shown)
            small = BytesIO()
            flat.save(small, "JPEG", quality=80)
            return small.getvalue()
    except NoThumbnail:
        raise
    except Exception as error:  # decoders of broken pictures raise whatever they like
        raise NoThumbnail(type(error).__name__) from None
