"""HTTP in: webhooks, and the log of deliveries."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import from_json, to_json
from sqlalchemy import select

from services.notification import webhooks
from services.notification.books import BOOKS
from services.notification.briefings.api import router as briefings
from services.notification.rules import Audience
from services.notification.schemas import (
    DeliveryView,
    NewWebhook,
    Ping,
    RotatedSecret,
    Status,
    Webhook,
    WebhookChange,
    WebhookWithSecret,
)
from services.notification.staff.api import router as inbox
from services.notification.store import deliveries, subscriptions
from services.notification.wording.api import router as wording
from shared import etag, pages, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.etag import IfMatch
from shared.guard import ForbiddenTarget, Guard
from shared.idempotency import Answer, IdempotencyKey, once
from shared.openapi import TAGGED
from shared.pages import Cursor, Limit, Page
from shared.problems import Problem
from shared.rulebooks import api as rulebooks
from shared.seal import Seal
from shared.service import Context, Ctx, api_router

router = api_router()
for room in (inbox, briefings, wording, rulebooks.routes(*BOOKS)):
    router.include_router(room)

Subscriber = Annotated[Principal, may("webhooks:write", "complaints:read")]
"""Events say what complaints say: whoever has them sent must be allowed to read those."""
Owner = Annotated[Principal, may("webhooks:write")]
Reader = Annotated[Principal, may("deliveries:read")]


@router.post(
    "/webhooks",
    status_code=201,
    response_model=WebhookWithSecret,
    tags=["webhooks"],
    summary="Subscribe to events",
    responses=problems.documented(),
)
async def create_webhook(
    new: NewWebhook, who: Subscriber, ctx: Ctx, request: Request, key: IdempotencyKey = None
) -> Response:
    """From now on every fact of these types is posted to the URL as a CloudEvent (structured JSON), signed as
    Standard Webhooks asks. The answer shows the signing secret, once."""
    await _check(ctx, new.url)
    seal = ctx.part(Seal)

    async def work(transaction: Transaction) -> Answer:
        webhook, sealed = await webhooks.create(transaction, new, who, seal)
        return _answer(201, webhook.model_dump(mode="json") | {"secret": sealed})

    return _unsealed(await once(request, ctx.database, who.id, key, work), seal)


@router.get("/webhooks", tags=["webhooks"], summary="List webhooks", responses=problems.documented())
async def list_webhooks(who: Owner, ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[Webhook]:
    """One's own, the newest first; an administrator sees all."""
    query = select(subscriptions).where(webhooks.visible(who))
    query = pages.part(query, limit, cursor, subscriptions.c.id, newest_first=True)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).all()
    return pages.page(rows, limit, lambda row: webhooks.view(row._asdict()), lambda row: (row.id,))


@router.get(
    "/webhooks/{webhook_id}",
    tags=["webhooks"],
    summary="Read a webhook",
    responses=problems.documented(404) | TAGGED,
)
async def read_webhook(webhook_id: UUID, who: Owner, ctx: Ctx, response: Response) -> Webhook:
    """Its settings and its health."""
    async with ctx.database.reading() as connection:
        found = await webhooks.find(connection, webhook_id, who)
    response.headers["ETag"] = etag.tag(found.version)
    return found


