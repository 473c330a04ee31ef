"""HTTP in: what is reported of messages, by mail servers and by providers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.notification.channels import marks
from services.notification.providers import receipts as told_later
from services.notification.providers.book import PROVIDERS, Provider
from services.notification.providers.store import deliveries_of, digest
from services.notification.reports import mail, store
from services.notification.reports.model import Report, What
from services.notification.rules import Channel
from services.notification.store import deliveries, reports
from services.notification.ways import Ways
from shared import clock, problems
from shared.auth import Principal, may
from shared.ids import derived_id
from shared.problems import Problem
from shared.rulebooks import store as rulebooks
from shared.service import Ctx, api_router

router = api_router(tags=["deliveries"])

_MAIL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The mail as it came back, headers and all (RFC 5322, RFC 3464); its first 256 KiB are enough.",
        "content": {
            "message/rfc822": {
                "schema": {"type": "string", "format": "binary"},
                "example": "From: MAILER-DAEMON@mx.example.com\r\nTo: bounce+example@redress.example\r\n"
                "Subject: Undelivered Mail Returned to Sender\r\n\r\n<ann@example.com>: 550 5.1.1 No such user\r\n",
            }
        },
    }
}
_CALL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "JSON or a form, as the provider sends it; its description says what stands where.",
        "content": {"application/json": {"schema": {}}},
    }
}


class BounceTaken(BaseModel):
    """What was understood."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    delivery_id: UUID
    what: What | Literal["unclear"]
    """`lost`: it goes by the next way, or somebody is told that the customer was not reached."""
    code: str | None = None


class ReceiptsTaken(BaseModel):
    """What was understood."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    taken: int
    """Receipts that are about messages of ours."""


class ReportView(BaseModel):
    """What somebody reported of a message after they had taken it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    channel: Channel
    what: What
    code: str | None = None
    """The reporter's own, such as `5.1.1`."""
    at: datetime


@router.post(
    "/bounces",
    response_model_exclude_none=True,
    summary="Report a mail that came back",
    responses=problems.documented(503),
    openapi_extra=_MAIL,
)
async def take_bounce(
    request: Request,
    who: Annotated[Principal, may("bounces:write")],
    ctx: Ctx,
    recipient: Annotated[
        str | None, Query(max_length=320, description="To which address it came back: the envelope's.")
    ] = None,
) -> BounceTaken:
    """Delivery reports of mail servers (RFC 3464). The letter is known by its signed mark: in the return path, as
    envelope id, or in its own headers that were returned. Again is as once. Intake does this for what comes to
    `mail_listen`."""
    try:
        report = mail.read(await request.body(), recipient)
    except mail.NoMail as error:
        raise _refused(
            "malformed-mail", "The mail cannot be read", f"{error}; send it raw. 请提交原始邮件。"
        ) from None
    secret = ctx.settings.installation_secret
    found = (marks.delivery_of(secret, mark) for mark in report.marks)
    delivery_id = next((each for each in found if each is not None), None)
    if delivery_id is None:
        raise _unmarked()
    made = Report(
        derived_id("report", delivery_id, report.digest.hex()),
        delivery_id,
        Channel.EMAIL,
        report.what or What.DELAYED,
        report.status,
        clock.now(),
    )
    if report.what is not None and not await _take(ctx, [made]):
        raise _unmarked()
    return BounceTaken(delivery_id=delivery_id, what=report.what or "unclear", code=report.status)


