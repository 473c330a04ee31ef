"""Events in: what is compared with what others told."""

from services.insights.recurrence.model import Signed
from services.insights.recurrence.signature import bands, said
from services.insights.recurrence.store import SignatureStore
from shared.envelope import Received
from shared.events import ComplaintRegistered, CustomerErased
from shared.reactions import Reactions

reactions: Reactions[Signed] = Reactions(SignatureStore())


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
