"""Events in: what makes routing decide, release or tell somebody."""

from services.routing.model import Dispatch
from services.routing.store import DispatchStore
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
from shared.events.vocabulary import Severity
from shared.reactions import Reactions
from shared.taxonomy import versions

reactions: Reactions[Dispatch] = Reactions("routing", DispatchStore())


@reactions.on(ComplaintRegistered)
def on_complaint_registered(dispatch: Dispatch, event: ComplaintRegistered, fact: Received) -> None:
    dispatch.reference, dispatch.registered_at = event.reference, event.registered_at
    dispatch.language, dispatch.against = event.language.value, event.against
    dispatch.traceparent = telemetry.traceparent()
    dispatch.triage(event)


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(dispatch: Dispatch, event: ComplaintSupplemented, fact: Received) -> None:
    dispatch.supplement(event)


@reactions.on(ComplaintCoded)
def on_complaint_coded(dispatch: Dispatch, event: ComplaintCoded, fact: Received) -> None:
    main = event.codes[0]
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
    """A person at the triage desk may have given a reason in which the customer can be recognised."""
    dispatch.forget()


@reactions.on(CaseClosed)
def on_case_closed(dispatch: Dispatch, event: CaseClosed, fact: Received) -> None:
    dispatch.close(event.closed_at)


@reactions.on(PromiseBroken)
def on_promise_broken(dispatch: Dispatch, event: PromiseBroken, fact: Received) -> None:
    dispatch.remind_of(event, fact.id, event.broken_at)
