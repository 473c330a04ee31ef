"""Who must know of a complaint's facts: notices, and their acknowledgement. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.routing.rulebooks.model import AS_SHIPPED, Books
from services.routing.transfer.distribution import ACKNOWLEDGE_WITHIN, DISTRIBUTION
from shared import ids
from shared.aggregate import Aggregate
from shared.events import NOTICES, Event, NoticeAcknowledged
from shared.events.vocabulary import Against, Audience, Severity


@dataclass
class Notice:
    """A duty to know: issued once per fact and audience."""

    id: UUID
    audience: Audience
    reason: str
    fact_type: str
    fact_id: UUID
    issued_at: datetime
    acknowledge_by: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


@dataclass(kw_only=True)
class Noticing(Aggregate):
    """A complaint of which somebody must know."""

    reference: str | None = None
    against: Against | None = None
    category: str | None = None
    severity: Severity = Severity.GENERAL
    department: str | None = None
    notices: dict[UUID, Notice] = field(default_factory=dict)
    """Those that this change issues or changes."""
    books: Books = field(default=AS_SHIPPED, compare=False, repr=False)
    """The rulebooks in force, as loaded with this batch."""

    def acknowledge(self, notice: Notice, by: str, at: datetime) -> None:
        """Somebody of the audience knows. The first acknowledgement counts."""
        if notice.acknowledged_at is None:
            notice.acknowledged_by, notice.acknowledged_at = by, at
            self.notices[notice.id] = notice
            self.record(
                NoticeAcknowledged(
                    complaint_id=self.id,
                    notice_id=notice.id,
                    audience=notice.audience,
                    acknowledged_by=by,
                    acknowledged_at=at,
                ),
                at,
            )

    def _tell(self, fact: Event, at: datetime) -> None:
        self._issue(type(fact), self.record(fact, at), at)

    def _issue(self, fact: type[Event], fact_id: UUID, at: datetime) -> None:
        table = self.books.read(DISTRIBUTION)
        for duty in table.duties(fact, self.severity, self.category, self.against):
            notice = Notice(
                id=ids.derived_id("notice", fact_id, duty.audience),
                audience=duty.audience,
                reason=duty.reason,
                fact_type=fact.wire_type(),
                fact_id=fact_id,
                issued_at=at,
                acknowledge_by=at + ACKNOWLEDGE_WITHIN[self.severity],
            )
            self.notices[notice.id] = notice
            self.record(
                NOTICES[duty.audience](
                    complaint_id=self.id,
                    notice_id=notice.id,
                    reason=notice.reason,
                    fact_type=notice.fact_type,
                    fact_id=fact_id,
                    reference=self.reference,
                    department=self.department,
                    severity=self.severity,
                    issued_at=at,
                    acknowledge_by=notice.acknowledge_by,
                ),
                at,
            )
