"""Recall and precision of masking."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from dev.masking.halves import Half
from shared.masking import mask

KINDS = ("id-card", "phone", "landline", "bank-card", "passport", "plate", "email", "address", "name")
"""`landline` is masked as `phone`; it is counted apart."""
_TOKEN = re.compile(r"\[(id-card|phone|bank-card|passport|plate|email|address|name|ip|ssn)\]")


@dataclass(frozen=True)
class Sample:
    """A text, what of it must be masked (kind and words), and what the customer gave as theirs."""

    text: str
    labels: tuple[tuple[str, str], ...]
    known: tuple[str, ...] = ()


@dataclass
class Figures:
    labelled: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    masked: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found.total() / self.labelled.total()

    @property
    def precision(self) -> float:
        return self.right / self.masked

    def recall_of(self, kind: str) -> float:
        return self.found[kind] / self.labelled[kind]


def samples(half: Half, number: int, seed: int) -> Iterator[Sample]:
    """`number` texts, three of four with identifiers, among them some with two."""
    chance = random.Random(seed)
    for _ in range(number):
        if chance.random() < 0.25:
            yield Sample(chance.choice(half.harmless)(chance), ())
            continue
        parts, labels, known = [], [], []
        for kind in chance.sample(KINDS, chance.choice((1, 1, 2))):
            value = chance.choice(half.ways[kind])(chance)
            parts.append(chance.choice(half.frames[kind]).format(value))
            labels.append((kind, value))
            if kind == "name":
                known.append(value)
        if chance.random() < 0.3:
            parts.append(chance.choice(half.harmless)(chance))
        yield Sample("；".join(parts), tuple(labels), tuple(known))


def measured(texts: Iterator[Sample]) -> Figures:
    """An identifier is found when nothing of it is left and a token of its kind stands there; a token is right when
    there is such an identifier. Of an address four fifths will do: nobody can say where exactly it ends."""
    figures = Figures()
    for sample in texts:
        shown = mask(sample.text, sample.known)
        tokens = Counter(_TOKEN.findall(shown))
        figures.masked += tokens.total()
        missed = False
        for kind, value in sample.labels:
            figures.labelled[kind] += 1
            token = "phone" if kind == "landline" else kind
            if tokens[token] and not _left(kind, value, shown):
                tokens[token] -= 1
                figures.found[kind] += 1
                figures.right += 1
            else:
                missed = True
        if missed or tokens.total():
            figures.wrong.append(f"{sample.text}  ->  {shown}")
    return figures


def _left(kind: str, value: str, shown: str) -> bool:
    """Is more of it left than may be?"""
    left = _TOKEN.sub("\0", shown)
    size = len(value) // 5 + 1 if kind == "address" else min(6, len(value))
    return any(value[at : at + size] in left for at in range(len(value) - size + 1))
