"""What a file is, by its content. Pure: looks at the first bytes and never unpacks anything."""

import codecs
import re

import filetype

HEAD = 8192
"""Bytes that are looked at."""

_OFFICE = "application/vnd.openxmlformats-officedocument"
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "image/avif": ("avif",),
    "image/tiff": ("tiff", "tif"),
    "image/bmp": ("bmp",),
    "application/pdf": ("pdf",),
    f"{_OFFICE}.wordprocessingml.document": ("docx",),
    f"{_OFFICE}.spreadsheetml.sheet": ("xlsx",),
    f"{_OFFICE}.presentationml.presentation": ("pptx",),
    "application/zip": ("zip",),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a",),
    "audio/amr": ("amr",),
    "audio/x-wav": ("wav",),
    "audio/ogg": ("ogg", "oga"),
    "text/plain": ("txt", "csv", "log"),
}
"""The media types that are taken, with the extensions that fit them, the usual one first.

Nothing that runs, and nothing that a browser would run: markup counts as plain text, and is named so.
"""

_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_TEXTS = ("utf-8", "gb18030")


def detected(head: bytes) -> str | None:
    """The media type of a file that begins with `head`; None when it cannot be told."""
    kind = filetype.guess(head)
    if kind is not None:
        return str(kind.mime)
    return "text/plain" if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    for encoding in _TEXTS:
        try:
            # A character may be cut in two at the end of the head.
            text = codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < HEAD)
        except UnicodeDecodeError:
            continue
        return not _BINARY.search(text)
    return False
