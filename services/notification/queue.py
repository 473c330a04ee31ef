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
from services.notification.attempts import store as attempts
from services.notification.channels import CannotDeliver, NotSent, Receipt, Withheld
from services.notification.digests import settling
from services.notification.messages import store as messages
from services.notification.rules import Audience, Channel, Nature, Urgency
from services.notification.schedule import SCHEDULE, Schedule
from services.notification.store import ring
from services.notification.webhooks import disabling, health
from shared.database import Database, Transaction
from shared.rulebooks.store import load_books


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
    payload: str | None = None
    """How much of the event its webhook wants: `full` or `thin`."""
    tries: int = 1
    """The attempts that count for the schedule: since it was last sent again by hand. This one included."""
    recipient: str | None = None
    """Somebody of the company, by their id in the directory."""
    customer_id: UUID | None = None
    """A customer by their own id, of a field action."""
    channels: tuple[Channel, ...] = ()
    """The first of them that leads to the receiver is taken."""
    came_back: bool = False
    """It was lost by a way that is not among these any more."""
    urgency: Urgency | None = None
    nature: Nature | None = None
    is_copy: bool = False
    """The same goes by another way, too."""
    leading_id: UUID | None = None
    """The complaint that this one was merged into."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a delivery that was taken in hand."""

    delivery: Leased
    result: Receipt | CannotDeliver | Withheld
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that is over: what was withheld is none."""

    delivery: Leased
    result: Receipt | CannotDeliver
    began_at: datetime
    ended_at: datetime

    @property
    def delivery_id(self) -> UUID:
        return self.delivery.id

    @property
    def number(self) -> int:
        return self.delivery.attempts


# The end of the lease is the next time at which the row is due: a dead courier's rows come back by the same condition.
_CLAIM = text(
    f"""
WITH due AS (
    SELECT d.id, c.reference, c.kind, c.leading_id, coalesce(l.handler_name, c.handler_name) AS handler_name,
           CASE WHEN c.leading_id IS NULL THEN c.promised_at ELSE l.promised_at END AS promised_at,
           s.url, s.payload, f.body,
           ARRAY(SELECT w.sealed FROM webhook_secrets w
                 WHERE w.subscription_id = s.id AND (w.ends_at IS NULL OR w.ends_at > :now)
                 ORDER BY w.made_at DESC, w.id DESC) AS secrets
    FROM deliveries d
    LEFT JOIN conversations c ON c.id = d.complaint_id
    LEFT JOIN conversations l ON l.id = c.leading_id
    LEFT JOIN subscriptions s ON s.id = d.subscription_id
    LEFT JOIN forwarded_events f ON f.event_id = d.event_id
    WHERE d.audience = :audience AND d.status IN ('pending', 'leased') AND d.next_attempt_at <= :now
      AND (s.id IS NULL OR d.id = ANY(:probes)
           OR (s.enabled AND s.failures < :pause_after AND (s.paused_until IS NULL OR s.paused_until <= :now)))
      AND {health.FREE}
    ORDER BY d.next_attempt_at, d.number LIMIT :limit
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries d
SET status = 'leased', lease_until = :until, next_attempt_at = :until, attempts = d.attempts + 1, withheld = NULL
FROM due WHERE d.id = due.id
RETURNING d.id, d.complaint_id, d.attempts, d.attempts - d.attempts_before AS tries, d.template, d.facts,
          d.channels[d.closed + 1:] AS channels, d.closed > 0 AS came_back, d.recipient, d.customer_id,
          d.subscription_id, d.urgency, d.nature, d.is_copy, due.reference, due.kind, due.leading_id,
          due.handler_name, due.promised_at, due.url, due.payload, due.secrets, due.body
"""  # noqa: S608 - a condition of our own
)


async def claim(
    database: Database, audience: Audience, now: datetime, limit: int, lease: timedelta = schedule.LEASE
) -> list[Leased]:
    """Lease the deliveries that are due, the oldest of each lane."""
    async with database.transaction() as transaction:
        waits = await in_force(transaction)
        probes: list[UUID] = []
        if audience is Audience.SUBSCRIBER:
            probes = await health.before_claim(transaction, waits, now)
        rows = await transaction.execute(
            _CLAIM,
            {
                "audience": audience,
                "now": now,
                "until": now + lease,
                "probes": probes,
                "pause_after": waits.pause_after,
                "patience": waits.patience,
                "limit": limit,
            },
        )
        return [leased(row._mapping) for row in rows]


async def in_force(transaction: Transaction) -> Schedule:
    """The schedule by which deliveries are tried now."""
    return (await load_books(transaction.connection, SCHEDULE)).read(SCHEDULE)


def leased(row: RowMapping) -> Leased:
    read = {
        "channels": tuple(Channel(channel) for channel in row["channels"]),
        "secrets": tuple(row["secrets"]),
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
        waits = await in_force(transaction)
        # Locked before any delivery is touched, here and wherever a subscription is changed: no deadlock.
        await health.lock(
            transaction, [o.delivery.subscription_id for o in outcomes if o.delivery.subscription_id]
        )
        sent = [(o.delivery, o.result) for o in outcomes if isinstance(o.result, Receipt)]
        failed = [(o.delivery, o.result) for o in outcomes if isinstance(o.result, CannotDeliver)]
        withheld = [
            (o.delivery.id, o.delivery.attempts, o.result) for o in outcomes if isinstance(o.result, Withheld)
        ]
        await settling.withhold(transaction, withheld, now)
        if sent:
            await _settle_sent(transaction, sent, now)
        if failed:
            await _settle_failed(transaction, failed, waits, now)
        tried = [
            Tried(o.delivery, o.result, o.began_at, o.ended_at)
            for o in outcomes
            if not isinstance(o.result, Withheld)
        ]
        await attempts.record(transaction, tried)
        await disabling.learn(transaction, waits, tried, now)


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
    transaction: Transaction,
    failed: Sequence[tuple[Leased, CannotDeliver]],
    waits: Schedule,
    now: datetime,
) -> None:
    agains = [
        None if why.final or why.gone else waits.next_attempt(d.id, d.tries, now, why.retry_after)
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
