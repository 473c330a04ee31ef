"""Events in: what makes routing decide, release or tell somebody."""

from collections.abc import Callable
from typing import TypeVar

from services.routing.model import Dispatch
from services.routing.store import DispatchStore
from shared import telemetry
from shared.envelope import Received
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseReopened,
    CaseResumed,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    CustomerErased,
    Event,
    ImprovementActionOverdue,
    ImprovementActionSettled,
    MarkFrozen,
    MarkMade,
    MarkRemoved,
    MarkRestored,
    PromiseBroken,
    PromiseKept,
    TrainingNeeded,
    registry,
)
from shared.events.fairness import MarkChanged
from shared.events.vocabulary import TOPICS, Kind, Severity
from shared.reactions import Reactions
from shared.taxonomy import versions

E = TypeVar("E", bound=Event)
Handler = Callable[[Dispatch, E, Received], None]

reactions: Reactions[Dispatch] = Reactions(DispatchStore())


def on(event: type[E]) -> Callable[[Handler[E]], Handler[E]]:
    """Declare the handler of a fact. Whoever must know of the fact by the distribution table is told, too."""

    def declare(handler: Handler[E]) -> Handler[E]:
        def handle_and_tell(dispatch: Dispatch, event: E, fact: Received) -> None:
            dispatch.traceparent = telemetry.traceparent()
            handler(dispatch, event, fact)
            dispatch.remind_of(event, fact.id, fact.time)

        reactions.on(event)(handle_and_tell)
        return handler

    return declare


@on(ComplaintRegistered)
def on_complaint_registered(dispatch: Dispatch, event: ComplaintRegistered, fact: Received) -> None:
    dispatch.reference, dispatch.registered_at = event.reference, event.registered_at
    dispatch.language, dispatch.against = event.language.value, event.against
    dispatch.kind, dispatch.channel, dispatch.visibility = event.kind, event.channel, event.visibility
    dispatch.estimated_loss, dispatch.desired_amount = event.estimated_loss, event.desired_amount
    if event.accused_id is not None and event.kind is not Kind.PRAISE:
        dispatch.accused = (event.accused_id,)
    dispatch.triage(event)
    if event.kind is Kind.PRAISE and event.accused_id is not None:
        dispatch.praise(event.accused_id, fact, event.registered_at)


@on(ComplaintSupplemented)
def on_complaint_supplemented(dispatch: Dispatch, event: ComplaintSupplemented, fact: Received) -> None:
    dispatch.against = event.against or dispatch.against
    dispatch.visibility = event.visibility or dispatch.visibility
    dispatch.estimated_loss = event.estimated_loss or dispatch.estimated_loss
    dispatch.desired_amount = event.desired_amount or dispatch.desired_amount
    if event.accused_id is not None and dispatch.kind is not Kind.PRAISE:
        dispatch.accuse(event.accused_id, event.added_at)
    dispatch.supplement(event)


@on(ComplaintCoded)
def on_complaint_coded(dispatch: Dispatch, event: ComplaintCoded, fact: Received) -> None:
    main = event.codes[0]
    dispatch.subcategory = main.subcategory
    dispatch.recode(main.category, _least_severity(event), event.reason, event.coded_by, event.coded_at)


def _least_severity(event: ComplaintCoded) -> Severity | None:
    """The highest that the taxonomy asks for."""
    taxonomy = versions()[event.taxonomy_version]
    places = [taxonomy.subcategory(c.category, c.subcategory) for c in event.codes if c.subcategory]
    asked = [place.severity for place in places if place.severity is not None]
    return max(asked, key=lambda severity: severity.rank, default=None)


@on(ComplaintMerged)
def on_complaint_merged(dispatch: Dispatch, event: ComplaintMerged, fact: Received) -> None:
    dispatch.merge(event.leading_id)


@on(ComplaintSeparated)
def on_complaint_separated(dispatch: Dispatch, event: ComplaintSeparated, fact: Received) -> None:
    dispatch.separate(event.separated_at)


@on(ComplaintWithdrawn)
def on_complaint_withdrawn(dispatch: Dispatch, event: ComplaintWithdrawn, fact: Received) -> None:
    dispatch.close(event.withdrawn_at)


@on(CustomerErased)
def on_customer_erased(dispatch: Dispatch, event: CustomerErased, fact: Received) -> None:
    """People of the company may have written words in which the customer can be recognised."""
    dispatch.forget()


@on(CaseAccepted)
def on_case_accepted(dispatch: Dispatch, event: CaseAccepted, fact: Received) -> None:
    dispatch.worked_by = event.handler_id


@on(PromiseKept)
def on_promise_kept(dispatch: Dispatch, event: PromiseKept, fact: Received) -> None:
    dispatch.reply_in_time(event.handler_id, fact, event.kept_at)


@on(PromiseBroken)
def on_promise_broken(dispatch: Dispatch, event: PromiseBroken, fact: Received) -> None:
    dispatch.blame(event)
    if not event.waiting_for_customer:
        dispatch.break_promise(event.handler_id, fact, event.broken_at)


@on(CaseResumed)
def on_case_resumed(dispatch: Dispatch, event: CaseResumed, fact: Received) -> None:
    dispatch.resume(fact, event.resumed_at)


@on(CaseReopened)
def on_case_reopened(dispatch: Dispatch, event: CaseReopened, fact: Received) -> None:
    dispatch.resume(fact, event.reopened_at)
    dispatch.reopen(event.reopened_at)


@on(CaseClosed)
def on_case_closed(dispatch: Dispatch, event: CaseClosed, fact: Received) -> None:
    dispatch.end(event.outcome, fact, event.closed_at)
    dispatch.close(event.closed_at)


def on_mark_changed(dispatch: Dispatch, event: MarkChanged, fact: Received) -> None:
    dispatch.mark(event, fact)


for change in (MarkMade, MarkFrozen, MarkRestored, MarkRemoved):
    on(change)(on_mark_changed)


@on(ImprovementActionOverdue)
def on_improvement_action_overdue(
    dispatch: Dispatch, event: ImprovementActionOverdue, fact: Received
) -> None:
    dispatch.improve_late(event)


@on(ImprovementActionSettled)
def on_improvement_action_settled(
    dispatch: Dispatch, event: ImprovementActionSettled, fact: Received
) -> None:
    if event.was_overdue:
        dispatch.improvement_late -= 1


@on(TrainingNeeded)
def on_training_needed(dispatch: Dispatch, event: TrainingNeeded, fact: Received) -> None:
    dispatch.need_training(event)


def on_any_other_fact(dispatch: Dispatch, event: Event, fact: Received) -> None:
    """A fact that changes nothing here; a row of the distribution table may name it."""


for other in registry:
    if other.topic in TOPICS and other.topic != TOPICS.routing and not reactions.answers(other.wire_type()):
        on(other)(on_any_other_fact)
