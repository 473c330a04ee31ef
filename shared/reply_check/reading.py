"""A text as sentences of words, with the places where they stand.

Every sign is replaced by at most one sign (full width by half width, traditional by simplified, capitals by
small letters), so that the places are those of the original. A word is a Chinese sign, or a run of letters and
digits; a contraction is two words at one place ("don't": do, not). What stands in quotation marks are the
customer's words and not the writer's: it is left out, and only its place is kept.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from shared.script import SIMPLIFIED

COMMA, QUOTED = ",", '"'
"""Words that stand for a break within the sentence, and for a quotation."""
LONGEST_SENTENCE = 120
"""Words; a longer one is cut, so that the work for each word is bounded."""
LONGEST_QUOTATION = 600
_QUOTATION_MARKS = {'"': '"', "＂": "＂", "“": "”", "„": "“", "‘": "’", "「": "」", "『": "』", "«": "»"}
_APOSTROPHES = "'’‘ʼ＇`"
_ENDS = frozenset("!?。!?…;")
_BREAKS = frozenset(",、:()[]{}—–|·~/")


class _Plain(dict[int, str]):
    """Each sign as it is compared, asked for once."""

    def __missing__(self, sign: int) -> str:
        written = chr(sign)
        plain = "'" if written in _APOSTROPHES else unicodedata.normalize("NFKC", written)
        plain = SIMPLIFIED[ord(plain)].lower() if len(plain) == 1 else written
        self[sign] = plain if len(plain) == 1 else written
        return self[sign]


_PLAIN = _Plain()


@dataclass(frozen=True)
class Contractions:
    """`whole`: can't. `endings`: 're. To the words they stand for."""

    whole: Mapping[str, tuple[str, ...]]
    endings: Mapping[str, tuple[str, ...]]

    def expanded(self, word: str) -> tuple[str, ...]:
        if word in self.whole:
            return self.whole[word]
        for ending, words in self.endings.items():
            if word.endswith(ending) and len(word) > len(ending):
                return (word.removesuffix(ending), *words)
        return (word,)


@dataclass
class Sentence:
    """`starts` and `ends` are places in the text, one for each word."""

    words: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    @cached_property
    def present(self) -> frozenset[str]:
        return frozenset(self.words)

    def add(self, words: Sequence[str], start: int, end: int) -> None:
        for word in words:
            self.words.append(word)
            self.starts.append(start)
            self.ends.append(end)


def sentences(text: str, contractions: Contractions) -> Iterator[Sentence]:
    """Those that have words, in order."""
    plain = text.translate(_PLAIN)
    sentence = Sentence()
    for word, start, end in _pieces(plain, _quotations(text, plain)):
        over = word == "." or len(sentence.words) >= LONGEST_SENTENCE
        if over and sentence.words:
            yield sentence
            sentence = Sentence()
        if word != ".":
            sentence.add(contractions.expanded(word), start, end)
    if sentence.words:
        yield sentence


def words(text: str, contractions: Contractions) -> tuple[str, ...]:
    """Those of a phrase, as they are compared."""
    pieces = _pieces(text.translate(_PLAIN), {})
    return tuple(word for piece, _, _ in pieces for word in contractions.expanded(piece))


def _pieces(plain: str, quotations: Mapping[int, int]) -> Iterator[tuple[str, int, int]]:
    """Words, commas and full stops; each with its places."""
    at, size = 0, len(plain)
    while at < size:
        sign, start = plain[at], at
        at += 1
        if start in quotations:
            at = quotations[start]
            yield QUOTED, start, at
        elif sign >= "\u3400" and sign.isalpha():
            yield sign, start, at
        elif sign.isalnum():
            while at < size and (plain[at].isalnum() or _joins(plain, at)) and plain[at] < "\u3400":
                at += 1
            yield plain[start:at], start, at
        elif (
            sign in _ENDS or (sign == "." and not _joins_number(plain, start)) or _is_blank_line(plain, start)
        ):
            yield ".", start, at
        elif sign in _BREAKS:
            yield COMMA, start, at
        elif sign == "%":
            yield "%", start, at


def _joins(plain: str, at: int) -> bool:
    """An apostrophe within a word."""
    return plain[at] == "'" and plain[at + 1 : at + 2].isalpha()


def _joins_number(plain: str, at: int) -> bool:
    return plain[at - 1 : at].isalnum() and plain[at + 1 : at + 2].isalnum()


def _is_blank_line(plain: str, at: int) -> bool:
    return plain[at] == "\n" and plain[at + 1 : at + 40].lstrip(" \t\r")[:1] in ("\n", "-", "*")


def _quotations(text: str, plain: str) -> dict[int, int]:
    """Where quotations begin and end. None, if there is nothing but quotations: those are the writer's words."""
    found: dict[int, int] = {}
    at, outside = 0, False
    while at < len(text):
        closing = _QUOTATION_MARKS.get(text[at])
        if closing and not (text[at] == "‘" and plain[at - 1 : at].isalnum()):
            end = text.find(closing, at + 1, at + LONGEST_QUOTATION)
            if end > at:
                found[at] = at = end + 1
                continue
        outside = outside or plain[at].isalnum()
        at += 1
    return found if outside else {}
