"""Complaints in Chinese and English, made up week by week: sentences of the demo's complaints, words of a long tail,
and problems that are planted, each told in other words. The same seed tells the same."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from bench.stories import TEXTS
from services.insights.topics.terms import single_terms

LANGUAGES = ("zh", "en")
_SENTENCE = re.compile(r"(?<=[。！？；!?;.])\s*")
_SIGNS = (
    "安宝北城川大东方福港光海河恒华嘉建江金锦京九康兰乐利林龙隆美明南宁平青清泉荣瑞三山"
    "胜盛石顺泰天通万文武西湘新鑫兴阳银永玉源远云泽正志中州"
)
_SYLLABLES = (
    *("ba", "cor", "del", "el", "fin", "gar", "hol", "in", "jo", "kel", "lan", "mor"),
    *("nor", "os", "per", "quin", "ros", "sta", "ten", "ul", "ver", "wick", "yor", "zan"),
)
TAIL = 20_000
"""Names of shops, places and things."""
MIX = 30
"""Sentences come from groups whose shares wander from week to week, as those of categories do."""


@cache
def problems() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path(__file__).with_name("problems.json").read_text("utf-8"))
    return found


@cache
def sentences(language: str) -> list[str]:
    lines = (TEXTS / f"complaints_{language}.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["statement"]["what_went_wrong"] for line in lines]
    return [sentence for text in texts for sentence in _SENTENCE.split(text) if len(sentence) >= 6]


def combination(language: str, chance: Random) -> tuple[str, ...]:
    """Three common words of which no sentence uses two."""
    words, used = _common(language)
    while True:
        chosen = tuple(chance.sample(words[FILLERS:], 3))
        if all(len(said.intersection(chosen)) < 2 for said in used):
            return chosen


@cache
def _tail(language: str) -> list[str]:
    chance = Random(f"tail/{language}")
    if language == "zh":
        return ["".join(chance.sample(_SIGNS, chance.choice((2, 2, 3)))) for _ in range(TAIL)]
    return ["".join(chance.sample(_SYLLABLES, chance.choice((2, 3, 3)))) for _ in range(TAIL)]


COMMON = 4
"""Sentences, or more, that use a common word."""
FILLERS = 15
"""The commonest words, put between those of a combination."""


@cache
def _common(language: str) -> tuple[list[str], list[frozenset[str]]]:
    """Common words, the commonest first; and all words of each sentence."""
    used = [frozenset(single_terms(sentence.casefold())) for sentence in sentences(language)]
    counted = Counter(term for each in used for term in each if len(term) > 1 and term.isalpha())
    common = sorted(
        (term for term, n in counted.items() if n >= COMMON), key=lambda each: (-counted[each], each)
    )
    return common, used


class Week:
    """What is told in one week, but for what is planted in it."""

    def __init__(self, seed: int, number: int) -> None:
        self._chance = Random(f"{seed}/{number}")
        self.groups = {
            language: [self._chance.gammavariate(40, 1 / 40) for _ in range(MIX)] for language in LANGUAGES
        }

    def told(self, size: int) -> Iterator[tuple[str, UUID, str]]:
        """Language, customer, words. One customer in fifty writes again."""
        n = max(1, round(self._chance.gauss(size, 0.05 * size)))
        last = self._customer()
        for _ in range(n):
            language = self._chance.choice(LANGUAGES)
            last = last if self._chance.random() < 0.02 else self._customer()
            yield language, last, self._text(language)

    def retold(self, problem: dict[str, Any], language: str) -> tuple[UUID, str]:
        """A planted problem, between sentences as others write them."""
        parts = problem[language]
        said = [self._chance.choice(parts[name]) for name in ("what", "does", "when")]
        core = (" " if language == "en" else "").join(said)
        around = [self._one(language) for _ in range(self._chance.randrange(3))]
        around.insert(self._chance.randint(0, len(around)), core)
        return self._customer(), (" " if language == "en" else "").join(around)

    def combined(self, words: tuple[str, ...], language: str) -> tuple[UUID, str]:
        """Common words that nobody told together before: in any order, with other common words between them."""
        fillers = [each for each in _common(language)[0][:FILLERS] if each not in words]
        said: list[str] = []
        for word in self._chance.sample(words, len(words)):
            said += [*self._chance.sample(fillers, self._chance.randint(1, 2)), word]
        core = " ".join(said) + "." if language == "en" else "".join(said) + "。"
        around = [self._one(language) for _ in range(self._chance.randrange(3))]
        around.insert(self._chance.randint(0, len(around)), core)
        return self._customer(), (" " if language == "en" else "").join(around)

    def _text(self, language: str) -> str:
        said = [self._one(language) for _ in range(self._chance.randint(1, 4))]
        tail = _tail(language)
        for _ in range(self._chance.randint(1, 3)):
            word = tail[min(TAIL - 1, int(self._chance.paretovariate(0.6)) - 1)]  # Zipf's law, nearly
            number = self._chance.randrange(10**7, 10**8)
            said.append(
                f"在{word}买的，单号{number}。" if language == "zh" else f"Bought at {word}, order {number}."
            )
        self._chance.shuffle(said)
        return (" " if language == "en" else "").join(said)

    def _one(self, language: str) -> str:
        known = sentences(language)
        group = self._chance.choices(range(MIX), self.groups[language])[0]
        within = range(group, len(known), MIX)
        return known[within[self._chance.randrange(len(within))]]

    def _customer(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)
