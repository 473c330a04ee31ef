"""The queue of deliveries: claimed under a lease, settled in bulk, told to the other services.

SKIP LOCKED is right here, because the order that matters (within a lane) is kept by the claim itself: it
takes only the oldest open delivery of a lane.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from services.notification import outcomes as told
from services.notification import schedule
from services.notification.channels import CannotDeliver, NotSent, Receipt, Withheld
from services.notification.digests import settling
from services.notification.messages import store as messages
from services.notification.rules import Audience, Channel, Nature, Urgency
from services.notification.store import DOORBELL
from shared.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that is ours to send until the lease ends, with what is needed to send it."""

    id: UUID
    complaint_id: UUID | None
    attempts: int
    """This one included."""
    template: str | None
    facts: dict[str, Any]
    reference: str | None
    kind: str | None
    handler_name: str | None
    promised_at: datetime | None
    subscription_id: UUID | None
    url: str | None
    secrets: tuple[str, ...]
    """Sealed; the newest first."""
    body: str | None
    recipient: str | None = None
    """Somebody of the company, by their id in the directory."""
    customer_id: UUID | None = None
    """A customer by their own id, of a field action."""
    channels: tuple[Channel, ...] = ()
    """The first of them that leads to the receiver is taken."""
    urgency: Urgency | None = None
    nature: Nature | None = None
    is_copy: bool = False
    """The same goes by another way, too."""
    leading_id: UUID | None = None
    """The complaint that this one was merged into."""


@dataclass(frozen=True, slots=True)
class Outcome:
    delivery: Leased
    result: Receipt | CannotDeliver | Withheld


# A delivery of a lane waits while an older one is open, unless that one has used up our patience or itself waits for
# the end of quiet hours. The end of the lease is the next time at which the row is due: a dead courier's rows come back
# by the same condition.
_CLAIM = text(
    """
WITH due AS (
    SELECT d.id, c.reference, c.kind, c.leading_id, coalesce(l.handler_name, c.handler_name) AS handler_name,
           CASE WHEN c.leading_id IS NULL THEN c.promised_at ELSE l.promised_at END AS promised_at, s.url, f.body,
           CASE WHEN s.previous_until > :now THEN ARRAY[s.secret, s.previous_secret]
                ELSE ARRAY[s.secret] END AS secrets
    FROM deliveries d
    LEFT JOIN conversations c ON c.id = d.complaint_id
    LEFT JOIN conversations l ON l.id = c.leading_id
    LEFT JOIN subscriptions s ON s.id = d.subscription_id
    LEFT JOIN forwarded_events f ON f.event_id = d.event_id
    WHERE d.audience = :audience AND d.status IN ('pending', 'leased') AND d.next_attempt_at <= :now
      AND (s.id IS NULL OR s.enabled) AND (s.paused_until IS NULL OR s.paused_until <= :now)
      AND NOT EXISTS (
          SELECT 1 FROM deliveries e
          WHERE e.lane = d.lane AND e.number < d.number AND e.status IN ('pending', 'leased')
            AND e.attempts < :patience AND (e.withheld IS NULL OR e.next_attempt_at <= :now))
    ORDER BY d.next_attempt_at, d.number LIMIT :limit
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries d
SET status = 'leased', lease_until = :until, next_attempt_at = :until, attempts = d.attempts + 1, withheld = NULL
FROM due WHERE d.id = due.id
RETURNING d.id, d.complaint_id, d.attempts, d.template, d.facts, d.channels[d.closed + 1:] AS channels, d.recipient,
          d.customer_id, d.subscription_id, d.urgency, d.nature, d.is_copy,
          due.reference, due.kind, due.leading_id, due.handler_name, due.promised_at, due.url, due.secrets, due.body
"""
)


# A batch of events that loaded a live webhook may commit after the webhook's end, which did not see its rows.
_LEFT_OVER = text(
    """
WITH left_over AS (
    SELECT d.id FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id
    WHERE d.audience = :audience AND d.status IN ('pending', 'leased') AND d.next_attempt_at <= :now
      AND NOT s.enabled
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries d
SET status = 'failed', settled_at = :now, lease_until = NULL, last_error = 'the webhook was switched off'
FROM left_over WHERE d.id = left_over.id
"""
)


