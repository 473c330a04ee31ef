"""The rules of a case, pure. One aggregate per complaint; which action is possible when is in `lifecycle`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.resolution.field_action.products import Concerning
from services.resolution.lifecycle import LIFECYCLE, Action, State, Words, why_not
from services.resolution.timeline import CUSTOMER, SYSTEM, Kind, Source
from services.resolution.withdrawing import Withdrawing
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseResumed,
    CustomerTold,
    FollowUpRequested,
    OfferAgreed,
    OffersMade,
    OffersWithdrawn,
    SolutionCarriedOut,
    ValidityJudged,
)
from shared.events.resolution import Offer
from shared.events.vocabulary import Money, Outcome, Remedy, Severity
from shared.ids import derived_id
from shared.masking import mask


class NotNow(Exception):
    """The action does not fit the present state of the case."""

    def __init__(self, action: Action, reason: Words) -> None:
        super().__init__(reason.en)
        self.action = action
        self.reason = reason


@dataclass(frozen=True)
class Judgement:
    reason_sufficient: bool
    demand_reasonable: bool

    @property
    def valid(self) -> bool:
        return self.reason_sufficient and self.demand_reasonable


@dataclass(frozen=True)
class Solution:
    """What a handler proposes to offer."""

    remedies: tuple[Remedy, ...]
    description: str
    value: Money | None = None


NOT_ON_THE_TABLE = Words(
    "This offer does not lie before the customer: take an offer_id of the current round.",
    "该方案不在当前提交顾客的方案之中：请使用本轮方案的编号。",
)
TRY_AGAIN_FIRST = Words(
    "A result that the customer cannot accept is taken up again at least once: use resume.",
    "顾客不可接受的结果至少须再处理一次：请使用 resume 继续处理。",
)


@dataclass(kw_only=True)
class Case(Concerning, Withdrawing):
    """One complaint being worked."""

    reference: str | None = None
    registered_at: datetime | None = None
    category: str | None = None
    severity: Severity | None = None
    department: str | None = None
    handler_name: str | None = None
    assigned_at: datetime | None = None
    judgement: Judgement | None = None
    offers: tuple[Offer, ...] = ()
    """The offers of the newest round, the best first."""
    agreed_offer_id: UUID | None = None
    solutions: int = 0
    """How often a result was told."""
    result: str | None = None
    carried_out_at: datetime | None = None
    outcome: Outcome | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    erased: bool = False
    """The customer is: nothing is kept of what was written about them."""
    new_offers: list[Offer] = field(default_factory=list, repr=False, compare=False)
    """Offers that wait to be saved."""

    @property
    def valid(self) -> bool | None:
        """Is the complaint valid? None before the judgement."""
        return None if self.judgement is None else self.judgement.valid

    @property
    def follow_up_id(self) -> UUID | None:
        """The request for an opinion on the result that was told last."""
        return derived_id("follow-up", self.id, self.solutions) if self.solutions else None

    # What the other services tell

    def open(self, reference: str, registered_at: datetime) -> None:
        if self.state is not State.UNOPENED:
            return
        self.state, self.reference, self.registered_at = State.OPEN, reference, registered_at
        self._tell(Kind.OPENED, registered_at, SYSTEM, reference, Source.INTAKE)
        self.record(CaseOpened(complaint_id=self.id, opened_at=registered_at), registered_at)
        self._promise(registered_at, Source.INTAKE)

    def triage(self, category: str | None, severity: Severity, reasons: Sequence[str], at: datetime) -> None:
        """`category` is None when a person has yet to decide it."""
        self.severity = severity
        if category is not None:
            self.category = category
        kind = Kind.REFERRED if category is None else Kind.TRIAGED
        text = " · ".join(filter(None, (category, severity.value, ", ".join(reasons))))
        self._tell(kind, at, SYSTEM, text, Source.ROUTING)

    def assign(self, department: str, handler_id: str, handler_name: str, at: datetime) -> None:
        """What was decided last holds: an assignment that is heard of late does not undo an acceptance."""
        self.department = department
        if self.assigned_at is None or at >= self.assigned_at:
            self.assigned_at, self.handler_id, self.handler_name = at, handler_id, handler_name
        elif handler_id == self.handler_id:
            self.handler_name = handler_name  # the acceptance, heard of first, did not know it
        self._tell(Kind.ASSIGNED, at, SYSTEM, f"{department} · {handler_name}", Source.ROUTING)

    def choose(self, offer_id: UUID, at: datetime) -> None:
        """The customer chose an offer; a choice that comes too late changes nothing but is not lost.

        Nothing need be told back: what took the offers from the table (OffersWithdrawn, OfferAgreed) reaches
        intake after the choice was made there, and corrects what the customer sees.
        """
        if self.state is State.OFFERED and self._on_the_table(offer_id):
            self._agree(offer_id, CUSTOMER, None, at, Source.INTAKE)
        else:
            self._tell(Kind.CHOICE_TOO_LATE, at, CUSTOMER, str(offer_id), Source.INTAKE)

    def decline(self, round_: int | None, reason: str | None, at: datetime) -> None:
        """The customer objected to all offers of the round that they saw.

        The round decides and not the time, because the clocks of two services differ.
        """
        if self.state is State.OFFERED and round_ == self.round:
            self._move(Action.OBJECT)
            self._tell(Kind.DECLINED, at, CUSTOMER, reason, Source.INTAKE)
        else:
            self._tell(Kind.OBJECTION_TOO_LATE, at, CUSTOMER, reason, Source.INTAKE)

    def hear(self, follow_up_id: UUID | None, outcome: Outcome, comment: str | None, at: datetime) -> None:
        """The customer's opinion. It decides when it is about the result that was told last."""
        text = outcome.value if comment is None else f"{outcome.value}: {comment}"
        self._tell(Kind.OPINION, at, CUSTOMER, text, Source.INTAKE)
        if self.state is not State.CARRIED_OUT or follow_up_id != self.follow_up_id:
            return
        if outcome.is_target:
            self._close(outcome, CUSTOMER, None, at, Source.INTAKE)
        else:
            self._resume(CUSTOMER, None, at, Source.INTAKE)

    # What people do. `author` is the caller; every action raises NotNow when the lifecycle does not allow it.

    def accept(self, handler_id: str | None, author: str, at: datetime) -> None:
        """Take the case up; without `handler_id` for the person it was assigned to, else for the caller."""
        self._move(Action.ACCEPT)
        taken_by = handler_id or self.handler_id or author
        if taken_by != self.handler_id:
            self.handler_id, self.handler_name = taken_by, None
        self.assigned_at = at
        self._tell(Kind.ACCEPTED, at, author, taken_by)
        accepted = CaseAccepted(
            complaint_id=self.id, handler_id=taken_by, handler_name=self.handler_name, accepted_at=at
        )
        self.record(accepted, at)

    def judge(self, judgement: Judgement, explanation: str, author: str, at: datetime) -> None:
        self._move(Action.JUDGE)
        self.judgement = judgement
        explanation = mask(explanation)
        self._tell(Kind.JUDGED, at, author, explanation)
        judged = ValidityJudged(
            complaint_id=self.id,
            reason_sufficient=judgement.reason_sufficient,
            demand_reasonable=judgement.demand_reasonable,
            explanation=explanation,
            judged_at=at,
        )
        self.record(judged, at)
        self._replied(at)

    def offer(self, solutions: Sequence[Solution], author: str, at: datetime) -> None:
        """Put solutions before the customer, the best first: a new round."""
        self._move(Action.OFFER)
        self.round += 1
        self.agreed_offer_id = None
        self.offers = tuple(
            Offer(
                offer_id=derived_id("offer", self.id, self.round, rank),
                rank=rank,
                remedies=solution.remedies,
                description=mask(solution.description),
                value=solution.value,
            )
            for rank, solution in enumerate(solutions, 1)
        )
        self.new_offers.extend(self.offers)
        self._tell(Kind.OFFERED, at, author, "\n".join(f"{o.rank}. {o.description}" for o in self.offers))
        self.record(OffersMade(complaint_id=self.id, round=self.round, offers=self.offers, made_at=at), at)
        self._replied(at)

    def consent(self, offer_id: UUID, via: str, author: str, at: datetime) -> None:
        """Record a consent that came another way than by tracking."""
        self._check(Action.CONSENT)
        if not self._on_the_table(offer_id):
            raise NotNow(Action.CONSENT, NOT_ON_THE_TABLE)
        self._agree(offer_id, author, via, at, Source.RESOLUTION)

    def object(self, reason: str, via: str, author: str, at: datetime) -> None:
        """Record an objection that came another way than by tracking, where the offers can still be seen."""
        self._move(Action.OBJECT)
        self._tell(Kind.DECLINED, at, author, f"{via}: {mask(reason)}")
        self.record(OffersWithdrawn(complaint_id=self.id, round=self.round, withdrawn_at=at), at)

    def answer(self, result: str, author: str, at: datetime) -> None:
        """Solve a minor complaint at once, within one's own power."""
        self._move(Action.ANSWER)
        self._carried_out(Kind.ANSWERED, result, author, at)

    def carry_out(self, result: str, author: str, at: datetime) -> None:
        self._move(Action.CARRY_OUT)
        self._carried_out(Kind.CARRIED_OUT, result, author, at)

    def reply(self, message: str, author: str, at: datetime) -> None:
        """Tell the customer how things stand: the promise is kept, and renewed."""
        self._move(Action.REPLY)
        message = mask(message)
        self._tell(Kind.REPLIED, at, author, message)
        self.record(CustomerTold(complaint_id=self.id, message=message, told_at=at), at)
        self._replied(at)

    def close(self, outcome: Outcome, reason: str, author: str, at: datetime) -> None:
        """Close with the opinion that the customer gave another way, or did not give when asked."""
        self._check(Action.CLOSE)
        if not outcome.is_target and self.solutions < 2:
            raise NotNow(Action.CLOSE, TRY_AGAIN_FIRST)
        self._close(outcome, author, mask(reason), at, Source.RESOLUTION)

    def resume(self, reason: str, author: str, at: datetime) -> None:
        """The customer said another way that the result is not acceptable."""
        self._check(Action.RESUME)
        self._resume(author, mask(reason), at, Source.RESOLUTION)

    # Steps that several of these share

    def _check(self, action: Action) -> None:
        reason = why_not(self, action)
        if reason is not None:
            raise NotNow(action, reason)

    def _move(self, action: Action) -> None:
        self._check(action)
        self.state = LIFECYCLE[action].to or self.state

    def _on_the_table(self, offer_id: UUID) -> bool:
        return any(offer.offer_id == offer_id for offer in self.offers)

    def _agree(self, offer_id: UUID, author: str, via: str | None, at: datetime, source: Source) -> None:
        self._move(Action.CONSENT)
        self.agreed_offer_id = offer_id
        rank = next(str(offer.rank) for offer in self.offers if offer.offer_id == offer_id)
        self._tell(Kind.AGREED, at, author, " · ".join(filter(None, (rank, via))), source)
        self.record(OfferAgreed(complaint_id=self.id, offer_id=offer_id, agreed_at=at), at)

    def _carried_out(self, kind: Kind, result: str, author: str, at: datetime) -> None:
        self.solutions += 1
        self.carried_out_at = at
        self.result = result = mask(result)
        self._tell(kind, at, author, result)
        self.record(SolutionCarriedOut(complaint_id=self.id, result=result, carried_out_at=at), at)
        self._replied(at)
        assert self.follow_up_id is not None
        asked = FollowUpRequested(complaint_id=self.id, follow_up_id=self.follow_up_id, requested_at=at)
        self.record(asked, at)

    def _close(self, outcome: Outcome, author: str, reason: str | None, at: datetime, source: Source) -> None:
        self._move(Action.CLOSE)
        self.outcome, self.closed_by, self.closed_at = outcome, author, at
        self._tell(Kind.CLOSED, at, author, ": ".join(filter(None, (outcome.value, reason))), source)
        self.record(CaseClosed(complaint_id=self.id, outcome=outcome, closed_by=author, closed_at=at), at)

    def _resume(self, author: str, reason: str | None, at: datetime, source: Source) -> None:
        self._move(Action.RESUME)
        self.agreed_offer_id = None
        if self.valid is False:
            self.judgement = None  # the customer cannot accept it: it is looked at anew
        self._tell(Kind.RESUMED, at, author, reason, source)
        self.record(CaseResumed(complaint_id=self.id, resumed_at=at), at)
        self._promise(at, source)
