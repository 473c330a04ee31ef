"""The rules of a case, pure. One aggregate per complaint; which action is possible when is in `lifecycle`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.resolution.closing import Closing, Ending
from services.resolution.lifecycle import Action, State
from services.resolution.listening.mood import SAYS, FeltIn
from services.resolution.timeline import CUSTOMER, SYSTEM, Kind, Source
from shared.events import (
    CaseAccepted,
    CaseOpened,
    CaseResumed,
    CustomerTold,
    SolutionCarriedOut,
)
from shared.events.routing import TimeLimits
from shared.events.vocabulary import Channel, Outcome, Severity, Visibility
from shared.ids import derived_id
from shared.masking import mask


@dataclass(kw_only=True)
class Case(Closing):
    """One complaint being worked."""

    reference: str | None = None
    handler_name: str | None = None
    assigned_at: datetime | None = None
    erased: bool = False
    """The customer is: nothing is kept of what was written about them."""

    # What the other services tell

    def open(
        self,
        reference: str,
        registered_at: datetime,
        channel: Channel | None = None,
        visibility: Visibility | None = None,
    ) -> None:
        if self.state is not State.UNOPENED:
            return
        self.state, self.reference, self.registered_at = State.OPEN, reference, registered_at
        self.channel, self.visibility = channel, visibility
        self._tell(Kind.OPENED, registered_at, SYSTEM, reference, Source.INTAKE)
        self.record(CaseOpened(complaint_id=self.id, opened_at=registered_at), registered_at)
        self._promise(registered_at, Source.INTAKE, self.first_reply_due(registered_at))
        self._watch(registered_at)

    def triage(
        self,
        category: str | None,
        severity: Severity,
        reasons: Sequence[str],
        at: datetime,
        limits: TimeLimits | None = None,
    ) -> None:
        """`category` is None when a person has yet to decide it."""
        before, self.severity = self.severity, severity
        self.limits = limits
        if category is not None:
            self.category = category
        kind = Kind.REFERRED if category is None else Kind.TRIAGED
        text = " · ".join(filter(None, (category, severity.value, ", ".join(reasons))))
        self._tell(kind, at, SYSTEM, text, Source.ROUTING)
        if before is not None and severity.rank > before.rank:
            self._grow(before, severity, reasons, at)

    def assign(
        self,
        department: str,
        handler_id: str,
        handler_name: str,
        at: datetime,
        policies: Mapping[str, int] | None = None,
    ) -> None:
        """What was decided last holds: an assignment that is heard of late does not undo an acceptance."""
        self.department = department
        self.policies = policies if policies is not None else self.policies
        if self.assigned_at is None or at >= self.assigned_at:
            self.assigned_at, self.handler_id, self.handler_name = at, handler_id, handler_name
        elif handler_id == self.handler_id:
            self.handler_name = handler_name  # the acceptance, heard of first, did not know it
        self._tell(Kind.ASSIGNED, at, SYSTEM, f"{department} · {handler_name}", Source.ROUTING)

    def hear(
        self,
        follow_up_id: UUID | None,
        outcome: Outcome,
        comment: str | None,
        at: datetime,
        trust_restored: bool | None = None,
    ) -> None:
        """The customer's opinion. It decides when it is about the result that was told last."""
        self.feel(derived_id("opinion", self.id, at.isoformat()), SAYS[outcome], at, FeltIn.OPINION)
        text = outcome.value if comment is None else f"{outcome.value}: {comment}"
        self._tell(Kind.OPINION, at, CUSTOMER, text, Source.INTAKE)
        if self.state is not State.CARRIED_OUT or follow_up_id != self.follow_up_id:
            return
        if outcome.is_target and self.owes_public_response:
            self.heard, self.trust_restored = outcome, trust_restored
        elif outcome.is_target:
            self._close(outcome, CUSTOMER, None, at, Source.INTAKE, Ending(trust_restored=trust_restored))
        else:
            self._resume(CUSTOMER, None, at, Source.INTAKE)

    def respond_publicly(self, where: str, response: str, author: str, at: datetime) -> None:
        """What was said in public is answered there. An opinion that waited for it closes the case now."""
        super().respond_publicly(where, response, author, at)
        if self.state is State.CARRIED_OUT and self.heard is not None:
            ending = Ending(trust_restored=self.trust_restored)
            self._close(self.heard, CUSTOMER, None, at, Source.RESOLUTION, ending)

    # What people do. `author` is the caller; every action raises NotNow when the lifecycle does not allow it.

    def accept(self, handler_id: str | None, author: str, at: datetime) -> None:
        """Take the case up; without `handler_id` for the person it was assigned to, else for the caller."""
        self._move(Action.ACCEPT)
        taken_by = handler_id or self.handler_id or author
        self.must_not_be_about(taken_by)
        self._note_start()
        if taken_by != self.handler_id:
            self.handler_id, self.handler_name = taken_by, None
        self.assigned_at = at
        self._tell(Kind.ACCEPTED, at, author, taken_by)
        accepted = CaseAccepted(
            complaint_id=self.id, handler_id=taken_by, handler_name=self.handler_name, accepted_at=at
        )
        self.record(accepted, at)

    def answer(self, result: str, author: str, at: datetime) -> None:
        """Solve a minor complaint at once, within one's own power."""
        self._move(Action.ANSWER)
        self._note_start()
        self._carried_out(Kind.ANSWERED, result, author, at)
        self._answered_unheard(at)

    def carry_out(self, result: str, author: str, at: datetime) -> None:
        self._move(Action.CARRY_OUT)
        self._carried_out(Kind.CARRIED_OUT, result, author, at)

    def reply(self, message: str, author: str, at: datetime, by: datetime | None = None) -> None:
        """Tell the customer how things stand: the promise is kept, and renewed, `by` a time that was chosen."""
        self._move(Action.REPLY)
        message = mask(message)
        self._tell(Kind.REPLIED, at, author, message)
        self.say(message, author, at)
        self.record(CustomerTold(complaint_id=self.id, message=message, told_at=at), at)
        self._replied(at, by)

    def resume(self, reason: str, author: str, at: datetime) -> None:
        """The customer said another way that the result is not acceptable."""
        self._check(Action.RESUME)
        self._resume(author, mask(reason), at, Source.RESOLUTION)

    # Steps that several of these share

    def _carried_out(self, kind: Kind, result: str, author: str, at: datetime) -> None:
        self.solutions += 1
        self.carried_out_at = at
        self.result = result = mask(result)
        self._tell(kind, at, author, result)
        self.say(result, author, at)
        self.record(SolutionCarriedOut(complaint_id=self.id, result=result, carried_out_at=at), at)
        self._replied(at)
        self._ask_anew(at)

    def _resume(self, author: str, reason: str | None, at: datetime, source: Source) -> None:
        self._move(Action.RESUME)
        self._nothing_agreed()
        self.heard = None
        if self.valid is False:
            self.judgement = None  # the customer cannot accept it: it is looked at anew
        self._tell(Kind.RESUMED, at, author, reason, source)
        self.record(CaseResumed(complaint_id=self.id, resumed_at=at), at)
        self._promise(at, source)
        self._watch(at)
