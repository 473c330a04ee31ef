"""Letters to whoever is affected by a field action. Pure."""

from services.notification.model import Delivery
from services.notification.rules import FIELD_ACTION, Audience
from shared.events import FieldActionCustomerAddressed
from shared.ids import derived_id


def letter_to(event: FieldActionCustomerAddressed) -> Delivery:
    """The letter to a customer who may never have complained. It is about safety: it waits for nothing, and there is no
    way to opt out. The id makes it one for each customer and action, however often the fact comes."""
    return Delivery(
        derived_id("field-action", event.field_action_id, event.customer_id),
        event.complaint_id,
        Audience.CUSTOMER,
        f"{Audience.CUSTOMER}/{FIELD_ACTION}",
        event.addressed_at,
        f"field-action/{event.field_action_id}/{event.customer_id}",
        template=FIELD_ACTION,
        facts={
            "field_action_id": str(event.field_action_id),
            "field_action": event.reference,
            "measures": [measure.value for measure in event.measures],
            **event.announcement.model_dump(mode="json"),
        },
        customer_id=event.customer_id,
    )
