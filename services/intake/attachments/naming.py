"""File names that a stranger chose, made harmless. Pure."""

import re
import unicodedata

from services.intake.attachments.content import EXTENSIONS
from shared.masking import mask

LENGTH = 80
"""Characters of the stem that are kept. Of three bytes each, as Chinese has, they fit what file systems take."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)", re.IGNORECASE)
"""Names that Windows takes for devices."""
_UNFIT = str.maketrans(dict.fromkeys('<>:"|?*%', "_"))


def cleaned(given: str | None, media_type: str) -> str:
    """One harmless file name whose extension says what the content is.

    No folders, no control characters, nothing that turns the direction of writing or hides (Unicode's category
    C), no device names, no leading dots. `photo.exe` with a JPEG inside becomes `photo.exe.jpg`.
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", _without_surrogates(given or "")))[-1]
    name = "".join(
        " " if c.isspace() else c for c in name if c.isspace() or unicodedata.category(c)[0] != "C"
    )
    name = " ".join(name.translate(_UNFIT).split()).strip(" .")
    stem, dot, extension = name.rpartition(".")
    fitting = EXTENSIONS[media_type]
    if not dot or extension.lower() not in fitting:
        stem, extension = name, fitting[0]
    stem = stem[:LENGTH].strip(" .") or "attachment"
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    return f"{stem}.{extension.lower()}"


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def masked(name: str, known: tuple[str, ...]) -> str:
    """The name without what identifies the customer; the extension stays."""
    stem, _, extension = name.rpartition(".")
    return f"{mask(stem, known)}.{extension}"
