"""How a case goes before an outside body and comes back. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.resolution.dispute.book import OutsideBody
from services.resolution.dispute.model import Dispute, DisputeState, Due, handed_over
from services.resolution.lifecycle import Action, State
from services.resolution.reopening.reopening import Reopening
from services.resolution.timeline import SYSTEM, Kind
from shared.events import (
    DisputeAnswered,
    DisputeDeadlineMissed,
    DisputeDeadlineNear,
    DisputeDecided,
    DisputeHandedOver,
)
from shared.events.dispute import Favour
from shared.masking import mask


@dataclass(kw_only=True)
class Disputing(Reopening):
    """A case may lie before one outside body at a time. Meanwhile it is worked on, and keeps its promise."""

    disputes: int = 0
    """How often it was handed over."""
    changed_disputes: list[Dispute] = field(default_factory=list, repr=False, compare=False)
    """They wait to be saved, in the order in which they changed."""

    def deadlines(self) -> Iterator[datetime]:
        yield from super().deadlines()
        if self.dispute is not None and (due := self.dispute.next_due) is not None:
            yield due[0]

    def time_passed(self, at: datetime) -> None:
        super().time_passed(at)
        while self.dispute is not None and (due := self.dispute.next_due) is not None and due[0] < at:
            self._note_due(self.dispute, *due, at)

    def hand_over(self, body: OutsideBody, reason: str, author: str, at: datetime) -> None:
        """The complaint goes before an outside body. Raises NotNow while it lies before one."""
        self._check(Action.HAND_OVER)
        self.disputes += 1
        dispute = handed_over(self.id, self.disputes, body, mask(reason), author, at)
        self._keep(dispute)
        self._tell(Kind.DISPUTED, at, author, f"{body.name_zh} · {body.name_en}")
        handed = DisputeHandedOver(
            complaint_id=self.id,
            dispute_id=dispute.id,
            body=dispute.body,
            answer_due_at=dispute.answer_due_at,
            decision_due_at=dispute.decision_due_at,
            handed_over_by=author,
            handed_over_at=at,
        )
        self.record(handed, at)

    def answer_body(self, answer: str, author: str, at: datetime) -> None:
        """The company answered the body, perhaps once more. Raises NotNow."""
        self._check(Action.ANSWER_BODY)
        assert self.dispute is not None
        answered = self.dispute.after_answer(mask(answer), author, at)
        self._keep(answered)
        self._tell(Kind.DISPUTE_ANSWERED, at, author, answered.answer)
        self.record(
            DisputeAnswered(
                complaint_id=self.id,
                dispute_id=answered.id,
                body=answered.body,
                answered_by=author,
                answered_at=at,
            ),
            at,
        )

    def withdraw(self, reason: str | None, at: datetime) -> None:
        super().withdraw(reason, at)
        if self.dispute is not None and self.state is State.WITHDRAWN:
            self._keep(replace(self.dispute, state=DisputeState.DROPPED))
            self.dispute = None

    def _decided(self, favour: Favour, decision: str, ends_case: bool, author: str, at: datetime) -> None:
        self._check(Action.DECIDE)
        assert self.dispute is not None
        decided = self.dispute.after_decision(favour, decision, ends_case, at)
        self._keep(decided)
        self.dispute = None
        self._tell(Kind.DISPUTE_DECIDED, at, author, f"{favour.value}: {decision}")
        self.record(
            DisputeDecided(
                complaint_id=self.id,
                dispute_id=decided.id,
                body=decided.body,
                favour=favour,
                ends_case=ends_case,
                decided_at=at,
            ),
            at,
        )

    def _keep(self, dispute: Dispute) -> None:
        self.dispute = dispute
        self.changed_disputes.append(dispute)

    def _note_due(self, dispute: Dispute, due_at: datetime, due: Due, at: datetime) -> None:
        self._keep(dispute.noted(due))
        when = due_at.isoformat().replace("+00:00", "Z")
        if due is Due.WARNING:
            due_at = dispute.answer_due_at
            self._tell(Kind.DISPUTE_WARNED, at, SYSTEM, due_at.isoformat().replace("+00:00", "Z"))
            near = DisputeDeadlineNear(
                complaint_id=self.id, dispute_id=dispute.id, body=dispute.body, due_at=due_at, noticed_at=at
            )
            self.record(near, at)
            return
        self._tell(Kind.DISPUTE_LATE, at, SYSTEM, f"{due.value} · {when}")
        missed = DisputeDeadlineMissed(
            complaint_id=self.id,
            dispute_id=dispute.id,
            body=dispute.body,
            by_company=due is Due.ANSWER,
            due_at=due_at,
            missed_at=at,
        )
        self.record(missed, at)
