"""One question for a permit, and what became of it: the rules, pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.resolution.approvals.book import APPROVALS
from services.resolution.approvals.terms import Terms, within
from services.resolution.lifecycle import State
from services.resolution.standing import Approver
from services.resolution.timeline import SYSTEM
from shared.aggregate import Aggregate, NotPossible
from shared.events import (
    ApprovalAsked,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalPassedOn,
    ApprovalRefused,
    ApprovalWithdrawn,
)
from shared.events.approvals import Permit
from shared.masking import mask
from shared.rulebooks.model import AS_SHIPPED, Books
from shared.worktime import WorkCalendar

ENDED = frozenset({State.CLOSED, State.WITHDRAWN})


class ApprovalState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"
    """Nobody up the line decided in time."""
    WITHDRAWN = "withdrawn"
    """It is not needed any more."""
    USED = "used"
    """What was permitted was done, once."""


@dataclass(kw_only=True)
class Approval(Aggregate):
    """Somebody asks for a permit; the first entitled person up the line grants or refuses it."""

    complaint_id: UUID
    """The complaint that gave rise to it."""
    permit: Permit
    subject_id: UUID
    """What it is for: the case, an improvement, a field action."""
    terms: Terms
    digest: str
    """Of what exactly is permitted; it outlives the erasure of the words."""
    reason: str
    asked_by: str
    """The account."""
    asked_person: str | None
    """Their id in the directory."""
    asked_at: datetime
    line: tuple[Approver, ...]
    """Who was entitled when it was asked, the nearest first. Nobody: only an administrator decides."""
    decide_by: datetime
    calendar: WorkCalendar = field(repr=False, compare=False)
    books: Books = field(default=AS_SHIPPED, repr=False, compare=False)
    case_state: State = field(default=State.ACCEPTED, compare=False)
    """Of the complaint, as loaded."""
    step: int = 0
    """Who of the line is asked now."""
    state: ApprovalState = ApprovalState.ASKED
    decided_by: str | None = None
    decided_person: str | None = None
    decided_at: datetime | None = None
    answer: str | None = None
    """What whoever decided or withdrew said."""
    used_by: str | None = None
    used_at: datetime | None = None

    @property
    def approver(self) -> Approver | None:
        """Who is asked now, or was asked last."""
        return self.line[self.step] if self.line else None

    @property
    def wakes_at(self) -> datetime | None:
        return self.decide_by if self.state is ApprovalState.ASKED else None

    @property
    def for_the_case(self) -> bool:
        """Is it for something that is done to the case itself?"""
        return self.subject_id == self.complaint_id

    def ask(self) -> None:
        """It was made just now: tell whoever must know."""
        asked = ApprovalAsked(
            complaint_id=self.complaint_id,
            approval_id=self.id,
            permit=self.permit,
            subject_id=self.subject_id,
            asked_person=self.asked_person,
            remedies=self.terms.remedies,
            value=self.terms.value,
            reason=self.reason,
            asked_by=self.asked_by,
            approver=self.approver and self.approver.id,
            decide_by=self.decide_by,
            asked_at=self.asked_at,
        )
        self.record(asked, self.asked_at)

    def may_decide(self, person: str | None, stands_in_for: str | None = None) -> bool:
        """Is this the person who is asked, somebody above them, or whoever stands in for one of these?"""
        asked = self.line[self.step :]
        entitled = {each.id for each in asked} | {each.instead_of for each in asked if each.instead_of}
        return person is not None and bool({person, stands_in_for} & entitled)

    def grant(self, by: str, person: str | None, note: str | None, at: datetime) -> None:
        self._decide(ApprovalState.GRANTED, by, person, note, at)
        granted = ApprovalGranted(
            complaint_id=self.complaint_id,
            approval_id=self.id,
            permit=self.permit,
            subject_id=self.subject_id,
            asked_person=self.asked_person,
            note=self.answer,
            granted_by=by,
            person_id=person,
            granted_at=at,
        )
        self.record(granted, at)

    def refuse(self, by: str, person: str | None, reason: str, at: datetime) -> None:
        self._decide(ApprovalState.REFUSED, by, person, reason, at)
        refused = ApprovalRefused(
            complaint_id=self.complaint_id,
            approval_id=self.id,
            permit=self.permit,
            subject_id=self.subject_id,
            asked_person=self.asked_person,
            reason=mask(reason),
            refused_by=by,
            person_id=person,
            refused_at=at,
        )
        self.record(refused, at)

    def withdraw(self, by: str, reason: str | None, at: datetime) -> None:
        """It is not needed any more, whether it was granted already or not."""
        if self.state not in {ApprovalState.ASKED, ApprovalState.GRANTED}:
            raise self._not_now(
                "Only what is asked or granted can be withdrawn.", "只有待批或已批的申请才能撤回。"
            )
        self.state, self.decided_by, self.decided_at = ApprovalState.WITHDRAWN, by, at
        self.answer = mask(reason) if reason else None
        withdrawn = ApprovalWithdrawn(
            complaint_id=self.complaint_id,
            approval_id=self.id,
            permit=self.permit,
            subject_id=self.subject_id,
            asked_person=self.asked_person,
            withdrawn_by=by,
            withdrawn_at=at,
        )
        self.record(withdrawn, at)

    def use(self, by: str, done: Terms, at: datetime) -> None:
        """What was permitted is done now: once, and not more than was permitted."""
        if self.state is not ApprovalState.GRANTED:
            raise self._not_now(
                "Only a permit that is granted, and that was not used before, can be used.",
                "只有已批准且未使用过的许可才能使用。",
            )
        if not within(done, self.terms, self.digest):
            raise self._not_now(
                "Something else was permitted: keep to its terms, or ask for a new approval.",
                "与批准的内容不符：请按批准的内容办理，或重新申请。",
            )
        self.state, self.used_by, self.used_at = ApprovalState.USED, by, at

    def time_passed(self, at: datetime) -> None:
        """Nobody decided in time: the next of the line is asked; after the last it expires. Once the case has ended
        there is nothing to decide."""
        if self.for_the_case and self.case_state in ENDED:
            self.withdraw(SYSTEM, None, at)
        elif self.step + 1 < len(self.line):
            self._pass_on(at)
        else:
            self.state = ApprovalState.EXPIRED
            expired = ApprovalExpired(
                complaint_id=self.complaint_id,
                approval_id=self.id,
                permit=self.permit,
                subject_id=self.subject_id,
                approver=self.approver and self.approver.id,
                expired_at=at,
            )
            self.record(expired, at)

    def _pass_on(self, at: datetime) -> None:
        passed_over = self.line[self.step]
        self.step += 1
        self.decide_by = self.books.read(APPROVALS).permits[self.permit].due(at, self.calendar)
        passed_on = ApprovalPassedOn(
            complaint_id=self.complaint_id,
            approval_id=self.id,
            permit=self.permit,
            subject_id=self.subject_id,
            asked_person=self.asked_person,
            passed_over=passed_over.id,
            approver=self.line[self.step].id,
            decide_by=self.decide_by,
            passed_on_at=at,
        )
        self.record(passed_on, at)

    def _decide(self, to: ApprovalState, by: str, person: str | None, said: str | None, at: datetime) -> None:
        if self.state is not ApprovalState.ASKED:
            raise self._not_now("It is decided already.", "该申请已有结果。")
        if self.for_the_case and self.case_state in ENDED:
            raise self._not_now(
                "The case has ended: there is nothing left to permit.", "投诉已结束，无需再审批。"
            )
        self.state, self.decided_by, self.decided_person, self.decided_at = to, by, person, at
        self.answer = mask(said) if said else None

    def _not_now(self, english: str, chinese: str) -> NotPossible:
        return NotPossible(
            "approval-not-possible", english, chinese, state=self.state.value, version=self.version
        )
