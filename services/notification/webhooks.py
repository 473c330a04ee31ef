"""Subscriptions: made, changed, rotated, tried and ended."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import ColumnElement, and_, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification import queue
from services.notification.delivery import Delivery
from services.notification.rules import Audience, Channel
from services.notification.schemas import NewWebhook, Webhook, WebhookChange
from services.notification.signing import new_secret
from services.notification.store import forwarded_events, subscriptions
from services.notification.store import queue as queue_deliveries
from shared import clock, etag, problems
from shared.auth import ADMIN, Principal
from shared.database import Transaction
from shared.ids import new_id
from shared.problems import Problem
from shared.seal import Seal

OLD_SECRET_SIGNS = timedelta(hours=24)
"""After a rotation both secrets sign, so that the receiver can change over without losing anything."""

PING = "redress.webhook.ping"


async def create(
    transaction: Transaction, new: NewWebhook, who: Principal, seal: Seal
) -> tuple[Webhook, str]:
    """The webhook, and its secret sealed."""
    sealed = seal.close(new_secret())
    row = await transaction.execute(
        insert(subscriptions)
        .values(id=new_id(), owner=who.id, **new.model_dump(), secret=sealed, created_at=clock.now())
        .returning(subscriptions)
    )
    return view(row.one()._asdict()), sealed


def visible(who: Principal) -> ColumnElement[bool]:
    """The live webhooks that are this caller's business: their own, and all of them for an administrator."""
    live = subscriptions.c.deleted_at.is_(None)
    return live if who.may(ADMIN) else and_(live, subscriptions.c.owner == who.id)


async def find(connection: AsyncConnection, webhook_id: UUID, who: Principal) -> Webhook:
    """Raises a 404 problem, for somebody else's webhook too."""
    query = select(subscriptions).where(subscriptions.c.id == webhook_id, visible(who))
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise problems.not_found("webhook", "path/webhook_id")
    return view(row._asdict())


async def held(transaction: Transaction, webhook_id: UUID, who: Principal, if_match: str | None) -> Webhook:
    """The webhook, locked for a change. Raises problems: 404, and 412 when it is not as the caller saw it."""
    await queue.lock_subscriptions(transaction, [webhook_id])
    found = await find(transaction.connection, webhook_id, who)
    etag.must_match(if_match, found.version, "webhook", "订阅")
    return found


async def change(transaction: Transaction, before: Webhook, wanted: WebhookChange) -> Webhook:
    values: dict[str, Any] = wanted.model_dump(exclude_unset=True)
    values = {name: value for name, value in values.items() if value is not None or name == "description"}
    if wanted.enabled is not None:
        values |= {"disabled_reason": None, "failures": 0, "failing_since": None, "paused_until": None}
    if wanted.enabled is False:
        await queue.give_up(transaction, [before.id], clock.now())
    return await _update(transaction, before, values)


async def delete(transaction: Transaction, before: Webhook) -> None:
    """It stays as a row for the sake of the delivery log; its secret does not."""
    now = clock.now()
    await queue.give_up(transaction, [before.id], now)
    nothing = {"secret": "", "previous_secret": None, "previous_until": None}
    await _update(transaction, before, {"enabled": False, "deleted_at": now, **nothing})


async def rotate(transaction: Transaction, before: Webhook, seal: Seal) -> tuple[Webhook, str]:
    """The webhook, and its new secret sealed; the old one signs beside it for a while."""
    sealed = seal.close(new_secret())
    values = {
        "previous_secret": subscriptions.c.secret,
        "previous_until": clock.now() + OLD_SECRET_SIGNS,
        "secret": sealed,
    }
    return await _update(transaction, before, values), sealed


async def ping(transaction: Transaction, webhook: Webhook) -> UUID:
    """Queue a delivery that tells nothing, to try the receiver. Raises a 409 problem."""
    if not webhook.enabled:
        raise problems.conflict("The webhook is switched off", 'Switch it on first: PATCH {"enabled": true}.')
    event_id, delivery_id, now = new_id(), new_id(), clock.now()
    event = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/redress/notification",
        "type": f"{PING}.v1",
        "subject": str(webhook.id),
        "time": now,
        "datacontenttype": "application/json",
        "data": {},
    }
    await transaction.execute(
        insert(forwarded_events).values(event_id=event_id, complaint_id=None, body=to_json(event).decode())
    )
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
    await queue_deliveries(transaction, [delivery])
    return delivery_id


async def resend(transaction: Transaction, delivery_id: UUID, who: Principal) -> None:
    """Queue a settled delivery again, under the same id. Raises problems: 403, 404, 409."""
    now = clock.now()
    found = await transaction.execute(
        text(
            "SELECT d.status, d.template, s.owner, s.enabled FROM deliveries d "
            "LEFT JOIN subscriptions s ON s.id = d.subscription_id WHERE d.id = :id FOR UPDATE OF d"
        ),
        {"id": delivery_id},
    )
    row = found.one_or_none()
    if row is None:
        raise problems.not_found("delivery", "path/delivery_id")
    # A letter to a customer is part of the work on their case; an event is its subscriber's.
    needed = "webhooks:write" if row.template is None else "cases:work"
    if not who.may(needed):
        raise Problem(
            403,
            "forbidden",
            "This key may not do that",
            f"To send this delivery again, it lacks the scope {needed}.",
            field="header/Authorization",
        )
    if row.template is None and row.owner != who.id and not who.may(ADMIN):
        raise problems.not_found("delivery", "path/delivery_id")
    if row.status not in {"delivered", "failed", "not_sent", "bounced", "declined"}:
        raise problems.conflict(
            "It is on its way",
            "Only what was delivered or given up can be sent again.",
            status_now=row.status,
        )
    if row.enabled is False:
        raise problems.conflict("Its webhook is switched off", "Switch the webhook on first.")
    await transaction.execute(
        text(
            "UPDATE deliveries SET status = 'pending', attempts = 0, settled_at = NULL, last_error = NULL, "
            "withheld = NULL, merged_into = NULL, closed = 0, next_attempt_at = :now WHERE id = :id"
        ),
        {"id": delivery_id, "now": now},
    )
    await queue.ring(transaction)


async def _update(transaction: Transaction, before: Webhook, values: Mapping[str, Any]) -> Webhook:
    row = await transaction.execute(
        update(subscriptions)
        .where(subscriptions.c.id == before.id)
        .values(**values, version=subscriptions.c.version + 1)
        .returning(subscriptions)
    )
    return view(row.one()._asdict())


def view(row: Mapping[str, Any]) -> Webhook:
    until = row["previous_until"]
    values = {name: row[name] for name in Webhook.model_fields if name in row}
    return Webhook(**values, previous_secret_until=until if until and until > clock.now() else None)
