"""What routing decides about one complaint. Pure: no I/O, no clock."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.routing.directory import Directory
from services.routing.transfer.distribution import ACKNOWLEDGE_WITHIN, duties
from services.routing.triage import Decision
from shared import ids
from shared.aggregate import Aggregate
from shared.events import (
    NOTICES,
    ComplaintAssigned,
    ComplaintReferred,
    ComplaintTriaged,
    Event,
    NoticeAcknowledged,
    registry,
)
from shared.events.routing import Decider
from shared.events.vocabulary import Against, Audience, Severity


class Status(StrEnum):
    BLANK = "blank"
    """Something is known, but not yet what was told."""
    REFERRED = "referred"
    """Waits at the triage desk for a person's decision."""
    WAITING = "waiting"
    """Decided, but nobody who may take it has capacity."""
    ASSIGNED = "assigned"
    RELEASED = "released"
    """The case is closed; nobody carries it any more."""


class NotReferred(Exception):
    """The complaint does not wait for a decision."""


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
class Dispatch(Aggregate):
    """One complaint on its way to the people who must know and act."""

    directory: Directory
    """Everybody, as they are in this transaction."""
    status: Status = Status.BLANK
    reference: str | None = None
    registered_at: datetime | None = None
    language: str | None = None
    against: Against | None = None
    category: str | None = None
    severity: Severity = Severity.GENERAL
    reasons: tuple[str, ...] = ()
    department: str | None = None
    handler_id: str | None = None
    assigned_at: datetime | None = None
    closed_at: datetime | None = None
    held: list[dict[str, str]] = field(default_factory=list)
    """Facts of other services that came before what was told: type, id, time."""
    notices: dict[UUID, Notice] = field(default_factory=dict)
    """Those that this change issues or changes."""

    def triage(self, decision: Decision, at: datetime) -> None:
        """Take what the rules found: decided, or referred to a person."""
        if decision.category is None:
            self.status, self.severity, self.reasons = Status.REFERRED, decision.severity, decision.reasons
            self._tell(
                ComplaintReferred(
                    complaint_id=self.id, severity=self.severity, reasons=decision.reasons, referred_at=at
                ),
                at,
            )
        else:
            self._decide(decision.category, decision.severity, Decider.RULES, decision.reasons, at)
        for held in self.held:
            self._issue(registry.get(held["fact"]), UUID(held["id"]), datetime.fromisoformat(held["at"]))
        self.held = []

    def decide(self, category: str, severity: Severity | None, reason: str, at: datetime) -> None:
        """A person decides what the rules could not. Raises NotReferred."""
        if self.status is not Status.REFERRED:
            raise NotReferred
        self._decide(category, severity or self.severity, Decider.PERSON, (reason,), at)

    def assign(self, at: datetime) -> bool:
        """Give it to somebody who may and can take it; False when there is nobody now."""
        assert self.category is not None
        choice = self.directory.choose(self.category, self.language or "zh")
        if choice is None:
            self.status = Status.WAITING
            return False
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
        return True

    def close(self, at: datetime) -> None:
        """The case is closed: whoever carried it is free for another."""
        self.closed_at = at
        self._release()

    def remind_of(self, fact: Event, fact_id: UUID, at: datetime) -> None:
        """Another service told a fact that somebody must know; who, depends on what was told."""
        if self.status is Status.BLANK:
            self.held.append({"fact": fact.wire_type(), "id": str(fact_id), "at": at.isoformat()})
        else:
            self._issue(type(fact), fact_id, at)

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

    def _decide(
        self, category: str, severity: Severity, by: Decider, reasons: tuple[str, ...], at: datetime
    ) -> None:
        self.category, self.severity, self.reasons = category, severity, reasons
        fact = ComplaintTriaged(
            complaint_id=self.id,
            category=category,
            severity=severity,
            decided_by=by,
            reasons=reasons,
            triaged_at=at,
        )
        self._tell(fact, at)
        self.assign(at)
        self._release()

    def _release(self) -> None:
        if self.closed_at is not None and self.status is Status.ASSIGNED and self.handler_id is not None:
            self.directory.release(self.handler_id)
            self.status = Status.RELEASED

    def _tell(self, fact: Event, at: datetime) -> None:
        self._issue(type(fact), self.record(fact, at), at)

    def _issue(self, fact: type[Event], fact_id: UUID, at: datetime) -> None:
        for duty in duties(fact, self.severity, self.category, self.against):
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
