"""Events in: the steps of a complaint, and what it is about."""

from services.insights.journeys.model import Journey
from services.insights.journeys.steps import Step
from services.insights.journeys.store import JourneyStore
from services.insights.losses import band_of
from shared.envelope import Received
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseReopened,
    CaseResumed,
    CaseWithdrawn,
    ComplaintAssigned,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintReferred,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintTriaged,
    CustomerErased,
    FollowUpRequested,
    ImprovementJoined,
    ImprovementLeft,
    OfferAgreed,
    OfferChosen,
    OffersDeclined,
    OffersMade,
    PurchaseRecorded,
    SolutionCarriedOut,
    ValidityJudged,
)
from shared.reactions import Reactions

reactions: Reactions[Journey] = Reactions(JourneyStore())


@reactions.on(ComplaintRegistered)
def on_complaint_registered(journey: Journey, event: ComplaintRegistered, fact: Received) -> None:
    journey.registered_at, journey.kind = event.registered_at, event.kind
    journey.product = event.product.label if event.product else None
    journey.region, journey.loss = event.region, band_of(event.estimated_loss)
    if not journey.erased:
        journey.customer_id = event.customer_id
    journey.take(Step.REGISTERED, event.registered_at)


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(journey: Journey, event: ComplaintSupplemented, fact: Received) -> None:
    if event.product is not None:
        journey.product = event.product.label or journey.product
    journey.region = event.region or journey.region
    if event.estimated_loss is not None:
        journey.loss = band_of(event.estimated_loss)


@reactions.on(ComplaintCoded)
def on_complaint_coded(journey: Journey, event: ComplaintCoded, fact: Received) -> None:
    journey.subcategory = event.codes[0].subcategory


@reactions.on(ComplaintMerged)
def on_complaint_merged(journey: Journey, event: ComplaintMerged, fact: Received) -> None:
    journey.leading_id = event.leading_id


@reactions.on(ComplaintSeparated)
def on_complaint_separated(journey: Journey, event: ComplaintSeparated, fact: Received) -> None:
    journey.leading_id = None


@reactions.on(PurchaseRecorded)
def on_purchase_recorded(journey: Journey, event: PurchaseRecorded, fact: Received) -> None:
    journey.bought(event.purchased_at)


@reactions.on(CustomerErased)
def on_customer_erased(journey: Journey, event: CustomerErased, fact: Received) -> None:
    """What they bought goes with the complaint; how the complaint went stays counted."""
    journey.forget()


@reactions.on(OfferChosen)
def on_offer_chosen(journey: Journey, event: OfferChosen, fact: Received) -> None:
    journey.take(Step.CHOSEN, event.chosen_at)


@reactions.on(OffersDeclined)
def on_offers_declined(journey: Journey, event: OffersDeclined, fact: Received) -> None:
    journey.take(Step.DECLINED, event.declined_at)


@reactions.on(ComplaintTriaged)
def on_complaint_triaged(journey: Journey, event: ComplaintTriaged, fact: Received) -> None:
    journey.category, journey.severity = event.category, event.severity
    journey.take(Step.TRIAGED, event.triaged_at)


@reactions.on(ComplaintReferred)
def on_complaint_referred(journey: Journey, event: ComplaintReferred, fact: Received) -> None:
    journey.severity = event.severity
    journey.take(Step.REFERRED, event.referred_at)


@reactions.on(ComplaintAssigned)
def on_complaint_assigned(journey: Journey, event: ComplaintAssigned, fact: Received) -> None:
    journey.department = event.department
    journey.take(Step.ASSIGNED, event.assigned_at)


@reactions.on(CaseAccepted)
def on_case_accepted(journey: Journey, event: CaseAccepted, fact: Received) -> None:
    journey.take(Step.ACCEPTED, event.accepted_at)


@reactions.on(ValidityJudged)
def on_validity_judged(journey: Journey, event: ValidityJudged, fact: Received) -> None:
    journey.take(Step.JUDGED, event.judged_at)


@reactions.on(OffersMade)
def on_offers_made(journey: Journey, event: OffersMade, fact: Received) -> None:
    journey.take(Step.OFFERED, event.made_at)


@reactions.on(OfferAgreed)
def on_offer_agreed(journey: Journey, event: OfferAgreed, fact: Received) -> None:
    journey.take(Step.AGREED, event.agreed_at)


@reactions.on(SolutionCarriedOut)
def on_solution_carried_out(journey: Journey, event: SolutionCarriedOut, fact: Received) -> None:
    journey.take(Step.CARRIED_OUT, event.carried_out_at)


@reactions.on(FollowUpRequested)
def on_follow_up_requested(journey: Journey, event: FollowUpRequested, fact: Received) -> None:
    journey.take(Step.ASKED, event.requested_at)


@reactions.on(CaseResumed)
def on_case_resumed(journey: Journey, event: CaseResumed, fact: Received) -> None:
    journey.take(Step.RESUMED, event.resumed_at)


@reactions.on(CaseClosed)
def on_case_closed(journey: Journey, event: CaseClosed, fact: Received) -> None:
    journey.take(Step(f"closed_{event.outcome.value}"), event.closed_at)


@reactions.on(CaseReopened)
def on_case_reopened(journey: Journey, event: CaseReopened, fact: Received) -> None:
    journey.take(Step.REOPENED, event.reopened_at)


@reactions.on(CaseWithdrawn)
def on_case_withdrawn(journey: Journey, event: CaseWithdrawn, fact: Received) -> None:
    journey.take(Step.WITHDRAWN, event.withdrawn_at)


@reactions.on(ImprovementJoined)
def on_improvement_joined(journey: Journey, event: ImprovementJoined, fact: Received) -> None:
    journey.cause = event.improvement_id


@reactions.on(ImprovementLeft)
def on_improvement_left(journey: Journey, event: ImprovementLeft, fact: Received) -> None:
    if journey.cause == event.improvement_id:
        journey.cause = None
