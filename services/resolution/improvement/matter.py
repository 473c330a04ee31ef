"""What the case tells of the improvements that it is joined to, and what it hears of those it may belong to. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.resolution.clocks.waiting import Waiting
from services.resolution.field_action.products import Concerning
from services.resolution.improvement.orders import Order
from services.resolution.improvement.returns import Return
from services.resolution.timeline import Kind
from shared.events import ImprovementJoined, ImprovementLeft


@dataclass(kw_only=True)
class Improving(Concerning, Waiting):
    """A complaint whose cause is removed tells so in its timeline."""

    new_returns: list[Return] = field(default_factory=list, repr=False, compare=False)
    """Problems that are back, and whose newest complaint it is: they wait to be saved."""
    new_orders: list[Order] = field(default_factory=list, repr=False, compare=False)
    """Improvements that are to be opened, and whose newest complaint it is: they wait to be saved."""

    def join_improvement(
        self, improvement_id: UUID, title: str, recurrence: bool, by: str, at: datetime
    ) -> None:
        self._tell(Kind.IMPROVEMENT_JOINED, at, by, title)
        joined = ImprovementJoined(
            complaint_id=self.id,
            improvement_id=improvement_id,
            recurrence=recurrence,
            joined_by=by,
            joined_at=at,
        )
        self.record(joined, at)

    def leave_improvement(self, improvement_id: UUID, reason: str, by: str, at: datetime) -> None:
        self._tell(Kind.IMPROVEMENT_LEFT, at, by, reason)
        left = ImprovementLeft(complaint_id=self.id, improvement_id=improvement_id, left_by=by, left_at=at)
        self.record(left, at)
