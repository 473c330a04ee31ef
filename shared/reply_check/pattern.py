"""Patterns of words, and where they match. A small language, without anything that could take long:

| written | matches |
|---|---|
| `must`, `必须` | these words |
| `(must|have to)` | one of these |
| `{you}` | one of the list of that name |
| `...?` | the same, or nothing |
| `*3` | up to three words, no comma among them |
| `**3` | up to three words and commas |
| `!...` | nothing, where this does not follow |
| `<!...` | nothing, where this does not stand right before |
| `^`, `^^`, `$` | nothing, where a clause begins, a sentence begins, a clause ends |

A match is looked for from each word on by the set of places where it can have come to. That set is never larger
than the longest match, so the work grows with the text and nothing else.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.reply_check.reading import COMMA

Phrases = Mapping[int, frozenset[tuple[str, ...]]]
"""By their number of words."""
_ELEMENT = re.compile(r"(<!|!)?(\([^()*]*\)|\{\w[\w-]*\}|\*{1,2}\d+|\^{1,2}|\$|[^\s?(){}!<*^$]+)(\?)?")


class Malformed(ValueError):
    """A pattern that cannot be read; says why."""


@dataclass(frozen=True)
class Element:
    sign: str
    """`words`, `gap`, `ahead`, `behind`, `begins`, `first`, `ends`."""
    phrases: Phrases
    optional: bool = False
    most: int = 0
    """Of a gap: words."""
    over_commas: bool = False

    def after(self, words: Sequence[str], at: int) -> Iterator[int]:
        """Where it can end that begins at this place."""
        if self.sign == "words":
            if self.optional:
                yield at
            for size, phrases in self.phrases.items():
                if tuple(words[at : at + size]) in phrases:
                    yield at + size
        elif self.sign == "gap":
            yield at
            for place in range(at, min(at + self.most, len(words))):
                if words[place] == COMMA and not self.over_commas:
                    break
                yield place + 1
        elif self._holds(words, at):
            yield at

    def _holds(self, words: Sequence[str], at: int) -> bool:
        if self.sign == "ahead":
            return not any(tuple(words[at : at + size]) in each for size, each in self.phrases.items())
        if self.sign == "behind":
            return not any(
                tuple(words[max(0, at - size) : at]) in each for size, each in self.phrases.items()
            )
        if self.sign == "ends":
            return at == len(words) or words[at] == COMMA
        return at == 0 or (self.sign == "begins" and words[at - 1] == COMMA)


@dataclass(frozen=True)
class Pattern:
    elements: tuple[Element, ...]
    firsts: frozenset[str]
    """Words with which a match can begin."""
    needs: tuple[frozenset[str], ...]
    """A sentence that it matches has a word of each of these."""

    def may_match(self, present: frozenset[str]) -> bool:
        return not any(present.isdisjoint(need) for need in self.needs)

    def end(self, words: Sequence[str], start: int) -> int | None:
        """Of the longest match from here."""
        places = {start}
        for element in self.elements:
            places = {after for place in places for after in element.after(words, place)}
            if not places:
                return None
        return max(places)

    def matches(self, words: Sequence[str], present: frozenset[str]) -> Iterator[tuple[int, int]]:
        """First word and the one after the last of every match."""
        if self.may_match(present):
            for start in range(len(words)):
                if words[start] in self.firsts and (end := self.end(words, start)):
                    yield start, end


def read(
    written: str, lists: Mapping[str, Sequence[str]], split: Callable[[str], tuple[str, ...]]
) -> Pattern:
    """`split` makes words of a phrase. Raises Malformed."""
    elements = tuple(_elements(written, lists, split))
    firsts: set[str] = set()
    needs: list[frozenset[str]] = []
    for element in elements:
        if element.sign == "gap" and not needs:
            raise Malformed(f"{written!r} must begin with words")
        if element.sign == "words":
            begins = frozenset(phrase[0] for phrases in element.phrases.values() for phrase in phrases)
            firsts |= frozenset() if needs else begins
            if not element.optional:
                needs.append(begins)
    if not needs:
        raise Malformed(f"{written!r} must have words that are not optional")
    return Pattern(elements, frozenset(firsts), tuple(needs))


def _elements(
    written: str, lists: Mapping[str, Sequence[str]], split: Callable[[str], tuple[str, ...]]
) -> Iterator[Element]:
    if _ELEMENT.sub("", written).strip():
        raise Malformed(f"{written!r} has signs that mean nothing")
    for prefix, core, optional in _ELEMENT.findall(written):
        if core in ("^", "^^", "$"):
            yield Element({"^": "begins", "^^": "first", "$": "ends"}[core], {})
        elif core.startswith("*"):
            stars = core.count("*")
            yield Element("gap", {}, most=int(core[stars:]), over_commas=stars > 1)
        else:
            sign = {"": "words", "!": "ahead", "<!": "behind"}[prefix]
            yield Element(sign, _phrases(core, lists, split), optional=bool(optional))


def _phrases(
    core: str, lists: Mapping[str, Sequence[str]], split: Callable[[str], tuple[str, ...]]
) -> Phrases:
    if core.startswith("{"):
        if core[1:-1] not in lists:
            raise Malformed(f"there is no list {core}")
        phrases = lists[core[1:-1]]
    else:
        phrases = core.strip("()").split("|")
    found: dict[int, set[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = split(phrase)
        if not words:
            raise Malformed(f"{core!r} has a phrase without words")
        found.setdefault(len(words), set()).add(words)
    return {size: frozenset(each) for size, each in found.items()}