async def claim(
    database: Database, audience: Audience, now: datetime, limit: int, lease: timedelta = schedule.LEASE
) -> list[Leased]:
    """Lease the deliveries that are due, the oldest of each lane."""
    async with database.transaction() as transaction:
        if audience is Audience.SUBSCRIBER:
            await transaction.execute(_LEFT_OVER, {"audience": audience, "now": now})
        rows = await transaction.execute(
            _CLAIM,
            {
                "audience": audience,
                "now": now,
                "until": now + lease,
                "patience": schedule.PATIENCE,
                "limit": limit,
            },
        )
        return [leased(row._mapping) for row in rows]


def leased(row: RowMapping) -> Leased:
    read = {
        "channels": tuple(Channel(channel) for channel in row["channels"]),
        "secrets": tuple(filter(None, row["secrets"])),
        "urgency": row["urgency"] and Urgency(row["urgency"]),
        "nature": row["nature"] and Nature(row["nature"]),
    }
    return Leased(**{**row, **read})


_DELIVERED = text(
    """
UPDATE deliveries d
SET status = 'delivered', settled_at = :now, lease_until = NULL, last_error = NULL, channel = u.channel,
    template_version = u.template_version, body_sha256 = u.body_sha256
FROM unnest(CAST(:ids AS uuid[]), CAST(:ways AS text[]), CAST(:versions AS text[]), CAST(:hashes AS bytea[]))
    AS u(id, channel, template_version, body_sha256)
WHERE d.id = u.id AND d.status NOT IN ('delivered', 'bounced')
RETURNING d.id, d.complaint_id, d.audience, d.template, d.attempts, d.channel, d.customer_id, d.facts, d.is_copy
"""
)
# What a late courier reports about an attempt that is not the newest any more does not count.
_NOT_DELIVERED = text(
    """
UPDATE deliveries d
SET status = CASE WHEN u.again IS NULL THEN u.ending ELSE 'pending' END,
    settled_at = CASE WHEN u.again IS NULL THEN CAST(:now AS timestamptz) END, channel = u.channel,
    next_attempt_at = coalesce(u.again, d.next_attempt_at), lease_until = NULL, last_error = u.reason
FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:agains AS timestamptz[]),
            CAST(:endings AS text[]), CAST(:reasons AS text[]), CAST(:ways AS text[]))
    AS u(id, attempts, again, ending, reason, channel)
WHERE d.id = u.id AND d.status = 'leased' AND d.attempts = u.attempts
RETURNING d.id, d.complaint_id, d.audience, d.template, d.attempts, d.channel, d.status, d.last_error,
          d.customer_id, d.facts, d.is_copy
"""
)


