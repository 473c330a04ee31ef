"""One dispute before an outside body, pure: handed over, answered, decided, and what is due when."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.resolution.dispute.book import OutsideBody
from shared.events.dispute import Favour
from shared.ids import derived_id


class DisputeState(StrEnum):
    HANDED_OVER = "handed_over"
    """The company owes the body an answer."""
    ANSWERED = "answered"
    """The body owes a decision."""
    DECIDED = "decided"
    DROPPED = "dropped"
    """The customer withdrew the complaint meanwhile."""


class Due(StrEnum):
    """What happens at a deadline."""

    WARNING = "warning"
    ANSWER = "answer"
    DECISION = "decision"


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A complaint before an outside body; texts are masked."""

    id: UUID
    complaint_id: UUID
    number: int
    """Counts the disputes of a case, from 1."""
    body: str
    """Code in the rulebook; what it said at the hand-over is kept here."""
    body_en: str
    body_zh: str
    address: str
    state: DisputeState = DisputeState.HANDED_OVER
    reason: str
    handed_over_by: str
    handed_over_at: datetime
    warn_at: datetime
    answer_due_at: datetime
    decision_due_at: datetime
    warned: bool = False
    answer_missed: bool = False
    decision_missed: bool = False
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    favour: Favour | None = None
    decision: str | None = None
    ends_case: bool | None = None
    decided_at: datetime | None = None

    @property
    def next_due(self) -> tuple[datetime, Due] | None:
        """The next deadline, and what it is; None: nothing is waited for."""
        if self.state in {DisputeState.DECIDED, DisputeState.DROPPED}:
            return None
        if self.state is DisputeState.HANDED_OVER and not self.answer_missed:
            return (self.answer_due_at, Due.ANSWER) if self.warned else (self.warn_at, Due.WARNING)
        return None if self.decision_missed else (self.decision_due_at, Due.DECISION)

    def noted(self, due: Due) -> "Dispute":
        """The dispute after this deadline passed."""
        match due:
            case Due.WARNING:
                return replace(self, warned=True)
            case Due.ANSWER:
                return replace(self, answer_missed=True)
            case Due.DECISION:
                return replace(self, decision_missed=True)

    def after_answer(self, answer: str, by: str, at: datetime) -> "Dispute":
        return replace(self, state=DisputeState.ANSWERED, answer=answer, answered_by=by, answered_at=at)

    def after_decision(self, favour: Favour, decision: str, ends_case: bool, at: datetime) -> "Dispute":
        return replace(
            self,
            state=DisputeState.DECIDED,
            favour=favour,
            decision=decision,
            ends_case=ends_case,
            decided_at=at,
        )


def handed_over(
    complaint_id: UUID, number: int, body: OutsideBody, reason: str, by: str, at: datetime
) -> Dispute:
    """A new dispute, with the days that the body gives from `at`."""
    answer_due_at = at + body.answer_within
    return Dispute(
        id=derived_id("dispute", complaint_id, number),
        complaint_id=complaint_id,
        number=number,
        body=body.code,
        body_en=body.name_en,
        body_zh=body.name_zh,
        address=body.address,
        reason=reason,
        handed_over_by=by,
        handed_over_at=at,
        warn_at=answer_due_at - body.warn_before,
        answer_due_at=answer_due_at,
        decision_due_at=at + body.decision_within,
    )
