"""Subscriptions: made, changed and ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.store import webhooks
from services.notification.webhooks import health, secrets
from services.notification.webhooks.schemas import Health, NewWebhook, Webhook, WebhookChange, WebhookInDetail
from shared import clock, driver, etag, problems
from shared.auth import ADMIN, Lacking, Principal
from shared.database import Transaction, sql
from shared.events.vocabulary import Audience
from shared.ids import new_id
from shared.seal import Seal

subscriptions = webhooks.subscriptions

_WAITING = sql(
    "SELECT count(*) AS waiting, min(created_at) AS waiting_since FROM deliveries "
    "WHERE subscription_id = :id AND status IN ('pending', 'leased')"
)


async def create(
    transaction: Transaction, new: NewWebhook, who: Principal, seal: Seal
) -> tuple[Webhook, str]:
    """The webhook, and its secret sealed. Raises problems: 403, and 422 when it wants nothing."""
    must_want_something(new.event_types, new.audiences)
    must_read_notices(who, new.audiences)
    now = clock.now()
    row = await transaction.execute(
        insert(subscriptions)
        .values(
            id=new_id(),
            owner=who.id,
            **new.model_dump(mode="json", exclude={"signature"}),
            created_at=now,
            since=now,
        )
        .returning(subscriptions)
    )
    made = view(row.one()._asdict())
    return made, await secrets.first(transaction, made.id, new.signature, seal)


def must_want_something(event_types: Sequence[str], audiences: Sequence[str]) -> None:
    """Raises a 422 problem."""
    if not event_types and not audiences:
        raise problems.invalid(
            "The webhook would want nothing",
            "Name at least one of event_types, or one of audiences. 请至少选择一种事件或一类通知对象。",
            field="body/event_types",
        )


def must_read_notices(who: Principal, audiences: Sequence[str]) -> None:
    """Those for the person concerned are for that person alone, and for whoever may read everything.

    Raises a 403 problem.
    """
    for audience in audiences:
        own = f"notices:{audience}" if audience != Audience.PERSON_CONCERNED else "notices:read"
        if not who.may(own) and not who.may("notices:read"):
            raise Lacking(own)


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


async def in_detail(connection: AsyncConnection, webhook_id: UUID, who: Principal) -> WebhookInDetail:
    """Raises a 404 problem."""
    found = await find(connection, webhook_id, who)
    waiting = (await driver.run(connection, _WAITING, {"id": webhook_id})).one()
    return WebhookInDetail(**found.model_dump(), **waiting._asdict())


async def held(transaction: Transaction, webhook_id: UUID, who: Principal, if_match: str | None) -> Webhook:
    """The webhook, locked for a change. Raises problems: 404, and 412 when it is not as the caller saw it."""
    await health.lock(transaction, [webhook_id])
    found = await find(transaction.connection, webhook_id, who)
    etag.must_match(if_match, found.version, "webhook", "订阅")
    return found


async def change(transaction: Transaction, before: Webhook, wanted: WebhookChange, who: Principal) -> Webhook:
    """Raises problems: 403, and 422 when nothing would be wanted any more."""
    values = wanted.model_dump(mode="json", exclude_unset=True)
    nothing = {"description", "least_severity"}
    values = {name: value for name, value in values.items() if value is not None or name in nothing}
    must_read_notices(who, wanted.audiences or [])
    must_want_something(
        values.get("event_types", before.event_types), values.get("audiences", before.audiences)
    )
    if wanted.enabled is not None:
        values |= {"disabled_reason": None, "failures": 0, "failing_since": None, "paused_until": None}
    if wanted.enabled is False:
        await health.give_up(transaction, [before.id], clock.now())
    elif wanted.enabled and not before.enabled:
        values |= {"since": clock.now()}
    return await _update(transaction, before, values)


async def delete(transaction: Transaction, before: Webhook) -> None:
    """It stays as a row for the sake of the delivery log; its secrets do not."""
    now = clock.now()
    await health.give_up(transaction, [before.id], now)
    await secrets.end_all(transaction, before.id)
    await _update(transaction, before, {"enabled": False, "deleted_at": now})


async def touch(transaction: Transaction, before: Webhook) -> Webhook:
    """Something that belongs to it has changed: the next version."""
    return await _update(transaction, before, {})


async def _update(transaction: Transaction, before: Webhook, values: Mapping[str, Any]) -> Webhook:
    row = await transaction.execute(
        update(subscriptions)
        .where(subscriptions.c.id == before.id)
        .values(**values, version=subscriptions.c.version + 1)
        .returning(subscriptions)
    )
    return view(row.one()._asdict())


def view(row: Mapping[str, Any]) -> Webhook:
    values = {name: row[name] for name in Webhook.model_fields if name in row}
    return Webhook(**values, health=_health(row, clock.now()))


def _health(row: Mapping[str, Any], now: datetime) -> Health:
    if not row["enabled"]:
        return Health.OFF
    if row["paused_until"] is not None and row["paused_until"] > now:
        return Health.RESTING
    return Health.FAILING if row["failures"] else Health.WELL
