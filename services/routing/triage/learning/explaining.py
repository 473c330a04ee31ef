"""Why: the words of a text that spoke for a class and against it, compared with the mean of all classes.

What is shown are words of an alphabet, with the parts of them, pairs of words, and pairs of Chinese signs. A single
sign speaks through the pairs that it stands in, three in a row through the two pairs that they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from services.routing.triage.learning.features import Features, parts
from services.routing.triage.learning.head import Head

SPOKEN = 5
Spoken = tuple[tuple[str, float], ...]
"""Words with their share in the score, the strongest first."""


def spoken(head: Head, told: Features, label: str) -> tuple[Spoken, Spoken]:
    """What spoke for the class, and what against it; nothing when the features came without their text."""
    if not told.grams:
        return (), ()
    places, values = head.weigh(told)
    classes = head.classes
    weights = head.weights(places, classes)
    shares = (weights[:, classes.index(label)] - weights.mean(axis=1)) * values
    by_place = dict(zip(places.tolist(), shares.tolist(), strict=True))
    words = _words({gram: by_place[place] for gram, place in told.grams.items()})
    return _strongest(words.items(), 1), _strongest(words.items(), -1)


def _words(shares: Mapping[str, float]) -> dict[str, float]:
    """Grams gathered into what a person reads."""
    found: defaultdict[str, float] = defaultdict(float)
    paired = {sign for gram in shares if len(gram) == 2 and _chinese(gram) for sign in gram}
    for gram, share in shares.items():
        if gram.startswith("~") or (gram in paired):
            continue
        if not _chinese(gram):
            within = () if " " in gram else set(parts(gram))
            found[gram] += share + sum(shares.get(part, 0.0) for part in within)
        elif len(gram) == 3:
            found[gram[:2]] += share / 2
            found[gram[1:]] += share / 2
        else:
            found[gram] += share + (sum(shares.get(sign, 0.0) for sign in gram) if len(gram) == 2 else 0.0)
    return found


def _strongest(shares: Iterable[tuple[str, float]], sign: int) -> Spoken:
    """Each matter once: what overlaps with a stronger one says the same."""
    found: list[tuple[str, float]] = []
    for word, share in sorted(shares, key=lambda item: (-sign * item[1], item[0])):
        if round(sign * share, 4) <= 0 or len(found) == SPOKEN:
            break
        if not any(_overlap(word, other) for other, _ in found):
            found.append((word, round(share, 4)))
    return tuple(found)


def _overlap(word: str, other: str) -> bool:
    if _chinese(word) and _chinese(other):
        return word[0] == other[-1] or word[-1] == other[0]
    return bool(set(word.split()) & set(other.split()))


def _chinese(gram: str) -> bool:
    return "㐀" <= gram[0] <= "鿿"
