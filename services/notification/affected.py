"""What a letter to somebody who is affected by a field action says. Pure."""

from typing import Any

from shared.events import FieldActionCustomerAddressed


def letter_facts(event: FieldActionCustomerAddressed) -> dict[str, Any]:
    """As JSON."""
    return {
        "field_action_id": str(event.field_action_id),
        "field_action": event.reference,
        "measures": [measure.value for measure in event.measures],
        **event.announcement.model_dump(mode="json"),
    }
