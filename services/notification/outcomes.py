"""What is told of a customer's message that was delivered or given up. Pure."""

from datetime import datetime
from typing import Any

from services.notification.rules import Channel
from shared.events import Event, FieldLetterDelivered, FieldLetterFailed, MessageDelivered, MessageFailed

NO_CHANNEL = "none"
"""No way was tried, because none leads to the customer."""


def delivered(row: Any, now: datetime) -> Event:
    """The fact that the receiving side took it. A letter about a field action has a fact of its own."""
    if row.customer_id is not None:
        return FieldLetterDelivered(
            complaint_id=row.complaint_id,
            field_action_id=row.facts["field_action_id"],
            customer_id=row.customer_id,
            delivery_id=row.id,
            channel=row.channel,
            delivered_at=now,
        )
    return MessageDelivered(
        complaint_id=row.complaint_id,
        delivery_id=row.id,
        template=row.template,
        channel=row.channel,
        attempts=row.attempts,
        delivered_at=now,
    )


def failed(row: Any, now: datetime, next_channel: Channel | None = None) -> Event:
    """The fact that it was given up, or came back: somebody must reach the customer in another way, unless the
    next way is tried."""
    if row.customer_id is not None:
        return FieldLetterFailed(
            complaint_id=row.complaint_id,
            field_action_id=row.facts["field_action_id"],
            customer_id=row.customer_id,
            delivery_id=row.id,
            reason=row.last_error,
            failed_at=now,
        )
    return MessageFailed(
        complaint_id=row.complaint_id,
        delivery_id=row.id,
        template=row.template,
        channel=row.channel or NO_CHANNEL,
        attempts=row.attempts,
        reason=row.last_error,
        failed_at=now,
        next_channel=next_channel.value if next_channel else None,
    )
