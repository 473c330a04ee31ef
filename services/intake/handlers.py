"""Events in: what the customer sees of what the other services do.

Routing and resolution write different fields, so the order in which their topics arrive does not matter.
"""

from datetime import datetime
from typing import Any

from services.intake.model import Step, View
from services.intake.store import ViewStore
from shared.envelope import Received
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseResumed,
    CaseWithdrawn,
    ComplaintAssigned,
    ComplaintTriaged,
    CustomerAsked,
    CustomerTold,
    FollowUpRequested,
    OfferAgreed,
    OffersMade,
    OffersWithdrawn,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    ResolutionExtended,
    ResultJudged,
    SolutionCarriedOut,
    ValidityJudged,
)
from shared.reactions import Reactions

reactions: Reactions[View] = Reactions(ViewStore())


def _show(view: View, fact: Received, at: datetime, step: str, **data: Any) -> None:
    view.steps.append(Step(fact.id, at, step, data))


@reactions.on(ComplaintTriaged)
def on_complaint_triaged(view: View, event: ComplaintTriaged, fact: Received) -> None:
    view.category, view.severity = event.category, event.severity.value
    _show(view, fact, event.triaged_at, "triaged", category=event.category)


@reactions.on(ComplaintAssigned)
def on_complaint_assigned(view: View, event: ComplaintAssigned, fact: Received) -> None:
    view.department, view.handler_name = event.department, event.handler_name
    _show(view, fact, event.assigned_at, "assigned", handler=event.handler_name, department=event.department)


@reactions.on(CaseOpened)
def on_case_opened(view: View, event: CaseOpened, fact: Received) -> None:
    view.status = "open"
    _show(view, fact, event.opened_at, "opened")


@reactions.on(PromiseMade)
def on_promise_made(view: View, event: PromiseMade, fact: Received) -> None:
    view.promise_id, view.promised_at = event.promise_id, event.due_at
    _show(view, fact, event.made_at, "promised", reply_by=event.due_at)


@reactions.on(PromiseKept)
def on_promise_kept(view: View, event: PromiseKept, fact: Received) -> None:
    if view.promise_id == event.promise_id:
        view.promise_id = view.promised_at = None


@reactions.on(PromiseBroken)
def on_promise_broken(view: View, event: PromiseBroken, fact: Received) -> None:
    if view.promise_id == event.promise_id:
        view.promise_id = view.promised_at = None
    _show(view, fact, event.broken_at, "promise-missed")


@reactions.on(CaseAccepted)
def on_case_accepted(view: View, event: CaseAccepted, fact: Received) -> None:
    view.status = "accepted"
    _show(view, fact, event.accepted_at, "accepted", handler=event.handler_name)


@reactions.on(ValidityJudged)
def on_validity_judged(view: View, event: ValidityJudged, fact: Received) -> None:
    view.explanation = event.explanation
    _show(view, fact, event.judged_at, "judged", explanation=event.explanation)


@reactions.on(OffersMade)
def on_offers_made(view: View, event: OffersMade, fact: Received) -> None:
    view.status, view.round = "offered", event.round
    view.offers = [offer.model_dump(mode="json", exclude_none=True) for offer in event.offers]
    view.offers_answer = None
    _show(view, fact, event.made_at, "offered", offers=len(event.offers))


@reactions.on(OffersWithdrawn)
def on_offers_withdrawn(view: View, event: OffersWithdrawn, fact: Received) -> None:
    """Also takes back an answer that the customer gave in between: it came too late."""
    view.status, view.offers, view.offers_answer = "accepted", [], None
    _show(view, fact, event.withdrawn_at, "offers_withdrawn", round=event.round)


@reactions.on(OfferAgreed)
def on_offer_agreed(view: View, event: OfferAgreed, fact: Received) -> None:
    view.status, view.offers_answer = "agreed", str(event.offer_id)
    _show(view, fact, event.agreed_at, "agreed", offer_id=str(event.offer_id))


@reactions.on(CustomerTold)
def on_customer_told(view: View, event: CustomerTold, fact: Received) -> None:
    _show(view, fact, event.told_at, "told", message=event.message)


@reactions.on(CustomerAsked)
def on_customer_asked(view: View, event: CustomerAsked, fact: Received) -> None:
    _show(view, fact, event.asked_at, "told", message=event.question)


@reactions.on(ResolutionExtended)
def on_resolution_extended(view: View, event: ResolutionExtended, fact: Received) -> None:
    _show(view, fact, event.extended_at, "told", message=event.reason)


@reactions.on(SolutionCarriedOut)
def on_solution_carried_out(view: View, event: SolutionCarriedOut, fact: Received) -> None:
    view.status, view.result, view.round_id = "carried_out", event.result, None
    _show(view, fact, event.carried_out_at, "carried_out", result=event.result)


@reactions.on(FollowUpRequested)
def on_follow_up_requested(view: View, event: FollowUpRequested, fact: Received) -> None:
    view.ask_opinion(event.follow_up_id)
    _show(view, fact, event.requested_at, "opinion_asked")


@reactions.on(ResultJudged)
def on_result_judged(view: View, event: ResultJudged, fact: Received) -> None:
    view.hear_of_survey(event.follow_up_id, event.outcome, event.trust_restored, event.judged_at)


@reactions.on(CaseResumed)
def on_case_resumed(view: View, event: CaseResumed, fact: Received) -> None:
    view.status, view.offers, view.offers_answer = "accepted", [], None
    view.result, view.outcome, view.opinion_asked = None, None, False
    _show(view, fact, event.resumed_at, "resumed")


@reactions.on(CaseReopened)
def on_case_reopened(view: View, event: CaseReopened, fact: Received) -> None:
    view.status, view.offers, view.offers_answer = "accepted", [], None
    view.result, view.outcome, view.opinion_asked = None, None, False
    view.reopen_until = view.reopening_asked_at = None
    _show(view, fact, event.reopened_at, "reopened")


@reactions.on(CaseClosed)
def on_case_closed(view: View, event: CaseClosed, fact: Received) -> None:
    view.status, view.outcome, view.opinion_asked = "closed", event.outcome, False
    view.withdrawn_at = None  # a withdrawal in the same moment came too late
    view.promise_id = view.promised_at = None
    view.reopen_until, view.reopening_asked_at = event.reopen_until, None
    _show(view, fact, event.closed_at, "closed", outcome=event.outcome.value)


@reactions.on(CaseWithdrawn)
def on_case_withdrawn(view: View, event: CaseWithdrawn, fact: Received) -> None:
    view.status, view.withdrawn_at = "withdrawn", event.withdrawn_at
    view.offers, view.offers_answer, view.opinion_asked = [], None, False
    view.promise_id = view.promised_at = None
    _show(view, fact, event.withdrawn_at, "withdrawn")
