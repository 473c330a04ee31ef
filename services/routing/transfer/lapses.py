"""What somebody did not do in time, and who that is (追责). Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.ids import derived_id


class LapseKind(StrEnum):
    NOTICE = "notice"
    """It was not acknowledged in time."""
    TASK = "task"
    """It was not done in time."""
    PROMISE = "promise"
    """The customer had no reply by the promised time."""
    IMPROVEMENT = "improvement"
    """An action of an improvement was not done in time."""


@dataclass
class Lapse:
    """One row of the accountability record. It never changes: that it was late stays true."""

    kind: LapseKind
    subject_id: UUID
    """The notice, task, promise or action."""
    reason: str
    people: tuple[str, ...]
    """Who was responsible: ids of people of the directory."""
    due_at: datetime
    found_at: datetime
    supervisors: tuple[str, ...] = ()
    """Whom they answered to."""

    @property
    def id(self) -> UUID:
        return derived_id("lapse", self.kind, self.subject_id)
