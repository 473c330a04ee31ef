"""Events in: what makes routing decide, release or tell somebody."""

from services.routing.model import Dispatch
from services.routing.store import DispatchStore
from shared import telemetry
from shared.envelope import Received
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseResumed,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    CustomerErased,
    CustomerWrote,
    PromiseBroken,
    PromiseKept,
    TrainingNeeded,
)
from shared.events.vocabulary import Kind, Severity
from shared.reactions import Reactions
from shared.taxonomy import versions

reactions: Reactions[Dispatch] = Reactions("routing", DispatchStore())


@reactions.on(ComplaintRegistered)
def on_complaint_registered(dispatch: Dispatch, event: ComplaintRegistered, fact: Received) -> None:
    dispatch.reference, dispatch.registered_at = event.reference, event.registered_at
    dispatch.language, dispatch.against = event.language.value, event.against
    dispatch.kind = event.kind
    if event.accused_id is not None and event.kind is not Kind.PRAISE:
        dispatch.accused = (event.accused_id,)
    dispatch.traceparent = telemetry.traceparent()
    dispatch.triage(event)
    if event.kind is Kind.PRAISE and event.accused_id is not None:
        dispatch.praise(event.accused_id, fact, event.registered_at)


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(dispatch: Dispatch, event: ComplaintSupplemented, fact: Received) -> None:
    dispatch.supplement(event)
    if event.accused_id is not None and dispatch.kind is not Kind.PRAISE:
        dispatch.accuse(event.accused_id, event.added_at)


@reactions.on(ComplaintCoded)
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


@reactions.on(ComplaintMerged)
def on_complaint_merged(dispatch: Dispatch, event: ComplaintMerged, fact: Received) -> None:
    dispatch.merge(event.leading_id)


@reactions.on(ComplaintSeparated)
def on_complaint_separated(dispatch: Dispatch, event: ComplaintSeparated, fact: Received) -> None:
    dispatch.separate(event.separated_at)


@reactions.on(CustomerWrote)
def on_customer_wrote(dispatch: Dispatch, event: CustomerWrote, fact: Received) -> None:
    dispatch.remind_of(event, fact.id, event.written_at)


@reactions.on(ComplaintWithdrawn)
def on_complaint_withdrawn(dispatch: Dispatch, event: ComplaintWithdrawn, fact: Received) -> None:
    dispatch.remind_of(event, fact.id, event.withdrawn_at)
    dispatch.close(event.withdrawn_at)


@reactions.on(CustomerErased)
def on_customer_erased(dispatch: Dispatch, event: CustomerErased, fact: Received) -> None:
    """People gave reasons in which the customer may be recognised."""
    dispatch.forget()


@reactions.on(CaseAccepted)
def on_case_accepted(dispatch: Dispatch, event: CaseAccepted, fact: Received) -> None:
    dispatch.worked_by = event.handler_id


@reactions.on(PromiseKept)
def on_promise_kept(dispatch: Dispatch, event: PromiseKept, fact: Received) -> None:
    dispatch.reply_in_time(event.handler_id, fact, event.kept_at)


@reactions.on(PromiseBroken)
def on_promise_broken(dispatch: Dispatch, event: PromiseBroken, fact: Received) -> None:
    dispatch.remind_of(event, fact.id, event.broken_at)
    if not event.waiting_for_customer:
        dispatch.break_promise(event.handler_id, fact, event.broken_at)


@reactions.on(CaseResumed)
def on_case_resumed(dispatch: Dispatch, event: CaseResumed, fact: Received) -> None:
    dispatch.resume(fact, event.resumed_at)


@reactions.on(CaseClosed)
def on_case_closed(dispatch: Dispatch, event: CaseClosed, fact: Received) -> None:
    dispatch.end(event.outcome, fact, event.closed_at)
    dispatch.close(event.closed_at)


@reactions.on(TrainingNeeded)
def on_training_needed(dispatch: Dispatch, event: TrainingNeeded, fact: Received) -> None:
    dispatch.need_training(event)
