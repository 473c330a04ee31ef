"""A row of the accountability record (追责记录): a time that was missed, and who answers for it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.clocks import Accountable, Clock


@dataclass(frozen=True, slots=True)
class Lapse:
    """It stays, whatever happens later; only when it was met after all is added."""

    id: UUID
    complaint_id: UUID
    clock: Clock
    number: int
    started_at: datetime
    due_at: datetime
    accountable: Accountable
    handler_id: str | None
    department: str | None
    policy_version: int
    met_at: datetime | None = None
