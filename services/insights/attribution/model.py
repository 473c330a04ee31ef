"""Complaints counted by where in the sale they began, and how they ended. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

OPEN, WITHDRAWN = "open", "withdrawn"
"""Endings beside those of the customer's judgement."""


class Origin(NamedTuple):
    """What a complaint can be put down to; None: it was not told."""

    step: str | None
    mode: str | None
    channel: str | None
    source: str | None


Endings = Counter[str]
"""How many ended in which way."""


def grouped(
    counts: Iterable[tuple[Origin, str, int]], *names: str
) -> Mapping[tuple[str | None, ...], Endings]:
    """The endings by these fields of the origin, those with most complaints first, what is not known last."""
    groups: defaultdict[tuple[str | None, ...], Endings] = defaultdict(Counter)
    for origin, ending, n in counts:
        groups[tuple(getattr(origin, name) for name in names)][ending] += n
    return dict(sorted(groups.items(), key=_rank))


def _rank(group: tuple[tuple[str | None, ...], Endings]) -> tuple[int, int, tuple[str, ...]]:
    key, endings = group
    return key.count(None), -endings.total(), tuple(part or "" for part in key)
