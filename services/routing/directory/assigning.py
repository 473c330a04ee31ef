"""Who is responsible for a complaint. Pure.

Who gets it depends on what everybody carries at that moment, so on all other complaints. A change therefore only
notes that somebody is to be chosen or is free again; `settle` does it, once, with the directory in hand.
"""

from dataclasses import dataclass
from datetime import datetime

from services.routing.directory.model import Directory
from services.routing.status import Status
from services.routing.triage.triaging import Triaging
from shared.events import ComplaintAssigned


@dataclass(kw_only=True)
class Assigning(Triaging):
    """A complaint that somebody carries, or is to carry."""

    assigned_at: datetime | None = None
    traceparent: str | None = None
    """The trace in which `settle` goes on."""

    def try_again(self, at: datetime) -> None:
        """Somebody may have capacity now for what waits."""
        if self.status is Status.WAITING:
            self.choose_at = at

    @property
    def unsettled(self) -> bool:
        return self.choose_at is not None or self.freed is not None

    def settle(self, directory: Directory) -> None:
        """Do what needs to know what everybody carries."""
        if self.choose_at is not None:
            self._assign(directory, self.choose_at)
            self.choose_at = None
            self._catch_up()
        if self.freed is not None:
            directory.release(self.freed)
            self.freed = None

    def _assign(self, directory: Directory, at: datetime) -> None:
        """Give it to somebody who may and can take it, if there is somebody now."""
        assert self.category is not None
        choice = directory.choose(self.category, self.language or "zh", self.proposed_department)
        if choice is None:
            return
        self.status, self.assigned_at = Status.ASSIGNED, at
        self.department, self.handler_id = choice.department, choice.person.id
        self.record(
            ComplaintAssigned(
                complaint_id=self.id,
                department=choice.department,
                handler_id=choice.person.id,
                handler_name=choice.person.name,
                reasons=choice.reasons,
                assigned_at=at,
            ),
            at,
        )
