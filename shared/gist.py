"""What a text says, however it is written: script, width, case, punctuation and small words do not count. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from shared.script import SIMPLIFIED

READ = 1000
"""Characters that are compared; what a complaint is about is told at its beginning."""

WORDS = re.compile(r"[a-z0-9][a-z0-9./+-]*[a-z0-9]|[a-z0-9]|[㐀-䶿一-鿿]+")
FIGURE = re.compile(r"\d")
_NO_FIGURE = re.compile(r"\D+")
_LONG = 5
"""Figures from which on a number names one thing and does not count or date."""
SMALL = frozenset(
    re.findall(
        r"\w+",
        "a about after again all also am an and any are as at be because been before but by can did do "
        "does for from get got had has have he her him his how i if in into is it its just me my no not "
        "now of on only or our out please she so some still than that the their them then there they "
        "this to too up us very was we were what when which who will with would you your ",
    )
)
"""English words that tell nothing of the matter."""
_ENDINGS = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s|ly)$")
SMALL_SIGNS = str.maketrans(
    dict.fromkeys("的了是我们你您他她它这那就也都很在有和与及吗呢吧啊呀请被把给让一个么还又再", " ")
)


def plain(text: str) -> str:
    """The beginning of the text, simplified, half width and in lower case."""
    return unicodedata.normalize("NFKC", text[:READ]).casefold().translate(SIMPLIFIED)


@dataclass(frozen=True, slots=True)
class Gist:
    """What is compared of a text."""

    text: str
    """Words and signs without what stands between them."""
    terms: frozenset[str]
    """Words by their stems, and pairs of Chinese signs."""
    roots: frozenset[str]
    """Single Chinese signs, and how words begin: what is left when the same is said in other words."""
    codes: frozenset[str]
    """Words with a figure in them: numbers, alarm codes, models."""
    numbers: frozenset[str]
    """The figures of the long ones, which name one thing: an order, a parcel, a unit."""


def gist(text: str) -> Gist:
    found = WORDS.findall(plain(text))
    terms: set[str] = set()
    roots: set[str] = set()
    codes: set[str] = set()
    for word in found:
        if word[0] >= "㐀":
            for part in word.translate(SMALL_SIGNS).split():
                roots.update(part)
                terms.update(part[at : at + 2] for at in range(len(part) - 1))
                if len(part) == 1:
                    terms.add(part)
        elif FIGURE.search(word):
            codes.add(word)
            terms.add(word)
        elif word not in SMALL:
            terms.add(_ENDINGS.sub("", word))
            roots.add(word[:4])
    numbers = {figures for code in codes if len(figures := _NO_FIGURE.sub("", code)) >= _LONG}
    return Gist(" ".join(found), *map(frozenset, (terms, roots | codes, codes, numbers)))
