"""What the customer gave as theirs, wherever it occurs."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from shared.masking.addresses import WORD_OF_PLACE
from shared.masking.checks import digits_of
from shared.masking.signs import GAP, Span, words

_PARTICLES: Final = frozenset(words("van von der den del della des dos das los las bin ibn the and mrs miss"))
# As parts of a name these are believed only as names are written: "I will", but "Mr Will".
_ALSO_ORDINARY: Final = frozenset(
    words(
        """april art august best bill black brown chance cook gray green hope house jack june king little long
        love major mark may miles page park price read rich rose short smart stone street summer west white
        wise wood young will"""
    )
)
_LATIN_NAME: Final = re.compile(
    r"[A-Za-z\u00c0-\u024f'’.\-]{1,40}(?:,?[ ]{1,2}[A-Za-z\u00c0-\u024f'’.\-]{1,40}){1,4}"
)
_DIGIT_GROUPS: Final = re.compile(rf"[0-9](?:(?:{GAP}|[()（）+]){{0,3}}[0-9]){{6,}}+")


def find_known(plain: str, values: Sequence[str]) -> Iterator[Span]:
    folded = _folded(plain)
    for value in values:
        kind, in_folded, as_written = _needles(value)
        for needle in in_folded:
            yield from _occurrences(folded, needle, kind)
        for needle in as_written:
            yield from _occurrences(plain, needle, kind)
        if kind == "phone":
            yield from _same_number(plain, digits_of(value))


@lru_cache(maxsize=64)
def _needles(value: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Its kind, as what it is looked for in the folded text, and as what in the text as it was written.

    A complaint has three texts, and several are in hand at a time; more need not be remembered.
    """
    kind = _kind_of(value)
    in_folded, as_written = [_folded(value)], []
    if kind == "name" and _LATIN_NAME.fullmatch(value):
        for part in re.split(r"[ ,.]+", value):
            low = _folded(part)
            if sum(map(str.isalpha, part)) < 3 or low in _PARTICLES:
                continue
            if low in _ALSO_ORDINARY:
                as_written.append(part.capitalize())
            else:
                in_folded.append(low)
    return kind, tuple(in_folded), tuple(as_written)


def _kind_of(value: str) -> str:
    if "@" in value:
        return "email"
    digits = sum(sign in "0123456789" for sign in value)
    if digits >= 5 and not any(map(str.isalpha, value)):
        return "phone"
    return "address" if digits or WORD_OF_PLACE.search(value) or len(value) > 40 else "name"


def _occurrences(text: str, value: str, kind: str) -> Iterator[Span]:
    start = text.find(value)
    if start < 0:
        return
    whole_from, whole_to = _is_alphabetic(value[0]), _is_alphabetic(value[-1])
    while start >= 0:
        end = start + len(value)
        joined_left = whole_from and start > 0 and _is_alphabetic(text[start - 1])
        joined_right = whole_to and end < len(text) and _is_alphabetic(text[end])
        if not joined_left and not joined_right:
            yield Span(start, end, kind)
        start = text.find(value, start + 1)


def _is_alphabetic(sign: str) -> bool:
    """Of a script that writes words apart; Chinese does not."""
    return sign < "\u2e80" and sign.isalnum()


def _same_number(plain: str, digits: str) -> Iterator[Span]:
    """The number in other groups. Its last eight digits identify it: what comes before them depends on where
    one calls from (0171, +49 171)."""
    if len(digits) < 7:
        return
    tail = digits[-8:] if len(digits) >= 10 else digits
    for groups in _DIGIT_GROUPS.finditer(plain):
        places = [place for place in range(*groups.span()) if plain[place] in "0123456789"]
        written = "".join(plain[place] for place in places)
        at = written.find(tail)
        while at >= 0:
            first, before = at, len(digits) - len(tail)
            while first > 0 and before > 0 and written[first - 1] == digits[before - 1]:
                first, before = first - 1, before - 1
            yield Span(places[first], places[at + len(tail) - 1] + 1, "phone")
            at = written.find(tail, at + 1)


def _folded(text: str) -> str:
    """In lower case, as long as before: a few letters grow when lowered, and Σ depends on what follows."""
    low = text.lower()
    if len(low) == len(text) and "Σ" not in text:
        return low
    return "".join(each if len(each := sign.lower()) == 1 else sign for sign in text)
