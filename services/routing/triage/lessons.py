"""What the classifier is to learn of a complaint. Pure.

One lesson is in force for each complaint and head, however often it was passed to and fro: a further correction
takes the place of the one before, also when that is folded into a snapshot already: `learned.py` keeps its steps, to
be withdrawn. The one that stands when the case ends is settled, and counts threefold.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.routing.transfer.noticing import Noticing
from services.routing.triage.told import Told

SETTLED_WEIGHT = 3
"""How often a lesson counts that was right to the end."""
AT_THE_END = "end"
"""Who said the right category, when nobody objected to it until the case was closed."""


class Head(StrEnum):
    """What the classifier tells."""

    CATEGORY = "category"
    SEVERITY = "severity"
    DEPARTMENT = "department"


@dataclass(frozen=True)
class Taught:
    """A person said what is right."""

    label: str
    by: str
    at: datetime
    settled: bool = False
    """It stood until the case was closed."""

    @property
    def weight(self) -> int:
        return SETTLED_WEIGHT if self.settled else 1


@dataclass(frozen=True)
class Truth:
    """What was right in the end, as far as is known: for calibration and for the measured error."""

    label: str
    by: str
    at: datetime


@dataclass(kw_only=True)
class Learning(Noticing):
    """A complaint from which is learned."""

    closed_at: datetime | None = None
    told: Told | None = None
    """None: not known yet, or erased."""
    lessons: dict[Head, Taught] = field(default_factory=dict[Head, Taught])
    """Those in force."""
    taught: set[Head] = field(default_factory=set[Head])
    """The lessons that this change makes or changes."""
    truths: dict[Head, Truth] = field(default_factory=dict[Head, Truth])
    """What this change makes known."""
    retold: bool = False
    """This change adds to what was told, or erases it."""

    def teach(self, head: Head, label: str, by: str, at: datetime) -> None:
        """A person says what is right."""
        self.truths[head] = Truth(label, by, at)
        self._put(head, Taught(label, by, at, settled=self.closed_at is not None))

    def settle_lessons(self) -> None:
        """The case has ended: what stands counts threefold."""
        assert self.closed_at is not None
        for head, taught in list(self.lessons.items()):
            self._put(head, replace(taught, settled=True))
        if self.category is not None and Head.CATEGORY not in self.lessons:
            self.truths.setdefault(Head.CATEGORY, Truth(self.category, AT_THE_END, self.closed_at))

    def _put(self, head: Head, taught: Taught) -> None:
        if self.lessons.get(head) != taught:
            self.lessons[head] = taught
            self.taught.add(head)