@router.post(
    "/providers/{name}/receipts",
    summary="Tell what became of messages",
    responses={k: v for k, v in problems.documented(400, 401, 503).items() if k != 403},
    openapi_extra=_CALL,
)
async def take_receipts(
    name: Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,39}$", examples=["sms-gateway"])],
    request: Request,
    ctx: Ctx,
    token: Annotated[
        str | None, Query(max_length=300, description="For providers that can send no header.")
    ] = None,
) -> ReceiptsTaken:
    """For the provider itself: no key, but its signature or token, as the rulebook of message providers says."""
    body = await request.body()
    provider = await _provider(ctx, name, request, token, body)
    assert provider.receipts is not None
    try:
        payload = told_later.payload(body, request.headers.get("content-type", ""))
        told = told_later.read(provider.receipts, payload)
    except told_later.TooManyReceipts:
        raise _refused(
            "invalid-request",
            "Too many receipts at once",
            f"Send at most {told_later.MOST} in a call. 每次最多 {told_later.MOST} 条回执。",
        ) from None
    except ValueError as error:
        raise Problem(
            400,
            "invalid-json",
            "The body is no JSON that can be taken",
            f"{error}. Send valid JSON. 请发送有效的 JSON。",
            field="body",
        ) from None
    now = clock.now()
    async with ctx.database.transaction() as transaction:
        known = await deliveries_of(transaction, name, [each.message_id for each in told])
        made = {
            report.id: report
            for each in told
            if (delivery_id := known.get(digest(each.message_id))) is not None
            for report in [
                Report(
                    derived_id("report", delivery_id, name, each.message_id, each.what),
                    delivery_id,
                    provider.channel,
                    each.what,
                    each.code,
                    now,
                )
            ]
        }
        await store.take(transaction, list(made.values()), ctx.part(Ways), now)
    return ReceiptsTaken(taken=len(made))


@router.get(
    "/deliveries/{delivery_id}/reports",
    response_model_exclude_none=True,
    summary="Read what was reported of a message",
    responses=problems.documented(404),
)
async def list_reports(
    delivery_id: UUID, who: Annotated[Principal, may("deliveries:read")], ctx: Ctx
) -> list[ReportView]:
    """In the order in which it was heard, at most 200: it came back, it is late, it arrived."""
    async with ctx.database.reading() as connection:
        known = await connection.execute(select(deliveries.c.id).where(deliveries.c.id == delivery_id))
        if known.scalar_one_or_none() is None:
            raise problems.not_found("delivery", "path/delivery_id")
        query = select(*(reports.c[name] for name in ReportView.model_fields))
        query = query.where(reports.c.delivery_id == delivery_id).order_by(reports.c.at, reports.c.id)
        rows = (await connection.execute(query.limit(200))).mappings().all()
    return [ReportView(**row) for row in rows]


async def _take(ctx: Ctx, made: list[Report]) -> list[UUID]:
    now = clock.now()
    async with ctx.database.transaction() as transaction:
        return await store.take(transaction, made, ctx.part(Ways), now)


async def _provider(ctx: Ctx, name: str, request: Request, token: str | None, body: bytes) -> Provider:
    """Raises the 401 problem, whatever is wrong: nobody learns which providers there are."""
    async with ctx.database.reading() as connection:
        books = await rulebooks.load_books(connection, PROVIDERS)
    provider = books.read(PROVIDERS).named(name)
    receipts = provider.receipts if provider is not None else None
    secret = ctx.settings.provider_secrets.get(receipts.secret) if receipts is not None else None
    if (
        provider is None
        or receipts is None
        or secret is None
        or not told_later.is_from_provider(receipts, secret.get_secret_value(), request.headers, token, body)
    ):
        raise Problem(
            401,
            "signature-refused",
            "No provider signs so",
            "Check the name in the URL, the secret and the signature's header. 请核对服务商名称、密钥和签名头。",
            field="header/Signature",
        )
    return provider


def _refused(kind: str, title: str, remedy: str) -> Problem:
    return Problem(422, kind, title, remedy, field="body")


def _unmarked() -> Problem:
    return _refused(
        "unknown-delivery",
        "It reports on no letter of ours",
        "A report must carry the signed mark of the letter: let it come to the letter's return path, or return the "
        "letter's headers. 退信中没有可验证的本系统标记。",
    )
