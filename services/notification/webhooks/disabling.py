"""A webhook that Redress switches off: a fact tells of it, and a letter its owner."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notification.channels import CannotDeliver, Receipt
from services.notification.delivery import Delivery
from services.notification.rules import WEBHOOK_DISABLED, Audience, Nature, Urgency
from services.notification.schedule import Schedule
from services.notification.store import queue
from services.notification.webhooks import health
from services.notification.webhooks.health import SwitchedOff
from shared.database import Transaction
from shared.events import WebhookDisabled
from shared.ids import derived_id


class Sent(Protocol):
    @property
    def complaint_id(self) -> UUID | None: ...
    @property
    def subscription_id(self) -> UUID | None: ...


class Tried(Protocol):
    """An attempt that is over."""

    @property
    def delivery(self) -> Sent: ...
    @property
    def result(self) -> Receipt | CannotDeliver: ...


async def learn(transaction: Transaction, schedule: Schedule, tried: Sequence[Tried], now: datetime) -> None:
    """Keep the health of the webhooks among these attempts, and tell of those that are switched off."""
    results = [
        (each.delivery.subscription_id, each.result)
        for each in tried
        if each.delivery.subscription_id is not None
    ]
    if not results:
        return
    about = {each.delivery.subscription_id: each.delivery.complaint_id for each in tried}
    for ended in await health.learn(transaction, schedule, results, now):
        # A ping is about no complaint: whoever pings looks at the log.
        if complaint_id := about[ended.id]:
            transaction.publish(_fact(ended, complaint_id, now), at=now)
            await queue(transaction, [_letter(ended, complaint_id, now)])


def _fact(ended: SwitchedOff, complaint_id: UUID, now: datetime) -> WebhookDisabled:
    return WebhookDisabled(
        complaint_id=complaint_id,
        webhook_id=ended.id,
        owner=ended.owner,
        reason=ended.reason,
        disabled_at=now,
    )


def _letter(ended: SwitchedOff, complaint_id: UUID, now: datetime) -> Delivery:
    return Delivery(
        derived_id(WEBHOOK_DISABLED, ended.id, ended.version),
        complaint_id,
        Audience.STAFF,
        f"{Audience.STAFF}/{WEBHOOK_DISABLED}",
        now,
        f"webhook/{ended.id}",
        urgency=Urgency.USUAL,
        nature=Nature.SERVICE,
        template=WEBHOOK_DISABLED,
        facts={"webhook_id": str(ended.id), "gone": ended.reason == health.GONE},
        recipient=ended.owner,
    )
