"""HTTP in: the customer's inbox."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from sqlalchemy import func, select

from services.notification.messages import store
from services.notification.messages.model import MessageSeal, said_in
from services.notification.opening import Opened
from services.notification.rules import Channel
from services.notification.store import customer_messages, deliveries
from shared import clock, pages, problems
from shared.database import Transaction
from shared.events.vocabulary import Language
from shared.idempotency import Answer, IdempotencyKey, once
from shared.opening import LIMITED
from shared.pages import Cursor, Limit
from shared.service import Ctx, api_router

router = api_router(tags=["messages"], dependencies=[LIMITED])
_MOST = 100


class CustomerMessage(BaseModel):
    """Something that the customer was told, in the words in which it went out."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    """Of the delivery."""
    template: str
    """What kind of message it is: `acknowledgement`, `offers`."""
    language: Language
    subject: str
    body: str
    link: str | None = None
    """Where the customer answers or reads more."""
    told_at: datetime
    channel: Channel | None = None
    """By which way it went, or was tried last."""
    read_at: datetime | None = None
    """When the customer first opened it here."""


class CustomerMessages(BaseModel):
    """A page of what the customer was told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[CustomerMessage]
    unread: int
    """Of all, not of this page alone."""
    next: str | None = None
    """Cursor of the next page; absent on the last one."""


class ReadMessages(BaseModel):
    """What the customer has read."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"ids": ["0190b7a4-0000-7000-8000-000000000001"]}, {}]},
    )

    ids: Annotated[list[UUID], Field(min_length=1, max_length=_MOST)] | None = None
    """Messages by their ids; without them: all."""


class NowRead(BaseModel):
    """What came of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    read: int
    """Messages that had not been read before."""


@router.get(
    "/tracking/{reference}/messages",
    response_model=CustomerMessages,
    response_model_exclude_none=True,
    summary="Read what you were told, the newest first",
    responses=problems.documented(404),
)
async def read_messages(case: Opened, ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> CustomerMessages:
    """For the customer, with the tracking token: every message, whatever way it went."""
    seal, m = ctx.part(MessageSeal), customer_messages.c
    mine = (m.complaint_id == case.id) & m.sealed.is_not(None)
    query = (
        select(customer_messages, deliveries.c.channel)
        .join(deliveries, deliveries.c.id == m.delivery_id)
        .where(mine)
    )

    def shown(row: Any) -> CustomerMessage:
        names = ("template", "language", "told_at", "channel", "read_at")
        return CustomerMessage(
            id=row["delivery_id"],
            **said_in(row["sealed"], seal)._asdict(),
            **{name: row[name] for name in names},
        )

    async with ctx.database.reading() as connection:
        page = await pages.read(
            connection, query, limit, cursor, shown, m.told_at, m.delivery_id, newest_first=True
        )
        counted = await connection.execute(
            select(func.count()).select_from(customer_messages).where(mine, m.read_at.is_(None))
        )
    return CustomerMessages(items=page.items, unread=counted.scalar_one(), next=page.next)


@router.post(
    "/tracking/{reference}/messages/read",
    response_model=NowRead,
    summary="Say what you have read",
    responses=problems.documented(404),
)
async def mark_read(
    case: Opened, body: ReadMessages, request: Request, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """The read receipt: the company sees that it was read, and when. Ids of others' messages count for nothing."""

    async def work(transaction: Transaction) -> Answer:
        number = await store.read(transaction, case.id, body.ids, clock.now())
        return Answer(200, to_json(NowRead(read=number)))

    return await once(request, ctx.database, case.principal, key, work)
