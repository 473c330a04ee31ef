"""To try a webhook, and to send again what was settled. A delivery keeps its id, by which the receiver knows it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.notification.delivery import Delivery
from services.notification.rules import Audience, Channel
from services.notification.store import queue, ring
from services.notification.webhooks import cloud_events
from services.notification.webhooks.schemas import Webhook
from shared import clock, problems
from shared.database import Transaction, sql
from shared.ids import new_id

MOST = 10_000
"""Deliveries that one request sends again."""

_PING = sql(
    "INSERT INTO forwarded_events (event_id, event_type, at, body) VALUES (:event_id, :type, :at, :body)"
)

# `attempts` goes on counting: it numbers the attempts, and fences couriers that report late.
AGAIN = (
    "status = 'pending', attempts_before = attempts, settled_at = NULL, last_error = NULL, withheld = NULL, "
    "merged_into = NULL, closed = 0, next_attempt_at = :now"
)

_SINCE = sql(
    f"""
WITH chosen AS (
    SELECT d.id, d.number FROM deliveries d JOIN forwarded_events f ON f.event_id = d.event_id
    WHERE d.subscription_id = :webhook AND d.status = ANY(CAST(:statuses AS text[])) AND f.body <> ''
      AND d.created_at >= :since AND d.created_at < :until AND d.number > :after
    ORDER BY d.number LIMIT :most
    FOR UPDATE OF d
), again AS (
    UPDATE deliveries SET {AGAIN} WHERE id IN (SELECT id FROM chosen)
)
SELECT count(*) AS queued, max(number) AS last FROM chosen
"""  # noqa: S608 - an assignment of our own
)


class Resent(NamedTuple):
    queued: int
    last: int | None
    """Number of the last of them, when there may be more."""


async def ping(transaction: Transaction, webhook: Webhook) -> UUID:
    """Queue a delivery that tells nothing, to try the receiver. Raises a 409 problem."""
    must_be_on(webhook)
    event_id, delivery_id, now = new_id(), new_id(), clock.now()
    event = {
        "event_id": event_id,
        "type": cloud_events.PING,
        "at": now,
        "body": cloud_events.ping(event_id, webhook.id, now),
    }
    await transaction.execute(_PING, event)
    delivery = Delivery(
        delivery_id,
        None,
        Audience.SUBSCRIBER,
        f"webhook/{webhook.id}",
        now,
        f"{webhook.id}/ping/{delivery_id}",
        (Channel.WEBHOOK,),
        subscription_id=webhook.id,
        event_id=event_id,
    )
    await queue(transaction, [delivery])
    return delivery_id


async def resend_since(
    transaction: Transaction,
    webhook: Webhook,
    since: datetime,
    until: datetime | None,
    *,
    only_failed: bool,
    after: int,
) -> Resent:
    """Queue again what was queued for the webhook in this time and is settled, the oldest first, MOST at once; behind
    the delivery with the number `after`. What was erased stays away. Raises a 409 problem."""
    must_be_on(webhook)
    now = clock.now()
    values = {
        "webhook": webhook.id,
        "statuses": ["failed", "not_sent"] if only_failed else ["failed", "not_sent", "delivered"],
        "since": since,
        "until": until or now,
        "after": after,
        "most": MOST,
        "now": now,
    }
    queued, last = (await transaction.execute(_SINCE, values)).one()
    if queued:
        await ring(transaction)
    return Resent(queued, last if queued == MOST else None)


def must_be_on(webhook: Webhook) -> None:
    """Raises a 409 problem."""
    if not webhook.enabled:
        raise problems.conflict(
            "The webhook is switched off",
            'Switch it on first: PATCH {"enabled": true}. 请先启用该订阅。',
        )
