"""The lexicon, as data: `zh.json` and `en.json` of our own making, and `cues.json` for what holds in both.

Words are written in the pattern language of the reply check. `"` in a pattern is a quotation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.insights.cues.model import NAMES, Cue
from shared.events.vocabulary import Language
from shared.reply_check.pattern import Malformed, Pattern, read
from shared.reply_check.reading import QUOTED, Contractions, words

Negated = Literal["drops", "turns", "refuses", "stays"]
"""What a negation makes of a finding: nothing, the opposite, a refusal, or no difference."""


_SIGNS = re.compile(r"[*!?<^$(){}]")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Handling(_Data):
    """How findings of one kind are treated."""

    negated: Negated
    tone: Annotated[float, Field(ge=-2, le=2)]
    """What one finding of clear strength adds to the polarity; emotions add it with the sign of their valence."""


class _Common(_Data):
    version: Annotated[int, Field(ge=1)]
    """Counts the changes of the lexicon, of all files."""
    cues: dict[Cue, Handling]
    inertia: Annotated[float, Field(gt=0)]
    """Keeps a single word from making a text wholly good or bad: (good - bad) / (good + bad + inertia)."""
    neutral: Annotated[float, Field(ge=0, lt=1)]
    """Up to this far from 0 a polarity counts as neutral."""
    window: dict[Language, Annotated[int, Field(ge=1)]]
    """Words between a negation and what it negates."""
    near: Annotated[int, Field(ge=1)]
    """Words between a word of degree and what it strengthens."""

    @model_validator(mode="after")
    def _says_all(self) -> Self:
        if missing := set(Cue) - set(self.cues):
            raise ValueError(f"cues: {sorted(missing)} are missing")
        return self


class _Phrases(_Data):
    words: tuple[str, ...] = ()
    """Phrases as they stand."""
    patterns: tuple[str, ...] = ()
    """What stands apart, or only in some surroundings."""

    @property
    def written(self) -> tuple[str, ...]:
        return (f"({'|'.join(self.words)})", *self.patterns) if self.words else self.patterns


class _Rule(_Phrases):
    unless: tuple[str, ...] = ()
    """Does not speak in a clause that has one of these."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.written:
            raise ValueError("a rule must have words or patterns")
        return self


class _File(_Data):
    contractions: dict[str, tuple[str, ...]] = {}
    endings: dict[str, tuple[str, ...]] = {}
    lists: dict[str, tuple[str, ...]]
    turns: _Phrases
    """Words with which a new clause begins without a comma."""
    negators: _Phrases
    refusals: _Phrases
    """Before a remedy: the customer does not want it."""
    refusals_after: _Phrases
    stronger: _Phrases
    weaker: _Phrases
    cues: dict[Cue, dict[str, _Rule]]

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        for cue, names in NAMES.items():
            if unknown := set(self.cues.get(cue, {})) - names:
                raise ValueError(f"{cue} has no {sorted(unknown)}")
        return self


@dataclass(frozen=True)
class Rule:
    cue: Cue
    name: str
    handling: Handling
    unless: tuple[Pattern, ...]


@dataclass(frozen=True)
class Lexicon:
    """That of one language."""

    contractions: Contractions
    window: int
    turns: tuple[Pattern, ...]
    negators: tuple[Pattern, ...]
    refusals: tuple[Pattern, ...]
    refusals_after: tuple[Pattern, ...]
    stronger: tuple[Pattern, ...]
    weaker: tuple[Pattern, ...]
    phrases: Mapping[str, Sequence[tuple[int, Mapping[tuple[str, ...], Sequence[Rule]]]]]
    """By their first word: number of words, and phrases of as many; the longest first."""
    patterns: Mapping[str, Sequence[tuple[Rule, Pattern]]]
    """By each word with which a match can begin."""


@cache
def common() -> _Common:
    return _Common.model_validate_json(_bytes("cues"))


@cache
def lexicon(language: Language) -> Lexicon:
    """Read once for each process."""
    file = _File.model_validate_json(_bytes(language))
    contractions = Contractions(file.contractions, file.endings)

    def split(phrase: str) -> tuple[str, ...]:
        return phrase_words(phrase, contractions)

    def patterns(written: Sequence[str]) -> tuple[Pattern, ...]:
        return tuple(read(each, file.lists, split) for each in written)

    phrases: dict[str, dict[int, dict[tuple[str, ...], list[Rule]]]] = {}
    by_first: dict[str, list[tuple[Rule, Pattern]]] = {}
    for cue, rules in file.cues.items():
        for name, rule in rules.items():
            made = Rule(cue, name, common().cues[cue], patterns(rule.unless))
            for phrase in filter(None, map(split, rule.words)):
                sizes = phrases.setdefault(phrase[0], {})
                sizes.setdefault(len(phrase), {}).setdefault(phrase, []).append(made)
            for pattern in patterns(rule.patterns):
                for word in pattern.firsts:
                    by_first.setdefault(word, []).append((made, pattern))
    return Lexicon(
        contractions,
        common().window[language],
        patterns(file.turns.written),
        patterns(file.negators.written),
        patterns(file.refusals.written),
        patterns(file.refusals_after.written),
        patterns(file.stronger.written),
        patterns(file.weaker.written),
        {first: sorted(sizes.items(), reverse=True) for first, sizes in phrases.items()},
        by_first,
    )


def phrase_words(phrase: str, contractions: Contractions) -> tuple[str, ...]:
    """Those of a phrase. Raises Malformed if it has signs of the pattern language, which mean nothing there."""
    if _SIGNS.search(phrase):
        raise Malformed(f"{phrase!r} is one of several: write it as a pattern of its own")
    return (QUOTED,) if phrase == QUOTED else words(phrase, contractions)


def _bytes(name: str) -> bytes:
    return resources.files(__package__).joinpath(f"{name}.json").read_bytes()
