"""Why: the words of a text that spoke for a class and against it, compared with the mean of all classes."""

from collections.abc import Iterable

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
    by_gram = {gram: by_place[place] for gram, place in told.grams.items()}
    whole = {
        gram: share + sum(by_gram.get(part, 0.0) for part in _within(gram))
        for gram, share in by_gram.items()
        if not gram.startswith("~")
    }
    return _strongest(whole.items(), 1), _strongest(whole.items(), -1)


def _within(gram: str) -> set[str]:
    """The grams that lie in a word and speak with it; they are not shown beside it."""
    if gram[0] >= "㐀":
        return {gram[at:end] for at in range(len(gram)) for end in range(at + 1, len(gram) + 1)} - {gram}
    return set() if " " in gram else set(parts(gram))


def _strongest(shares: Iterable[tuple[str, float]], sign: int) -> Spoken:
    """Each matter once: a gram that lies within a stronger one, or around it, says the same."""
    found: list[tuple[str, float]] = []
    for gram, share in sorted(shares, key=lambda item: (-sign * item[1], item[0])):
        if sign * share <= 0 or len(found) == SPOKEN:
            break
        if not any(gram in other or other in gram for other, _ in found):
            found.append((gram, round(share, 4)))
    return tuple(found)
