"""HTTP in: webhooks."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import from_json, to_json
from sqlalchemy import select

from services.notification.attempts.schemas import Queued
from services.notification.webhooks import again, secrets, signing, subscriptions
from services.notification.webhooks.schemas import (
    NewWebhook,
    RotatedSecret,
    SigningSecret,
    Webhook,
    WebhookChange,
    WebhookInDetail,
    WebhookWithSecret,
)
from services.notification.webhooks.signing import Scheme
from shared import etag, pages, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Editing
from shared.etag import IfMatch
from shared.guard import ForbiddenTarget, Guard
from shared.idempotency import Answer, IdempotencyKey, once
from shared.openapi import TAGGED
from shared.pages import Cursor, Limit, Page
from shared.seal import Seal
from shared.service import Context, Ctx, api_router

router = api_router(tags=["webhooks"])

Subscriber = Annotated[Principal, may("webhooks:write", "complaints:read")]
"""Events say what complaints say: whoever has them sent must be allowed to read those."""
Owner = Annotated[Principal, may("webhooks:write")]


@router.post(
    "/webhooks",
    status_code=201,
    response_model=WebhookWithSecret,
    summary="Subscribe to events",
    responses=problems.documented(),
)
async def create_webhook(
    new: NewWebhook, who: Subscriber, ctx: Ctx, request: Request, key: IdempotencyKey = None
) -> Response:
    """From now on every fact of these types is posted to the URL as a CloudEvent (structured JSON), signed as
    Standard Webhooks asks. The answer shows what verifies the signatures; a shared secret is shown once.

    With `categories` or `least_severity`: of complaints that fit, as soon as they do, and then what has happened to
    them since the webhook was switched on, too."""
    await _check(ctx, new.url)
    seal = ctx.part(Seal)

    async def work(transaction: Transaction) -> Answer:
        webhook, sealed = await subscriptions.create(transaction, new, who, seal)
        return _answer(201, webhook.model_dump(mode="json") | {"secret": sealed})

    return _unsealed(await once(request, ctx.database, who.id, key, work), seal)


@router.get("/webhooks", summary="List webhooks", responses=problems.documented())
async def list_webhooks(who: Owner, ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[Webhook]:
    """One's own, the newest first; an administrator sees all."""
    table = subscriptions.subscriptions
    query = select(table).where(subscriptions.visible(who))
    query = pages.part(query, limit, cursor, table.c.id, newest_first=True)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).all()
    return pages.page(rows, limit, lambda row: subscriptions.view(row._asdict()), lambda row: (row.id,))


@router.get("/webhooks/{webhook_id}", summary="Read a webhook", responses=problems.documented(404) | TAGGED)
async def read_webhook(webhook_id: UUID, who: Owner, ctx: Ctx, response: Response) -> WebhookInDetail:
    """Its settings, its health, and how much waits for it."""
    async with ctx.database.reading() as connection:
        found = await subscriptions.in_detail(connection, webhook_id, who)
    response.headers["ETag"] = etag.tag(found.version)
    return found


@router.patch(
    "/webhooks/{webhook_id}",
    response_model=Webhook,
    summary="Change a webhook",
    responses=problems.documented(404, 412),
)
async def change_webhook(
    webhook_id: UUID,
    wanted: WebhookChange,
    who: Subscriber,
    editing: Editing,
    ctx: Ctx,
) -> Response:
    """Another URL, other events, on or off. One that Redress switched off is switched on again here."""
    if wanted.url is not None:
        await _check(ctx, wanted.url)

    async def work(transaction: Transaction) -> Answer:
        before = await subscriptions.held(transaction, webhook_id, who, editing.if_match)
        after = await subscriptions.change(transaction, before, wanted, who)
        return _answer(200, after.model_dump(mode="json"))

    return await editing.once_tagged(who.id, work)


@router.delete(
    "/webhooks/{webhook_id}",
    status_code=204,
    summary="End a subscription",
    responses=problems.documented(404, 412),
)
async def delete_webhook(webhook_id: UUID, who: Owner, ctx: Ctx, if_match: IfMatch = None) -> None:
    """Nothing more is sent; what was waiting is given up. The delivery log stays."""
    async with ctx.database.transaction() as transaction:
        before = await subscriptions.held(transaction, webhook_id, who, if_match)
        await subscriptions.delete(transaction, before)