@router.patch(
    "/webhooks/{webhook_id}",
    response_model=Webhook,
    tags=["webhooks"],
    summary="Change a webhook",
    responses=problems.documented(404, 412),
)
async def change_webhook(
    webhook_id: UUID,
    wanted: WebhookChange,
    who: Subscriber,
    ctx: Ctx,
    request: Request,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Another URL, other events, on or off. One that Redress switched off is switched on again here."""
    if wanted.url is not None:
        await _check(ctx, wanted.url)

    async def work(transaction: Transaction) -> Answer:
        before = await webhooks.held(transaction, webhook_id, who, if_match)
        after = await webhooks.change(transaction, before, wanted)
        return _answer(200, after.model_dump(mode="json"))

    return etag.tagged(await once(request, ctx.database, who.id, key, work))


@router.delete(
    "/webhooks/{webhook_id}",
    status_code=204,
    tags=["webhooks"],
    summary="End a subscription",
    responses=problems.documented(404, 412),
)
async def delete_webhook(webhook_id: UUID, who: Owner, ctx: Ctx, if_match: IfMatch = None) -> None:
    """Nothing more is sent; what was waiting is given up. The delivery log stays."""
    async with ctx.database.transaction() as transaction:
        await webhooks.delete(transaction, await webhooks.held(transaction, webhook_id, who, if_match))


@router.post(
    "/webhooks/{webhook_id}/rotate-secret",
    response_model=RotatedSecret,
    tags=["webhooks"],
    summary="Change the signing secret",
    responses=problems.documented(404, 412),
)
async def rotate_secret(
    webhook_id: UUID,
    who: Owner,
    ctx: Ctx,
    request: Request,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """The answer shows the new secret, once. For 24 hours the old one signs beside it."""
    seal = ctx.part(Seal)

    async def work(transaction: Transaction) -> Answer:
        before = await webhooks.held(transaction, webhook_id, who, if_match)
        after, sealed = await webhooks.rotate(transaction, before, seal)
        shown = after.model_dump(mode="json", include={"previous_secret_until", "version"})
        return _answer(200, shown | {"secret": sealed})

    return _unsealed(await once(request, ctx.database, who.id, key, work), seal)


@router.post(
    "/webhooks/{webhook_id}/ping",
    status_code=202,
    response_model=Ping,
    tags=["webhooks"],
    summary="Try a webhook",
    responses=problems.documented(404, 409),
)
async def ping_webhook(
    webhook_id: UUID, who: Owner, ctx: Ctx, request: Request, key: IdempotencyKey = None
) -> Response:
    """Posts a `redress.webhook.ping` event; the delivery log shows what the receiver answered."""

    async def work(transaction: Transaction) -> Answer:
        webhook = await webhooks.held(transaction, webhook_id, who, None)
        return _answer(202, {"delivery_id": str(await webhooks.ping(transaction, webhook))})

    return await once(request, ctx.database, who.id, key, work)


@router.get(
    "/deliveries", tags=["deliveries"], summary="Read the delivery log", responses=problems.documented()
)
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
    shown = [deliveries.c[n] for n in DeliveryView.model_fields if n in deliveries.c]
    query = select(*shown, deliveries.c.subscription_id, deliveries.c.number)
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


@router.post(
    "/deliveries/{delivery_id}/resend",
    status_code=202,
    response_model=Ping,
    tags=["deliveries"],
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
        await webhooks.resend(transaction, delivery_id, who)
        return _answer(202, {"delivery_id": str(delivery_id)})

    return await once(request, ctx.database, who.id, key, work)


async def _check(ctx: Context, url: str) -> None:
    """Tell the subscriber now what every delivery would run into."""
    try:
        await ctx.part(Guard).check(url)
    except (ForbiddenTarget, OSError) as error:
        why = str(error) if isinstance(error, ForbiddenTarget) else "the name cannot be resolved; check it"
        raise Problem(
            422, "invalid-request", "Webhooks cannot go to this URL", f"{why}.", field="body/url"
        ) from None


def _answer(status: int, content: dict[str, Any]) -> Answer:
    return Answer(status, to_json(content))


def _unsealed(response: Response, seal: Seal) -> Response:
    """What is kept for a retry of the request has the secret sealed; the caller gets it readable."""
    content = from_json(bytes(response.body))
    content["secret"] = seal.open(content["secret"])
    replayed = {"Idempotent-Replayed": "true"} if "Idempotent-Replayed" in response.headers else {}
    shown = Response(to_json(content), response.status_code, replayed, "application/json")
    return etag.tagged(shown)
