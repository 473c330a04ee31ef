"""What all of masking needs: spans, and signs of all widths as ASCII."""

import re
import unicodedata
from typing import Final, NamedTuple


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class Span(NamedTuple):
    start: int
    end: int
    kind: str


def ascii_of(text: str) -> str:
    """The text with full-width letters, digits and some signs, the digits of other scripts, and hyphens and
    blanks of other kinds as ASCII; as long as before."""
    if text.isascii() or not (_NOT_ASCII.search(text) or _BEYOND_BMP.search(text)):
        return text
    return text.translate(_TO_ASCII)


_FULL_WIDTH: Final = (*map(ord, "＠＋－．"), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
_TO_ASCII: Final = (
    {code: chr(code - 0xFEE0) for code in _FULL_WIDTH}
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")
    | dict.fromkeys(map(ord, "\u00a0\u202f"), " ")
    | {
        code: str(digit)
        for code in range(0x80, 0x20000)
        if (digit := unicodedata.decimal(chr(code), None)) is not None
    }
)
# Two searches, because a class of characters that reaches beyond the BMP is forty times slower.
_NOT_ASCII: Final = re.compile(f"[{''.join(chr(code) for code in _TO_ASCII if code < 0x10000)}]")
_BEYOND_BMP: Final = re.compile("[\U00010000-\U0010ffff]")
DIGIT_OR_AT: Final = re.compile(r"[\d@＠]")
# What people put between groups of digits; the invisible ones come with numbers copied from a phone.
GAP: Final = r"[ .·\-\u2014\u2015\u200b-\u200d\u2060\u3000]"
