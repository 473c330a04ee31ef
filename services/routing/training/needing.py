"""Training that complaints call for. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.routing.transfer.noticing import Noticing
from shared.events import TrainingNeeded


@dataclass(frozen=True)
class Need:
    """Somebody, or a department, needs training; found in complaints."""

    id: UUID
    complaint_id: UUID
    person: str | None
    department: str | None
    about: str
    kind: str
    complaints: int
    evidence: tuple[UUID, ...]
    found_at: datetime


@dataclass(kw_only=True)
class Needing(Noticing):
    """A complaint that can be the one which tips a need for training."""

    needs: dict[UUID, Need] = field(default_factory=dict[UUID, Need])
    """Those that this change finds."""

    def need_training(self, event: TrainingNeeded) -> None:
        """Told again, with more complaints that speak for it, it is still the same need."""
        self.needs[event.need_id] = Need(
            id=event.need_id,
            complaint_id=self.id,
            person=event.person_id,
            department=event.department,
            about=event.about,
            kind=event.kind.value,
            complaints=event.complaints,
            evidence=event.evidence,
            found_at=event.found_at,
        )
