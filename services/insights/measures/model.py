"""What a measure is: a name, a formula over sums, a unit, and which way is better. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.insights.durations import Durations, Quantile, Spans


class Unit(StrEnum):
    COMPLAINTS = "complaints"
    SHARE = "share"
    HOURS = "hours"
    POINTS = "points"
    """-100 to 100."""
    PER_THOUSAND = "per_thousand"
    """Complaints per thousand of what the rulebook `measure-targets` says is sold or served in a day."""


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass
class Totals:
    """What the rollups hold of one group: sums, never single complaints."""

    counts: Mapping[str, int] = field(default_factory=dict)
    """By the names in `model.COUNTS`."""
    spans: Mapping[str, Spans] = field(default_factory=dict)
    """Of what began in the range, by the names in `timed.DURATIONS`."""
    open: int = 0
    """Complaints received, but not closed, up to the end of the range."""
    exposure: float | None = None
    """Thousands sold or served in the range; None: not known of this group."""


class Value(NamedTuple):
    """A measured value, with the counts that it is made of."""

    value: float
    numerator: int | None = None
    denominator: int | None = None
    at_least: bool = False
    """The true value is this or worse: too many complaints are still open to tell."""


Terms = Mapping[str, int]
"""Counts by their names, each with what it is multiplied by."""


@dataclass
class Groups:
    """The totals of G groups as columns: all groups are measured at once."""

    keys: list[str]
    counts: Mapping[str, NDArray[np.int64]]
    """(G,) by the names in `model.COUNTS`; those that are missing are 0."""
    durations: Mapping[str, Durations]
    open: NDArray[np.int64]
    """(G,)"""
    exposure: float | None = None
    """Of each of them; None: not known."""

    @classmethod
    def of(cls, totals: Totals) -> "Groups":
        """One group."""
        return cls(
            [""],
            {name: np.array([n]) for name, n in totals.counts.items()},
            {name: spans.alone() for name, spans in totals.spans.items()},
            np.array([totals.open]),
            totals.exposure,
        )

    def summed(self, terms: Terms) -> list[int]:
        """Of each group."""
        total = np.zeros(len(self.keys), dtype=np.int64)
        for name, sign in terms.items():
            if name in self.counts:
                total += sign * self.counts[name]
        return total.tolist()

    def quantile(self, duration: str, share: float) -> list[Quantile | None]:
        """Of each group; None where nothing is known."""
        known = self.durations.get(duration)
        return known.quantile(share) if known else [None] * len(self.keys)


Formula = Callable[[Groups], list[Value | None]]
"""The value of each group; None where there is nothing to measure."""


def summed(terms: Terms, counts: Mapping[str, int]) -> int:
    return sum(sign * counts.get(name, 0) for name, sign in terms.items())


@dataclass(frozen=True, slots=True)
class Making:
    """How a measure is made, and which complaints are behind it."""

    of: Formula
    part: Terms = field(default_factory=dict)
    """The numerator, or what is counted."""
    whole: Terms = field(default_factory=dict)
    """The denominator; nothing: it is no share."""
    ever: bool = False
    """It counts from the first day on, not only those of the range."""
    duration: str | None = None
    """The histogram that it is read from."""
    beside: str | None = None
    """A count that it needs although no complaints are counted by it: a sum of seconds."""

    @property
    def needs(self) -> frozenset[str]:
        """Counts without which it cannot be made."""
        return frozenset({*self.part, *self.whole} | ({self.beside} if self.beside else set()))


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the catalogue."""

    id: str
    name: Mapping[str, str]
    """By language."""
    formula: str
    unit: Unit
    requirement: str
    """Row of the requirements that asks for it."""
    making: Making
    direction: Direction | None = None
    """None: neither more nor less is better, and it can have no target."""
    beside: tuple[str, ...] = ()
    """Measures without which it must not be read: it never meets its target alone."""

    def of(self, totals: Totals) -> Value | None:
        """None when there is nothing to measure."""
        return self.making.of(Groups.of(totals))[0]
