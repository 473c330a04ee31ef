"""What is held against a person by one complaint: the accusation, its mark, and what followed. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.fairness import Clearing, MarkEnd


class Hearing(StrEnum):
    """Was the person complained about heard?"""

    ASKED = "asked"
    """They were told, and have time to answer."""
    ANSWERED = "answered"
    SILENT = "silent"
    """The time has passed without an answer."""
    WAIVED = "waived"
    """The handler did not wait, and said why."""


class MarkState(StrEnum):
    STANDING = "standing"
    FROZEN = "frozen"
    """An appeal runs: it does not count meanwhile."""
    REMOVED = "removed"


class SanctionState(StrEnum):
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    """It was in force, and an appeal runs."""
    LIFTED = "lifted"


@dataclass
class Mark:
    """An entry in a person's record, because a complaint about them was judged valid."""

    id: UUID
    number: int
    """Counts the marks of one person by one complaint, from 1."""
    state: MarkState
    step: int
    """Counts its changes."""
    made_by: str
    """The caller who judged."""
    made_at: datetime
    appeal_until: datetime
    """After an appeal was decided: until then a further one, with new evidence."""
    appeals: int = 0
    """How often the person appealed against it."""
    decided_at: datetime | None = None
    """When an appeal was decided last, and the mark stayed."""
    changed_at: datetime | None = None
    removed_because: MarkEnd | None = None


@dataclass
class Sanction:
    """A consequence of a mark, as it was proposed."""

    id: UUID
    mark_id: UUID
    kind: str
    reason: str
    """Masked."""
    state: SanctionState
    proposed_by: str
    proposed_at: datetime
    not_before: datetime
    """It takes effect after this moment, if the mark stands then."""
    took_effect_at: datetime | None = None
    lifted_at: datetime | None = None


@dataclass
class Accusation:
    """One person whom the complaint is about."""

    person_id: str
    named_at: datetime
    answer_by: datetime
    hearing: Hearing = Hearing.ASKED
    answer: str | None = None
    """Their side as they told it last, masked."""
    answered_at: datetime | None = None
    cleared_at: datetime | None = None
    cleared_because: Clearing | None = None
    appeal_id: UUID | None = None
    """The appeal that runs."""
    mark: Mark | None = None
    """The newest one."""
    sanctions: list[Sanction] = field(default_factory=list)
    """Those of the newest mark."""

    @property
    def open(self) -> bool:
        """May it still be held against them?"""
        return self.cleared_at is None

    @property
    def waits(self) -> bool:
        """May they still answer before anything is judged?"""
        return self.open and self.hearing is Hearing.ASKED

    @property
    def live_mark(self) -> Mark | None:
        return self.mark if self.mark is not None and self.mark.state is not MarkState.REMOVED else None

    @property
    def due(self) -> list[Sanction]:
        """Sanctions that take effect by themselves when their time has come."""
        if self.mark is None or self.mark.state is not MarkState.STANDING:
            return []
        return [each for each in self.sanctions if each.state is SanctionState.PROPOSED]
