"""HTTP in: raw mails, signed webhooks, and what became of what came."""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import TypeAdapter, ValidationError
from pydantic_core import Url
from sqlalchemy import select

from services.intake.channels import mapping, sources
from services.intake.channels.landing import File, Inbound, Landed, Landing, digest
from services.intake.channels.mailroom import Mailroom
from services.intake.channels.mapping import Mapped, TooManyMessages, Unmapped
from services.intake.channels.schemas import (
    ChannelMessage,
    MessageNotTaken,
    MessageTaken,
    Outcome,
    WebhookAnswer,
)
from services.intake.channels.signing import Scheme, signed
from services.intake.channels.sources_api import Name, too_many
from services.intake.channels.sources_api import router as sources_router
from services.intake.channels.store import channel_messages
from services.intake.channels.words import language
from services.intake.record.customer import Customer, Statement
from services.intake.record.parts import PublicLink
from services.intake.schemas import NewComplaint
from shared import clock, pages, problems
from shared.auth import Principal, may
from shared.pages import Cursor, Limit, Page
from shared.problems import Problem
from shared.seal import Seal, SecretUnreadable
from shared.service import Ctx, api_router
from shared.strictjson import read_json

router = api_router(tags=["channels"])
router.include_router(sources_router)

_LINK: TypeAdapter[Url] = TypeAdapter(PublicLink)
_MAIL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The mail as it arrived, headers and all (RFC 5322, MIME).",
        "content": {
            "message/rfc822": {
                "schema": {"type": "string", "format": "binary"},
                "example": "From: Ann Example <ann@example.com>\r\nTo: complaints@redress.example\r\n"
                "Subject: Motor stands still\r\nMessage-ID: <1@example.com>\r\n\r\n"
                "The motor shows alarm R4 after ten minutes.\r\n",
            }
        },
    }
}
_CALL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "JSON as the source sends it; its mapping says what stands where.",
        "content": {"application/json": {"schema": {}}},
    }
}


@router.post(
    "/channels/email",
    status_code=201,
    response_model=MessageTaken,
    response_model_exclude_none=True,
    summary="Take a mail",
    responses=problems.documented(415, 429),
    openapi_extra=_MAIL,
)
async def take_mail(
    request: Request,
    response: Response,
    who: Annotated[Principal, may("complaints:write")],
    ctx: Ctx,
    return_path: Annotated[
        str | None, Query(max_length=320, description="Envelope sender; empty for the null return path.")
    ] = None,
    recipient: Annotated[
        str | None, Query(max_length=320, description="Envelope recipient: a bounce is known by it.")
    ] = None,
) -> MessageTaken:
    """An answer to one of our letters, or to the customer's own mail, is added to that complaint; any other mail is
    one. Automatic replies and bounces are recorded and never answered. The same Message-ID is taken once: send a
    mail again until you have an answer."""
    declared = request.headers.get("content-type", "message/rfc822").partition(";")[0].strip().lower()
    if declared not in ("message/rfc822", "message/global", "application/octet-stream"):
        raise Problem(
            415,
            "unsupported-media-type",
            "This is no mail",
            "Send the raw mail as message/rfc822. 请以 message/rfc822 提交原始邮件。",
            field="header/Content-Type",
        )
    landed = await ctx.part(Mailroom).receive(await request.body(), who.id, return_path, recipient)
    if landed.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return _taken(landed)


@router.get(
    "/channels/messages",
    response_model_exclude_none=True,
    summary="List what came in through mail and webhooks, newest first",
    responses=problems.documented(),
)
async def list_messages(
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
    outcome: Annotated[Outcome | None, Query(description="Only these, for example bounces.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ChannelMessage]:
    """What became of each; the words are with the complaint."""
    query = select(channel_messages)
    if outcome is not None:
        query = query.where(channel_messages.c.outcome == outcome)
    names = ChannelMessage.model_fields
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: ChannelMessage(**{name: row[name] for name in names}),
            channel_messages.c.id,
            newest_first=True,
        )


@router.post(
    "/channels/webhooks/{name}",
    response_model_exclude_none=True,
    summary="Post messages of a source",
    responses={k: v for k, v in problems.documented(400, 401).items() if k != 403},
    openapi_extra=_CALL,
)
async def take_webhook(name: Name, request: Request, ctx: Ctx) -> WebhookAnswer:
    """For the source itself: no key, but its signature. The same message is taken once; of a thread the first is
    a complaint and the later ones are added to it."""
    body = await request.body()
    async with ctx.database.reading() as connection:
        source = await sources.find(connection, name)
    if source is None or not source["enabled"] or not _is_signed(ctx.part(Seal), source, request, body):
        raise Problem(
            401,
            "signature-refused",
            "No source signs so",
            "Check the name in the URL, the secret, the signature's header and your clock. "
            "请核对来源名称、密钥、签名头和时间。",
            field="header/Signature",
        )
    try:
        payload = read_json(body)
    except ValueError as error:
        raise Problem(
            400,
            "invalid-json",
            "The body is no JSON that can be taken",
            f"{error}. Send valid JSON. 请发送有效的 JSON。",
            field="body",
        ) from None
    standard = source["scheme"] == Scheme.STANDARD_WEBHOOKS
    try:
        found = mapping.read(
            source["mapping"], payload, request.headers.get("webhook-id") if standard else None
        )
    except TooManyMessages:
        raise too_many("body") from None
    answers: list[MessageTaken | MessageNotTaken] = []
    for each in found:
        if isinstance(each, Unmapped):
            answers.append(MessageNotTaken(reason=each.reason))
        else:
            landed = await ctx.part(Landing).land(_inbound(source, each), f"source:{name}")
            answers.append(_taken(landed))
    return WebhookAnswer(messages=answers)


def _is_signed(seal: Seal, source: dict[str, Any], request: Request, body: bytes) -> bool:
    try:
        secret = seal.open(source["secret"])
    except SecretUnreadable:
        return False
    return signed(
        Scheme(source["scheme"]),
        secret,
        source["signature_header"],
        request.headers,
        body,
        clock.now(),
        source["tolerance"],
    )


def _inbound(source: dict[str, Any], message: Mapped) -> Inbound:
    public = source["visibility"] == "public"
    told = NewComplaint(
        channel=source["channel"],
        language=source["language"] or language(message.text),
        visibility=source["visibility"],
        statement=Statement(what_went_wrong=message.text),
        customer=Customer(name=message.author),
        public_link=_link(message.permalink) if public else None,
    )
    name = source["name"]
    return Inbound(
        source=name,
        message=digest(name, "message", message.message_id),
        told=told,
        said=message.text,
        sent_at=message.time or clock.now(),
        thread=digest(name, "thread", message.thread_id) if message.thread_id else None,
        files=(File("message.txt", "text/plain", message.whole.encode()),) if message.whole else (),
    )


def _link(given: str | None) -> Url | None:
    try:
        return _LINK.validate_python(given) if given else None
    except ValidationError:
        return None


def _taken(landed: Landed) -> MessageTaken:
    return MessageTaken(**{name: getattr(landed, name) for name in MessageTaken.model_fields})
