"""Who must know of a complaint's facts: notices, and their acknowledgement. Pure.

What a fact asks for is decided when it is heard; who of the directory is meant needs the directory, and is filled
in by `address` just before the notice is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.routing.directory.model import Directory
from services.routing.transfer.distribution import DISTRIBUTION, Circumstances, at_stake
from services.routing.transfer.lapses import Lapse
from services.routing.transfer.recipients import Concerned, recipients, supervisors
from shared import ids
from shared.aggregate import Aggregate
from shared.events import NOTICES, Event, NoticeAcknowledged
from shared.events.transfer import NoticeWords
from shared.events.vocabulary import (
    Against,
    Audience,
    Channel,
    Kind,
    Money,
    NoticeUrgency,
    Severity,
    TransferForm,
    Visibility,
)
from shared.rulebooks.model import AS_SHIPPED, Books

NOBODY: Mapping[str, str] = {}


@dataclass
class Notice:
    """A duty to know: issued once per fact and audience."""

    id: UUID
    audience: Audience
    reason: str
    fact_type: str
    fact_id: UUID
    severity: Severity
    issued_at: datetime
    acknowledge_by: datetime
    form: TransferForm = TransferForm.NOTICE
    urgency: NoticeUrgency = NoticeUrgency.NORMAL
    words: NoticeWords | None = None
    department: str | None = None
    recipients: tuple[str, ...] = ()
    written_by: str | None = None
    """Who wrote an internal mail."""
    to_person: str | None = None
    """The one person whom the mail is for: nobody else of the audience reads its text, not even when it climbs."""
    text: str | None = None
    """What it says, masked. It does not travel on the log."""
    climbed_from: UUID | None = None
    acknowledged_by: str | None = None
    acknowledged_person: str | None = None
    acknowledged_at: datetime | None = None
    overdue_at: datetime | None = None
    """When it was first found overdue."""
    climbed_to: Audience | None = None
    reminders: int = 0
    """How often the top layer was told again."""
    due_at: datetime | None = None
    """When it is looked at next; None: it was acknowledged, has climbed, was told again often enough, or is for the
    clipping, which asks nobody to acknowledge it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact that the distribution table was asked about, with what it was asked by: for trials."""

    fact_id: UUID
    fact_type: str
    at: datetime
    severity: Severity
    category: str | None


@dataclass(kw_only=True)
class Noticing(Aggregate):
    """A complaint of which somebody must know."""

    reference: str | None = None
    against: Against | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    visibility: Visibility | None = None
    estimated_loss: Money | None = None
    desired_amount: Money | None = None
    accused: tuple[str, ...] = ()
    """The people complained about, by their ids in the directory, in order."""
    category: str | None = None
    severity: Severity = Severity.GENERAL
    department: str | None = None
    notices: dict[UUID, Notice] = field(default_factory=dict)
    """Those that this change issues or changes."""
    unaddressed: list[UUID] = field(default_factory=list)
    """Notices that this change issues, and that nobody was told of yet."""
    heard: list[Heard] = field(default_factory=list)
    lapses: dict[UUID, Lapse] = field(default_factory=dict)
    """What somebody did not do in time, found by this change."""
    books: Books = field(default=AS_SHIPPED, compare=False, repr=False)
    """The rulebooks in force, as loaded with this batch."""

    @property
    def circumstances(self) -> Circumstances:
        return Circumstances(
            self.severity,
            self.category,
            self.against,
            self.kind,
            self.channel,
            self.visibility,
            at_stake(self.estimated_loss, self.desired_amount),
        )

    def acknowledge(self, notice: Notice, by: str, person_id: str | None, at: datetime) -> None:
        """Somebody of the audience knows. The first acknowledgement counts."""
        if notice.acknowledged_at is not None:
            return
        notice.acknowledged_by, notice.acknowledged_person = by, person_id
        notice.acknowledged_at, notice.due_at = at, None
        self.notices[notice.id] = notice
        self.record(
            NoticeAcknowledged(
                complaint_id=self.id,
                notice_id=notice.id,
                audience=notice.audience,
                acknowledged_by=by,
                person_id=person_id,
                issued_at=notice.issued_at,
                acknowledged_at=at,
            ),
            at,
        )

    def issue(self, notice: Notice) -> None:
        """Somebody is to know; they are told when it is addressed."""
        self.notices[notice.id] = notice
        self.unaddressed.append(notice.id)

    def address(self, directory: Directory, concerned: Concerned) -> list[Notice]:
        """Fill in who is meant, and tell them. Returns what was told."""
        roles = self.books.read(DISTRIBUTION).leader_roles
        told = [self.notices[i] for i in self.unaddressed]
        self.unaddressed.clear()
        for notice in told:
            whose = concerned if notice.department is None else concerned.of(notice.department)
            notice.department = whose.department
            if notice.audience is Audience.PERSON_CONCERNED and notice.recipients:
                whose = replace(whose, accused=notice.recipients)
                notice.recipients = ()  # those of them who work here
            notice.recipients = notice.recipients or recipients(
                notice.audience, whose, directory, roles, notice.issued_at
            )
            self._tell_notice(notice)
        for lapse in self.lapses.values():
            lapse.supervisors = supervisors(lapse.people, directory)
        return told

    def _tell(self, fact: Event, at: datetime) -> None:
        self._issue(type(fact), self.record(fact, at), at)

    def _issue(
        self,
        fact: type[Event],
        fact_id: UUID,
        at: datetime,
        department: str | None = None,
        meant: Mapping[str, str] = NOBODY,
    ) -> None:
        """`department`: the one that the fact is about, when it is not the one that has the complaint. `meant`: the one
        person who is, by audience; never somebody who is complained about, but as the person concerned."""
        table = self.books.read(DISTRIBUTION)
        now = self.circumstances
        self.heard.append(Heard(fact_id, fact.wire_type(), at, self.severity, self.category))
        for duty in table.duties(fact, now):
            by = at + table.within(self.severity, duty)
            self.issue(
                Notice(
                    id=notice_id(fact_id, duty.audience),
                    audience=duty.audience,
                    reason=duty.reason,
                    fact_type=fact.wire_type(),
                    fact_id=fact_id,
                    severity=self.severity,
                    issued_at=at,
                    acknowledge_by=by,
                    form=duty.form,
                    urgency=duty.urgency_for(self.severity),
                    words=duty.words,
                    department=department,
                    recipients=self._addressees(duty.audience, meant),
                    due_at=None if duty.form is TransferForm.CLIPPING else by,
                )
            )

    def _addressees(self, audience: Audience, meant: Mapping[str, str]) -> tuple[str, ...]:
        person = meant.get(audience.value)
        if person is None or (person in self.accused and audience is not Audience.PERSON_CONCERNED):
            return ()
        return (person,)

    def _tell_notice(self, notice: Notice) -> None:
        self.record(
            NOTICES[notice.audience](
                complaint_id=self.id,
                notice_id=notice.id,
                reason=notice.reason,
                fact_type=notice.fact_type,
                fact_id=notice.fact_id,
                reference=self.reference,
                department=notice.department,
                severity=notice.severity,
                issued_at=notice.issued_at,
                acknowledge_by=notice.acknowledge_by,
                form=notice.form,
                urgency=notice.urgency,
                recipients=notice.recipients,
                words=notice.words,
                climbed_from=notice.climbed_from,
            ),
            notice.issued_at,
        )


def notice_id(fact_id: UUID, audience: Audience) -> UUID:
    """One fact is told to an audience once, whether a row says so or a notice climbed there."""
    return ids.derived_id("notice", fact_id, audience)
