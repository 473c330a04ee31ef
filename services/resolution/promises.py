"""The promise ledger: what the customer was promised, and when it counts as kept. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class PromiseState(StrEnum):
    LIVE = "live"
    KEPT = "kept"
    BROKEN = "broken"
    RELEASED = "released"
    """The customer withdrew the complaint before the time: neither kept nor broken."""


@dataclass(frozen=True)
class Promise:
    """A reply promised by a time."""

    id: UUID
    complaint_id: UUID
    number: int
    """Counts the promises of a case, from 1."""
    made_at: datetime
    due_at: datetime
    state: PromiseState = PromiseState.LIVE
    settled_at: datetime | None = None
    handler_id: str | None = None
    """Whose case it was when the promise was settled."""
    department: str | None = None
    """The same of the department."""
    excused: bool = False
    """It was the customer who was waited for when the time passed: nobody of the company is to blame."""

    def settled(self, at: datetime, handler_id: str | None, department: str | None) -> "Promise":
        """The promise after a reply, or after its time passed; a reply exactly at its time keeps it."""
        state = PromiseState.KEPT if at <= self.due_at else PromiseState.BROKEN
        return replace(self, state=state, settled_at=at, handler_id=handler_id, department=department)

    def released(self, at: datetime, handler_id: str | None, department: str | None) -> "Promise":
        """The promise after the customer needs no reply any more; one that is late by then stays broken."""
        settled = self.settled(at, handler_id, department)
        kept = settled.state is PromiseState.KEPT
        return replace(settled, state=PromiseState.RELEASED) if kept else settled
