"""What routing decides about one complaint. Pure: no I/O, no clock.

Who gets it depends on what everybody carries at that moment, so on all other complaints. A change therefore only
notes that somebody is to be chosen or is free again; `settle` does it, once, with the directory in hand.
"""

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
from shared.masking import mask


class Status(StrEnum):
    BLANK = "blank"
    """Something is known, but not yet what was told."""
    REFERRED = "referred"
    """Waits at the triage desk for a person's decision."""
    WAITING = "waiting"
    """Decided, but nobody who may take it has capacity."""
    ASSIGNED = "assigned"
    RELEASED = "released"
    """The case has ended, or goes on under another one: nobody carries it."""


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
    leading_id: UUID | None = None
    """The complaint that it was merged into: whoever carries that one carries this."""
    held: list[dict[str, str]] = field(default_factory=list)
    """Facts of other services that came before what was told: type, id, time."""
    notices: dict[UUID, Notice] = field(default_factory=dict)
    """Those that this change issues or changes."""
    choose_at: datetime | None = None
    """Somebody is to be chosen, as of this time. Only between a change and its `settle`, as the next two."""
    freed: str | None = None
    """Who carried it until this change."""
    traceparent: str | None = None
    """The trace in which `settle` goes on."""

    def triage(self, decision: Decision, at: datetime) -> None:
        """Take what the rules found: decided, or referred to a person.

        The case may be closed already, when that was heard first. All is told nonetheless, and whoever would
        have got it gets it and is free at once: the end is the same in whatever order the news come.
        """
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
        if self.choose_at is None:
            self._catch_up()

    def decide(self, category: str, severity: Severity | None, reason: str, at: datetime) -> None:
        """A person decides what the rules could not. Raises NotReferred."""
        if self.status is not Status.REFERRED:
            raise NotReferred
        self._decide(category, severity or self.severity, Decider.PERSON, (mask(reason),), at)

    def recode(self, category: str, least: Severity | None, reason: str, at: datetime) -> None:
        """A person coded the complaint by the taxonomy: that decides, or corrects what was decided.

        Whoever has it keeps it. `least` is how severe such a complaint is at least. `reason` is masked.
        """
        severity = max(self.severity, least or self.severity, key=lambda s: s.rank)
        if (category, severity) == (self.category, self.severity):
            return
        if self.category is None:
            self._decide(category, severity, Decider.PERSON, (reason,), at)
            return
        self.category, self.severity, self.reasons = category, severity, (reason,)
        self._tell_triaged(Decider.PERSON, at)

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

    def close(self, at: datetime) -> None:
        """The case has ended: whoever carried it is free for another, and who waits waits no more.

        The customer may withdraw in the moment in which it is closed; the first end counts.
        """
        self.closed_at = min(filter(None, (self.closed_at, at)))
        if self.choose_at is None:
            self._catch_up()

    def merge(self, leading_id: UUID) -> None:
        """It goes on under another complaint: whoever carried it is free, and who waits waits no more."""
        self.leading_id = leading_id
        if self.choose_at is None:
            self._catch_up()

    def separate(self, at: datetime) -> None:
        """It is on its own again: somebody decides or carries it, unless its case has ended."""
        self.leading_id = None
        if self.status is not Status.RELEASED or self.closed_at is not None:
            return
        if self.category is None:
            self.status = Status.REFERRED
        else:
            self.status, self.choose_at = Status.WAITING, at

    def remind_of(self, fact: Event, fact_id: UUID, at: datetime) -> None:
        """Another service told a fact that somebody must know; who, depends on what was told."""
        if self.status is Status.BLANK or self.choose_at is not None:  # the notice names the department
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
        self._tell_triaged(by, at)
        self.status, self.choose_at = Status.WAITING, at

    def _tell_triaged(self, by: Decider, at: datetime) -> None:
        assert self.category is not None
        fact = ComplaintTriaged(
            complaint_id=self.id,
            category=self.category,
            severity=self.severity,
            decided_by=by,
            reasons=self.reasons,
            triaged_at=at,
        )
        self._tell(fact, at)

    def _assign(self, directory: Directory, at: datetime) -> None:
        """Give it to somebody who may and can take it, if there is somebody now."""
        assert self.category is not None
        choice = directory.choose(self.category, self.language or "zh")
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

    def _catch_up(self) -> None:
        """It is decided on, for now: what was heard before that takes effect."""
        if self.status is Status.BLANK:
            return
        for held in self.held:
            self._issue(registry.get(held["fact"]), UUID(held["id"]), datetime.fromisoformat(held["at"]))
        self.held = []
        if self.closed_at is not None or self.leading_id is not None:
            if self.status is Status.ASSIGNED:
                self.freed = self.handler_id
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
