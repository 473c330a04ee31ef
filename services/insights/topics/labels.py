"""How a topic is called before a person names it, and which complaints speak for it. Pure."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from services.insights.topics.grouping import overlap

SHOWN = 5
"""Terms of a label."""
MEDOIDS = 3
COMPARED = 200
"""Complaints among which the medoids are looked for, the first by id."""


def weights(inside: Counter[str], everywhere: Mapping[str, int], per_topic: float) -> dict[str, float]:
    """c-TF-IDF of each term: tf x log(1 + A / f), with tf its share within the topic, f its uses everywhere and A the
    uses of a topic on average (Grootendorst 2022, arXiv 2203.05794)."""
    total = sum(inside.values())
    return {
        term: n / total * math.log(1 + per_topic / max(n, everywhere.get(term, n)))
        for term, n in inside.items()
    }


def label(weighed: Mapping[str, float]) -> tuple[str, ...]:
    """The heaviest terms that do not say the same twice: longer ones for their parts."""
    chosen: list[str] = []
    for term in sorted(weighed, key=lambda each: (-weighed[each] * _length(each), each)):
        if len(chosen) == SHOWN:
            break
        if not any(_same(term, other) for other in chosen):
            chosen.append(term)
    return tuple(chosen)


def medoids(told: Sequence[frozenset[str]], customers: Sequence[object]) -> list[int]:
    """The complaints that are most like all others, each of another customer."""
    some = range(min(len(told), COMPARED))
    codes: dict[str, int] = {}
    sets = [frozenset(codes.setdefault(term, len(codes)) for term in told[n]) for n in some]
    likeness = {n: sum(overlap(sets[n], other) for other in sets) for n in some}
    found: list[int] = []
    for n in sorted(some, key=lambda each: (-likeness[each], each)):
        if len(found) < MEDOIDS and customers[n] not in {customers[each] for each in found}:
            found.append(n)
    return found


def _length(term: str) -> float:
    return math.sqrt(len(term)) if term[0] >= "㐀" else math.sqrt(2 * len(term.split()))


def _same(one: str, other: str) -> bool:
    """One within the other, or both from one run: they share two signs, or a word."""
    return bool(_parts(one) & _parts(other))


def _parts(term: str) -> set[str]:
    if term[0] >= "㐀":
        return {term[at : at + 2] for at in range(len(term) - 1)}
    return set(term.split())
