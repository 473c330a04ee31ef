"""Text that people type: bounded, and without characters that no keyboard sends."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ufffe\uffff]")


def clean(text: str) -> str:
    """Composed as Unicode wants it. Raises ValueError for a control character."""
    found = _CONTROL.search(text)
    if found:
        raise ValueError(
            f"character U+{ord(found[0]):04X} at position {found.start()} is a control character; leave it out"
        )
    return unicodedata.normalize("NFC", text)


ShortText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(clean)
]
"""One line: a name, an id of another system."""

LongText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AfterValidator(clean)
]
"""What somebody tells, in their own words."""

SoughtText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
"""One line by which something is sought, exactly as it stands there."""
