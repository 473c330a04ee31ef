"""Events in: what is told in words."""

from services.insights.tellings.model import Telling
from services.insights.tellings.store import TellingStore
from shared.envelope import Received
from shared.events import ComplaintRegistered, ComplaintSupplemented, CustomerErased
from shared.reactions import Reactions

reactions: Reactions[Telling] = Reactions(TellingStore())


@reactions.on(ComplaintRegistered)
def on_complaint_registered(telling: Telling, event: ComplaintRegistered, fact: Received) -> None:
    telling.registered_at, telling.customer_id = event.registered_at, event.customer_id
    telling.language = event.language.value
    telling.product = event.product.label if event.product else None
    told = event.statement
    telling.what_went_wrong, telling.feeling, telling.wanted = told.what_went_wrong, told.feeling, told.wanted


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(telling: Telling, event: ComplaintSupplemented, fact: Received) -> None:
    """Once the customer is erased, nothing more is kept."""
    if telling.erased:
        return
    if event.product is not None and event.product.label is not None:
        telling.product = event.product.label
    words = "\n".join(part for part in (event.said, event.feeling, event.wanted) if part)
    if words or event.emotion:
        telling.added.append(words)


@reactions.on(CustomerErased)
def on_customer_erased(telling: Telling, event: CustomerErased, fact: Received) -> None:
    telling.forget()
