"""An improvement that is to be opened, because somebody accepted a suggestion of insights. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events import SuggestionAccepted


@dataclass(frozen=True)
class Order:
    improvement_id: UUID
    complaint_id: UUID
    """The newest that speaks for it."""
    evidence: tuple[UUID, ...]
    title: str
    problem: str
    category: str | None
    product: str | None
    ordered_by: str
    ordered_at: datetime

    @classmethod
    def told(cls, event: SuggestionAccepted) -> "Order | None":
        """None where a change does it, and no improvement."""
        if event.improvement_id is None:
            return None
        return cls(
            event.improvement_id,
            event.complaint_id,
            event.evidence,
            event.title,
            event.problem,
            event.category,
            event.product,
            event.accepted_by,
            event.accepted_at,
        )
