"""Facts that notification publishes."""

from datetime import datetime
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS


@registry.event("redress.message.delivered", topic=TOPICS.notification)
class MessageDelivered(Event):
    """The receiving side took the message."""

    delivery_id: UUID
    template: str
    channel: str
    attempts: int
    delivered_at: datetime


@registry.event("redress.message.failed", topic=TOPICS.notification)
class MessageFailed(Event):
    """Every attempt failed; somebody must reach the person in another way."""

    delivery_id: UUID
    template: str
    channel: str
    attempts: int
    reason: str
    failed_at: datetime
