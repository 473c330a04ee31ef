"""Facts that resolution publishes.

"Masked" means: by its shape. Resolution does not know the customer's name, so a name that a handler writes stays.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Money, Outcome, Remedy


@registry.event("redress.case.opened", topic=TOPICS.resolution)
class CaseOpened(Event):
    """Work on the complaint began: a case was opened.

    已立案。
    """

    opened_at: datetime


@registry.event("redress.promise.made", topic=TOPICS.resolution)
class PromiseMade(Event):
    """The customer was promised a reply by a time.

    已向客户承诺答复时间。
    """

    promise_id: UUID
    due_at: datetime
    made_at: datetime


@registry.event("redress.promise.kept", topic=TOPICS.resolution)
class PromiseKept(Event):
    """The reply went out in time.

    已按承诺时间答复。
    """

    promise_id: UUID
    handler_id: str | None = None
    """Whose case it was when the reply went out."""
    kept_at: datetime


@registry.event("redress.promise.broken", topic=TOPICS.resolution)
class PromiseBroken(Event):
    """The promised time passed without a reply by a person. An honest interim reply goes out at once.

    承诺时间已过，仍无人答复。
    """

    promise_id: UUID
    handler_id: str | None = None
    """Whose case it was when the time passed."""
    interim_reply: bool = True
    """False when a person's own reply goes out together with this fact, only too late."""
    waiting_for_customer: bool = False
    """True when offers lay before the customer: the interim reply reminds of them, and nobody is to blame."""
    broken_at: datetime


@registry.event("redress.case.accepted", topic=TOPICS.resolution)
class CaseAccepted(Event):
    """The handler took the case up.

    处理人已受理。
    """

    handler_id: str
    handler_name: str | None = None
    accepted_at: datetime


@registry.event("redress.case.judged", topic=TOPICS.resolution)
class ValidityJudged(Event):
    """Is the reason sufficient, is the demand reasonable?

    已判断投诉是否成立、要求是否合理。
    """

    reason_sufficient: bool
    demand_reasonable: bool
    explanation: str
    """What the customer is told about the judgement, masked."""
    judged_at: datetime

    @property
    def valid(self) -> bool:
        return self.reason_sufficient and self.demand_reasonable


class Offer(BaseModel):
    """One solution; rank 1 is the best that the company can do."""

    model_config = ConfigDict(frozen=True)

    offer_id: UUID
    rank: int
    remedies: tuple[Remedy, ...]
    description: str
    value: Money | None = None
    solution: str | None = None
    """Its code in the rulebook of remedies, if it was suggested."""


@registry.event("redress.offers.made", topic=TOPICS.resolution)
class OffersMade(Event):
    """Ranked solutions were put before the customer.

    已向客户提出排序的解决方案。
    """

    round: int
    offers: tuple[Offer, ...]
    made_at: datetime


@registry.event("redress.offers.withdrawn", topic=TOPICS.resolution)
class OffersWithdrawn(Event):
    """The offers no longer lie before the customer, who objected another way than by tracking.

    An answer by tracking that crosses this fact came too late.

    方案已撤下：客户已通过其他方式提出异议。
    """

    round: int
    withdrawn_at: datetime


@registry.event("redress.offer.agreed", topic=TOPICS.resolution)
class OfferAgreed(Event):
    """The customer's consent was recorded; only now may the solution be carried out.

    客户已同意方案，可以实施。
    """

    offer_id: UUID
    agreed_at: datetime
    via: str = "tracking"
    """How the customer said it: tracking, phone, email, counter."""
    recorded_by: str = "customer"
    """Who recorded it: the customer by tracking, or the caller."""


@registry.event("redress.customer.told", topic=TOPICS.resolution)
class CustomerTold(Event):
    """A person told the customer how things stand, before the case is solved.

    已告知客户处理进展。
    """

    message: str
    """What the customer is told, masked."""
    told_at: datetime


@registry.event("redress.solution.carried-out", topic=TOPICS.resolution)
class SolutionCarriedOut(Event):
    """The solution was carried out and the customer is told the result.

    方案已实施，结果告知客户。
    """

    result: str
    """What the customer is told, masked."""
    carried_out_at: datetime


@registry.event("redress.follow-up.requested", topic=TOPICS.resolution)
class FollowUpRequested(Event):
    """The customer is asked for an opinion on the result.

    已请客户评价处理结果（回访）。
    """

    follow_up_id: UUID
    requested_at: datetime


@registry.event("redress.case.resumed", topic=TOPICS.resolution)
class CaseResumed(Event):
    """The customer could not accept the result: work goes on.

    客户不接受结果，继续处理。
    """

    resumed_at: datetime


@registry.event("redress.case.closed", topic=TOPICS.resolution)
class CaseClosed(Event):
    """The case ended with an outcome in the customer's judgement.

    已结案。
    """

    outcome: Outcome
    closed_by: str
    problem_found: bool | None = None
    """Three separate facts: was there a problem ..."""
    problem_solved: bool | None = None
    """... was it solved for this customer ..."""
    problem_corrected: bool | None = None
    """... and was it corrected where it came from? ProblemCorrected can still come later."""
    trust_restored: bool | None = None
    """Does the customer trust the company again? None: they were not asked, or did not say."""
    reopen_until: datetime | None = None
    """Until then the customer can have it taken up again."""
    closed_at: datetime


@registry.event("redress.case.closed-below-value", topic=TOPICS.resolution)
class ClosedBelowValue(Event):
    """The case closed although the customer got back less than they lost: V2 < V1 + C.

    结案时顾客所得低于所失（V2 < V1 + C）。
    """

    first_value: Money
    """V1: what the customer expected."""
    cost: Money
    """C: what complaining cost them."""
    second_value: Money
    """V2: what they got back."""
    shortfall: Money
    """V1 + C - V2."""
    reason: str | None = None
    """Why it closed all the same, masked; absent when the customer's own opinion closed it."""
    closed_by: str
    closed_at: datetime


@registry.event("redress.case.reopened", topic=TOPICS.resolution)
class CaseReopened(Event):
    """A closed case is taken up again: its history stays, the customer gets a fresh promise.

    已结案的投诉重新处理。
    """

    reopened_by: str
    """`customer`, or who of the company."""
    reopened_at: datetime


@registry.event("redress.case.withdrawn", topic=TOPICS.resolution)
class CaseWithdrawn(Event):
    """The case ended because the customer withdrew the complaint: it has no outcome.

    客户撤回投诉，结束处理。
    """

    withdrawn_at: datetime
