"""HTTP in: the log of deliveries."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import Select, select

from services.notification.attempts import resending
from services.notification.attempts.schemas import (
    AttemptView,
    DeliveryInDetail,
    DeliveryView,
    Queued,
    Status,
)
from services.notification.rules import Audience
from services.notification.store import attempts, deliveries, webhooks
from shared import pages, problems
from shared.auth import ADMIN, Principal, may
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey, once
from shared.pages import Cursor, Limit, Page
from shared.service import Ctx, api_router

router = api_router(tags=["deliveries"])

Reader = Annotated[Principal, may("deliveries:read")]

MOST_SHOWN = 100
"""Attempts of one delivery; the schedule makes far fewer."""


@router.get("/deliveries", summary="Read the delivery log", responses=problems.documented())
async def list_deliveries(
    who: Reader,
    ctx: Ctx,
    complaint_id: UUID | None = None,
    webhook_id: UUID | None = None,
    status: Annotated[Status | None, Query(description="Only those that stand so.")] = None,
    audience: Annotated[
        Audience | None, Query(description="Only to customers, to staff or to subscribers' webhooks.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryView]:
    """Every message to a customer or to people of the company, and every webhook call, the newest first: sent or
    not, and why not."""
    query = _shown()
    if complaint_id is not None:
        query = query.where(deliveries.c.complaint_id == complaint_id)
    if webhook_id is not None:
        query = query.where(deliveries.c.subscription_id == webhook_id)
    if audience is not None:
        query = query.where(deliveries.c.audience == audience.value)
    if status is not None:
        query = query.where(deliveries.c.status == status.value)
    query = pages.part(query, limit, cursor, deliveries.c.number, newest_first=True)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).all()
    return pages.page(rows, limit, DeliveryView.of, lambda row: (row.number,))


def _shown() -> Select[tuple[object, ...]]:
    shown = [deliveries.c[n] for n in DeliveryView.model_fields if n in deliveries.c]
    return select(*shown, deliveries.c.subscription_id, deliveries.c.number)


@router.get("/deliveries/{delivery_id}", summary="Read a delivery", responses=problems.documented(404))
async def read_delivery(delivery_id: UUID, who: Reader, ctx: Ctx) -> DeliveryInDetail:
    """With every attempt: when, by which way, what the receiver answered. What a webhook's receiver said is shown to
    its owner and administrators."""
    table, hooks = attempts, webhooks.subscriptions
    tried = (
        select(table)
        .where(table.c.delivery_id == delivery_id)
        .order_by(table.c.number.desc())
        .limit(MOST_SHOWN)
    )
    owner = select(hooks.c.owner).join(deliveries, deliveries.c.subscription_id == hooks.c.id)
    async with ctx.database.reading() as connection:
        row = (await connection.execute(_shown().where(deliveries.c.id == delivery_id))).one_or_none()
        if row is None:
            raise problems.not_found("delivery", "path/delivery_id")
        found = (await connection.execute(tried)).mappings().all()
        whose = (await connection.execute(owner.where(deliveries.c.id == delivery_id))).scalar_one_or_none()
    hidden = {} if who.may(ADMIN) or whose == who.id else {"answer": None}
    return DeliveryInDetail(
        **DeliveryView.values(row), tries=[AttemptView(**{**each, **hidden}) for each in found]
    )


@router.get(
    "/deliveries/{delivery_id}/event", summary="Read an event in full", responses=problems.documented(404)
)
async def read_event(
    delivery_id: UUID, who: Annotated[Principal, may("webhooks:write", "complaints:read")], ctx: Ctx
) -> Response:
    """The CloudEvent that a webhook was sent, or, if it wants thin ones, was told of. For the webhook's owner and
    administrators; what belongs to an erased customer is gone."""
    hooks, events = webhooks.subscriptions, webhooks.forwarded_events
    query = (
        select(events.c.body)
        .join(deliveries, deliveries.c.event_id == events.c.event_id)
        .join(hooks, hooks.c.id == deliveries.c.subscription_id)
        .where(deliveries.c.id == delivery_id, events.c.body != "")
    )
    if not who.may(ADMIN):
        query = query.where(hooks.c.owner == who.id)
    async with ctx.database.reading() as connection:
        body = (await connection.execute(query)).scalar_one_or_none()
    if body is None:
        raise problems.not_found("event", "path/delivery_id")
    return Response(body, media_type="application/cloudevents+json")


@router.post(
    "/deliveries/{delivery_id}/resend",
    status_code=202,
    response_model=Queued,
    summary="Send a delivery again",
    responses=problems.documented(404, 409),
)
async def resend_delivery(
    delivery_id: UUID, who: Reader, ctx: Ctx, request: Request, key: IdempotencyKey = None
) -> Response:
    """For what was given up, was not sent, or got lost at the receiver. It keeps its id, by which a receiver
    knows it. A message to a customer needs the scope `cases:work`; an event needs `webhooks:write`, and only
    the owner of its webhook and administrators can send it again."""

    async def work(transaction: Transaction) -> Answer:
        await resending.resend(transaction, delivery_id, who)
        return Answer(202, to_json({"delivery_id": str(delivery_id)}))

    return await once(request, ctx.database, who.id, key, work)
