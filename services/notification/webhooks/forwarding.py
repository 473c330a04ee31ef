"""Events as they wait to be sent: kept once for all webhooks, also for those that may want them later."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from services.notification.delivery import Delivery, Forwarded
from services.notification.model import Conversation
from services.notification.webhooks.filters import Subscription
from shared.database import Transaction, sql
from shared.events.vocabulary import Severity

_LIVE = sql(
    "SELECT id, event_types, audiences, categories, least_severity, since FROM subscriptions WHERE enabled"
)
_KEEP = sql(
    "INSERT INTO forwarded_events (event_id, complaint_id, event_type, at, body) "
    "SELECT event_id, complaint_id, event_type, at, body "
    "FROM jsonb_populate_recordset(NULL::forwarded_events, CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
)
_KNOWN = sql(
    "SELECT event_id, complaint_id, event_type, at, body FROM forwarded_events "
    "WHERE complaint_id = ANY(CAST(:ids AS uuid[])) ORDER BY number"
)


async def live(transaction: Transaction) -> tuple[Subscription, ...]:
    """The webhooks that are switched on."""
    return tuple(subscription(dict(row)) for row in (await transaction.execute(_LIVE)).mappings())


def subscription(row: Mapping[str, Any]) -> Subscription:
    least = row["least_severity"]
    return Subscription(
        row["id"],
        tuple(row["event_types"]),
        tuple(row["audiences"]),
        tuple(row["categories"]),
        Severity(least) if least else None,
        row["since"],
    )


async def keep(transaction: Transaction, changed: Collection[Conversation]) -> None:
    """Each once: an event that comes again does not bring back what was erased."""
    if events := [asdict(event) for each in changed for event in each.forwarded]:
        await transaction.execute(_KEEP, {"rows": to_json(events).decode()})


async def missed(transaction: Transaction, changed: Collection[Conversation]) -> list[Delivery]:
    """What webhooks that are for these complaints only now have missed of them."""
    joined = [each for each in changed if each.joined]
    if not joined:
        return []
    known: dict[UUID, list[Forwarded]] = {each.id: [] for each in joined}
    for row in (await transaction.execute(_KNOWN, {"ids": list(known)})).mappings():
        known[row["complaint_id"]].append(Forwarded(**row))
    return [delivery for each in joined for delivery in each.catch_up(known[each.id])]