@router.get(
    "/webhooks/{webhook_id}/secrets", summary="List what signs now", responses=problems.documented(404)
)
async def list_secrets(webhook_id: UUID, who: Owner, ctx: Ctx) -> list[SigningSecret]:
    """The newest first: it signs until it is rotated; older ones sign beside it until they end."""
    async with ctx.database.reading() as connection:
        await subscriptions.find(connection, webhook_id, who)
        return await secrets.signing_now(connection, webhook_id, ctx.part(Seal))


@router.post(
    "/webhooks/{webhook_id}/rotate-secret",
    response_model=RotatedSecret,
    summary="Change the signing secret",
    responses=problems.documented(404, 409, 412),
)
async def rotate_secret(
    webhook_id: UUID,
    who: Owner,
    editing: Editing,
    ctx: Ctx,
    old_ends_after: Annotated[
        int,
        Query(
            ge=0,
            le=2_592_000,
            description="Seconds for which the secret until now signs beside the new one, up to 30 days. 0, if "
            "somebody else knows it.",
        ),
    ] = 86_400,
    signature: Annotated[
        Scheme | None, Query(description="Of the new secret; without it as until now.")
    ] = None,
) -> Response:
    """The answer shows the new secret, once. The old one signs beside it for a while, so that nothing is lost."""
    seal = ctx.part(Seal)

    async def work(transaction: Transaction) -> Answer:
        before = await subscriptions.held(transaction, webhook_id, who, editing.if_match)
        made, sealed, until = await secrets.rotate(transaction, before.id, old_ends_after, signature, seal)
        after = await subscriptions.touch(transaction, before)
        shown = {"id": made, "previous_secret_until": until, "version": after.version, "secret": sealed}
        return _answer(200, shown)

    return _unsealed(await editing.once(who.id, work), seal)


@router.delete(
    "/webhooks/{webhook_id}/secrets/{secret_id}",
    status_code=204,
    summary="End an old signing secret",
    responses=problems.documented(404, 409, 412),
)
async def end_secret(
    webhook_id: UUID, secret_id: UUID, who: Owner, ctx: Ctx, if_match: IfMatch = None
) -> None:
    """It signs nothing more, before its time. The newest cannot be ended, only rotated."""
    async with ctx.database.transaction() as transaction:
        before = await subscriptions.held(transaction, webhook_id, who, if_match)
        await secrets.end(transaction, before.id, secret_id, ctx.part(Seal))
        await subscriptions.touch(transaction, before)


@router.post(
    "/webhooks/{webhook_id}/ping",
    status_code=202,
    response_model=Queued,
    summary="Try a webhook",
    responses=problems.documented(404, 409),
)
async def ping_webhook(
    webhook_id: UUID, who: Owner, ctx: Ctx, request: Request, key: IdempotencyKey = None
) -> Response:
    """Posts a `redress.webhook.ping` event; the delivery log shows what the receiver answered."""

    async def work(transaction: Transaction) -> Answer:
        webhook = await subscriptions.held(transaction, webhook_id, who, None)
        return _answer(202, {"delivery_id": str(await again.ping(transaction, webhook))})

    return await once(request, ctx.database, who.id, key, work)


async def _check(ctx: Context, url: str) -> None:
    """Tell the subscriber now what every delivery would run into."""
    try:
        await ctx.part(Guard).check(url)
    except (ForbiddenTarget, OSError) as error:
        why = str(error) if isinstance(error, ForbiddenTarget) else "the name cannot be resolved; check it"
        raise problems.invalid("Webhooks cannot go to this URL", f"{why}.", field="body/url") from None


def _answer(status: int, content: dict[str, Any]) -> Answer:
    return Answer(status, to_json(content))


def _unsealed(response: Response, seal: Seal) -> Response:
    """What is kept for a retry of the request has the secret sealed; the caller gets what verifies."""
    content = from_json(bytes(response.body))
    content["secret"] = signing.shown(seal.open(content["secret"]))
    replayed = {"Idempotent-Replayed": "true"} if "Idempotent-Replayed" in response.headers else {}
    shown = Response(to_json(content), response.status_code, replayed, "application/json")
    return etag.tagged(shown)
