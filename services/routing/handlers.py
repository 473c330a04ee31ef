"""Events in: what makes routing decide, release or tell somebody."""

from services.routing.model import Dispatch
from services.routing.store import DispatchStore
from services.routing.triage.rules import RULES, decide
from shared import telemetry
from shared.envelope import Received
from shared.events import (
    CaseClosed,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    CustomerErased,
    CustomerWrote,
    PromiseBroken,
)
from shared.events.vocabulary import Severity, Visibility
from shared.reactions import Reactions
from shared.taxonomy import versions

reactions: Reactions[Dispatch] = Reactions("routing", DispatchStore())


@reactions.on(ComplaintRegistered)
def on_complaint_registered(dispatch: Dispatch, event: ComplaintRegistered, fact: Received) -> None:
    dispatch.reference, dispatch.registered_at = event.reference, event.registered_at
    dispatch.language, dispatch.against = event.language.value, event.against
    dispatch.kind, dispatch.visibility = event.kind, event.visibility
    dispatch.accused = (event.accused_id,) if event.accused_id else ()
    dispatch.traceparent = telemetry.traceparent()
    told = event.statement
    decision = decide(
        dispatch.books.read(RULES),
        (told.what_went_wrong, told.feeling, told.wanted),
        public=event.visibility is Visibility.PUBLIC,
    )
    dispatch.triage(decision, event.registered_at)


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(dispatch: Dispatch, event: ComplaintSupplemented, fact: Received) -> None:
    if event.accused_id is not None:
        dispatch.accuse(event.accused_id, event.added_at)


@reactions.on(ComplaintCoded)
def on_complaint_coded(dispatch: Dispatch, event: ComplaintCoded, fact: Received) -> None:
    main = event.codes[0]
    dispatch.subcategory = main.subcategory
    dispatch.recode(main.category, _least_severity(event), event.reason, event.coded_at)


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


@reactions.on(CaseClosed)
def on_case_closed(dispatch: Dispatch, event: CaseClosed, fact: Received) -> None:
    dispatch.close(event.closed_at)


@reactions.on(PromiseBroken)
def on_promise_broken(dispatch: Dispatch, event: PromiseBroken, fact: Received) -> None:
    dispatch.remind_of(event, fact.id, event.broken_at)