async def settle(database: Database, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write down what became of the deliveries, tell of those to customers, and keep the webhooks' health."""
    async with database.transaction() as transaction:
        # Locked before any delivery is touched, here and wherever a subscription is changed: no deadlock.
        await _lock_subscriptions(transaction, outcomes)
        sent = [(o.delivery, o.result) for o in outcomes if isinstance(o.result, Receipt)]
        failed = [(o.delivery, o.result) for o in outcomes if isinstance(o.result, CannotDeliver)]
        withheld = [
            (o.delivery.id, o.delivery.attempts, o.result) for o in outcomes if isinstance(o.result, Withheld)
        ]
        await settling.withhold(transaction, withheld, now)
        if sent:
            await _settle_sent(transaction, sent, now)
        if failed:
            await _settle_failed(transaction, failed, now)
        await _keep_health(transaction, sent, failed, now)


async def _settle_sent(
    transaction: Transaction, sent: Sequence[tuple[Leased, Receipt]], now: datetime
) -> None:
    rows = await transaction.execute(
        _DELIVERED,
        {
            "now": now,
            "ids": [delivery.id for delivery, _ in sent],
            "ways": [receipt.channel for _, receipt in sent],
            "versions": [receipt.template_version for _, receipt in sent],
            "hashes": [receipt.body_sha256 for _, receipt in sent],
        },
    )
    await messages.keep(transaction, [receipt.copy for _, receipt in sent if receipt.copy])
    for row in await settling.to_customers(transaction, rows.all(), now):
        transaction.publish(told.delivered(row, now), at=now)


async def _settle_failed(
    transaction: Transaction, failed: Sequence[tuple[Leased, CannotDeliver]], now: datetime
) -> None:
    agains = [
        None if why.final or why.gone else schedule.next_attempt(d.id, d.attempts, now, why.retry_after)
        for d, why in failed
    ]
    rows = await transaction.execute(
        _NOT_DELIVERED,
        {
            "now": now,
            "ids": [delivery.id for delivery, _ in failed],
            "attempts": [delivery.attempts for delivery, _ in failed],
            "agains": agains,
            "endings": ["not_sent" if isinstance(why, NotSent) else "failed" for _, why in failed],
            "ways": [why.channel for _, why in failed],
            "reasons": [why.reason[:500] for _, why in failed],
        },
    )
    given_up = [row for row in rows if row.status != "pending"]
    for row in await settling.to_customers(transaction, given_up, now):
        transaction.publish(told.failed(row, now), at=now)


async def _lock_subscriptions(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
    if ids := {o.delivery.subscription_id for o in outcomes} - {None}:
        await lock_subscriptions(transaction, [i for i in ids if i is not None])


async def lock_subscriptions(transaction: Transaction, ids: Sequence[UUID]) -> None:
    await transaction.execute(
        text("SELECT 1 FROM subscriptions WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"),
        {"ids": list(ids)},
    )


async def _keep_health(
    transaction: Transaction,
    sent: Sequence[tuple[Leased, Receipt]],
    failed: Sequence[tuple[Leased, CannotDeliver]],
    now: datetime,
) -> None:
    good = {delivery.subscription_id for delivery, _ in sent if delivery.subscription_id}
    bad = [d.subscription_id for d, _ in failed if d.subscription_id and d.subscription_id not in good]
    gone = {d.subscription_id for d, why in failed if d.subscription_id and why.gone}
    if good:
        await transaction.execute(
            text(
                "UPDATE subscriptions SET failures = 0, failing_since = NULL, paused_until = NULL "
                "WHERE id = ANY(:ids) AND failures > 0"
            ),
            {"ids": list(good)},
        )
    if not bad:
        return
    await transaction.execute(
        text(
            "UPDATE subscriptions s SET failures = s.failures + u.number, "
            "failing_since = coalesce(s.failing_since, :now), "
            "paused_until = CASE WHEN s.failures + u.number >= :most THEN CAST(:rested AS timestamptz) END "
            "FROM (SELECT id, count(*) AS number FROM unnest(CAST(:ids AS uuid[])) AS b(id) GROUP BY id) u "
            "WHERE s.id = u.id"
        ),
        {"ids": bad, "now": now, "most": schedule.PAUSE_AFTER, "rested": now + schedule.PAUSE},
    )
    disabled = await transaction.execute(
        text(
            "UPDATE subscriptions SET enabled = false, version = version + 1, "
            "disabled_reason = CASE WHEN id = ANY(:gone) THEN 'the receiver answered 410 Gone' "
            "ELSE 'no delivery succeeded for days' END "
            "WHERE enabled AND (id = ANY(:gone) OR (id = ANY(:ids) AND failing_since <= :before)) "
            "RETURNING id"
        ),
        {"gone": list(gone), "ids": bad, "before": now - schedule.DISABLE_AFTER},
    )
    await give_up(transaction, list(disabled.scalars()), now)


async def give_up(transaction: Transaction, subscription_ids: Sequence[UUID], now: datetime) -> None:
    """Nothing more is sent to these webhooks; what waited for them can be sent again by hand."""
    if subscription_ids:
        await transaction.execute(
            text(
                "UPDATE deliveries SET status = 'failed', settled_at = :now, lease_until = NULL, "
                "last_error = 'the webhook was switched off' "
                "WHERE subscription_id = ANY(:ids) AND status IN ('pending', 'leased')"
            ),
            {"ids": list(subscription_ids), "now": now},
        )


async def hand_back(database: Database, deliveries: Sequence[Leased], now: datetime) -> None:
    """End the lease of deliveries that were not begun, as if they had not been claimed."""
    async with database.transaction() as transaction:
        await transaction.execute(
            text(
                "UPDATE deliveries d SET status = 'pending', lease_until = NULL, next_attempt_at = :now, "
                "attempts = d.attempts - 1 "
                "FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[])) AS u(id, attempts) "
                "WHERE d.id = u.id AND d.status = 'leased' AND d.attempts = u.attempts"
            ),
            {"now": now, "ids": [d.id for d in deliveries], "attempts": [d.attempts for d in deliveries]},
        )
        await ring(transaction)


async def ring(transaction: Transaction) -> None:
    """Wake the couriers when the transaction commits."""
    await transaction.execute(text(f"NOTIFY {DOORBELL}"))
