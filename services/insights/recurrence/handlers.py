"""Events in: what is compared with what others told, and what was done against it."""

from services.insights.recurrence.model import Signed
from services.insights.recurrence.signature import bands, said
from services.insights.recurrence.store import store
from shared.envelope import Received
from shared.events import (
    ComplaintRegistered,
    CustomerErased,
    ImprovementClosed,
    ImprovementOpened,
    ImprovementReopened,
)
from shared.reactions import Reactions

reactions: Reactions[Signed] = Reactions(store)


@reactions.on(ComplaintRegistered)
def on_complaint_registered(signed: Signed, event: ComplaintRegistered, fact: Received) -> None:
    signed.registered_at, signed.customer_id = event.registered_at, event.customer_id
    signed.product = event.product.label if event.product else None
    signed.said = said(event.statement.what_went_wrong)
    signed.bands = bands(signed.said)


@reactions.on(CustomerErased)
def on_customer_erased(signed: Signed, event: CustomerErased, fact: Received) -> None:
    """It stays part of its recurrence."""
    signed.erased_at = event.erased_at


@reactions.on(ImprovementOpened)
def on_improvement_opened(signed: Signed, event: ImprovementOpened, fact: Received) -> None:
    improved = signed.improved(event.improvement_id)
    improved.category, improved.product = event.category, event.product
    improved.opened_at = event.opened_at


@reactions.on(ImprovementClosed)
def on_improvement_closed(signed: Signed, event: ImprovementClosed, fact: Received) -> None:
    signed.improved(event.improvement_id).closed_at = event.closed_at


@reactions.on(ImprovementReopened)
def on_improvement_reopened(signed: Signed, event: ImprovementReopened, fact: Received) -> None:
    signed.improved(event.improvement_id).closed_at = None
