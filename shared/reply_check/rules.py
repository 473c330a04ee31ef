"""The rules, as data: what to look for (`en.json`, `zh.json`), and what to say of it (`families.json`)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.reply_check.model import Bilingual, Kind, Language
from shared.reply_check.pattern import Pattern, read
from shared.reply_check.reading import Contractions, Sentence, words

LANGUAGES: tuple[Language, ...] = ("en", "zh")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Family(_Data):
    """Rules that are broken for the same reason."""

    kind: Kind
    weight: Annotated[int, Field(ge=1, le=3)]
    why: Bilingual
    kinder: Bilingual


class Families(_Data):
    version: Annotated[int, Field(ge=1)]
    """Counts the changes of the rules, of all files."""
    families: dict[str, Family]


class _Guard(_Data):
    """Words beside which a rule does not speak."""

    scope: Literal["before", "sentence", "near"]
    """Earlier in the sentence; anywhere in it; or also in the one before or after."""
    patterns: tuple[str, ...]


class _Rule(_Data):
    family: str
    patterns: tuple[str, ...]
    unless: tuple[str, ...] = ()
    """Names of guards."""


class _File(_Data):
    contractions: dict[str, tuple[str, ...]] = {}
    endings: dict[str, tuple[str, ...]] = {}
    lists: dict[str, tuple[str, ...]]
    guards: dict[str, _Guard]
    always: tuple[str, ...]
    """Guards of every rule."""
    rules: tuple[_Rule, ...]

    @model_validator(mode="after")
    def _names_only_what_it_has(self) -> Self:
        named = set(self.always).union(*(rule.unless for rule in self.rules))
        if unknown := named - set(self.guards):
            raise ValueError(f"there are no guards {sorted(unknown)}")
        if unknown := {rule.family for rule in self.rules} - set(families().families):
            raise ValueError(f"there are no families {sorted(unknown)}")
        return self


@dataclass(frozen=True)
class Guard:
    scope: str
    patterns: tuple[Pattern, ...]

    def places(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        for pattern in self.patterns:
            yield from pattern.matches(sentence.words, sentence.present)


@dataclass(frozen=True)
class Rule:
    name: str
    family: Family
    patterns: tuple[Pattern, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """Those of one language."""

    contractions: Contractions
    guards: dict[str, Guard]
    rules: tuple[Rule, ...]

    @cached_property
    def by_word(self) -> Mapping[str, Sequence[tuple[Rule, Pattern]]]:
        """Every pattern by the rarest words that it needs: most sentences have few of them."""
        needed = [(rule, pattern) for rule in self.rules for pattern in rule.patterns]
        often = Counter(word for _, pattern in needed for need in pattern.needs for word in need)
        found: dict[str, list[tuple[Rule, Pattern]]] = {}
        for rule, pattern in needed:
            for word in min(pattern.needs, key=lambda need: sum(often[word] for word in need)):
                found.setdefault(word, []).append((rule, pattern))
        return found

    def for_words(self, present: frozenset[str]) -> Iterator[tuple[Rule, Pattern]]:
        """Those that may have something to say of a sentence with these words; some may come twice."""
        for word in present:
            yield from self.by_word.get(word, ())


@cache
def families() -> Families:
    return Families.model_validate_json(_bytes("families"))


@cache
def rules_of(language: Language) -> Rules:
    """Read once for each process."""
    file = _File.model_validate_json(_bytes(language))
    contractions = Contractions(file.contractions, file.endings)

    def patterns(written: Sequence[str]) -> tuple[Pattern, ...]:
        return tuple(read(each, file.lists, lambda text: words(text, contractions)) for each in written)

    return Rules(
        contractions,
        {name: Guard(guard.scope, patterns(guard.patterns)) for name, guard in file.guards.items()},
        tuple(
            Rule(
                rule.family,
                families().families[rule.family],
                patterns(rule.patterns),
                (*file.always, *rule.unless),
            )
            for rule in file.rules
        ),
    )


def _bytes(name: str) -> bytes:
    return resources.files(__package__).joinpath(f"{name}.json").read_bytes()
