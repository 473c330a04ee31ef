"""HTTP in: what the customer writes, adds and takes back, by reference and token."""

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic_core import to_json

from services.intake.dialogue.api import refused
from services.intake.dialogue.model import Message
from services.intake.dialogue.schemas import (
    MessageSeen,
    NewMessage,
    OwnAdded,
    OwnAddition,
    Withdrawal,
    Withdrawn,
)
from services.intake.dialogue.store import DialogueStore, page
from services.intake.dialogue.withdrawing import withdraw
from services.intake.model import NotPossible
from services.intake.opening import LIMITED, Reference, TokenHeader, TokenQuery, open_case
from services.intake.record.api import must_be_known
from services.intake.record.model import TooManyAdditions
from services.intake.record.store import RecordStore, load, record_of
from shared import clock, idempotency, ids, pages, problems
from shared.aggregate import load_one, save_one
from shared.database import Transaction
from shared.events.vocabulary import Channel
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.problems import Problem
from shared.service import Ctx, api_router

router = api_router(tags=["tracking"], dependencies=[LIMITED])
store, records = DialogueStore(), RecordStore()

After = Annotated[int, Query(ge=0, le=2**31 - 1, description="Number of the last message that you have.")]


@router.get(
    "/tracking/{reference}/messages",
    response_model=list[MessageSeen],
    response_model_exclude_none=True,
    summary="Read the messages",
    responses=problems.documented(404),
)
async def read_own_messages(
    reference: Reference,
    ctx: Ctx,
    header: TokenHeader = None,
    query: TokenQuery = None,
    after: After = 0,
    limit: pages.Limit = 50,
) -> list[MessageSeen]:
    """Yours and those to you, the oldest first. The live stream has a step `message` when there is another one."""
    async with ctx.database.reading() as connection:
        told = await open_case(connection, ctx, reference, header or query)
        found, _ = await page(connection, told["id"], after, limit)
    return [_seen(message) for message in found]


@router.post(
    "/tracking/{reference}/messages",
    status_code=201,
    response_model=MessageSeen,
    response_model_exclude_none=True,
    summary="Write to whoever handles the case",
    responses=problems.documented(404, 409),
)
async def write_to_handler(
    reference: Reference,
    told: NewMessage,
    request: Request,
    ctx: Ctx,
    header: TokenHeader = None,
    query: TokenQuery = None,
    key: IdempotencyKey = None,
) -> Response:
    """They read it without your name, number or address, and answer here: also when you are anonymous."""
    async with ctx.database.reading() as connection:
        opened = await open_case(connection, ctx, reference, header or query)
        known = (await record_of(connection, opened)).known

    async def work(transaction: Transaction) -> Answer:
        dialogue = await load_one(store, transaction, opened["id"])
        must_be_known((await load(transaction.connection, [opened["id"]]))[opened["id"]])
        try:
            message = dialogue.customer_writes(told.text, known, clock.now())
        except NotPossible as no:
            raise refused(no) from None
        await save_one(store, transaction, dialogue)
        return Answer(201, to_json(_seen(message), exclude_none=True))

    return await idempotency.once(request, ctx.database, f"tracking:{opened['id']}", key, work)


@router.post(
    "/tracking/{reference}/additions",
    status_code=201,
    response_model=OwnAdded,
    summary="Add to what you told",
    responses=problems.documented(404, 409),
)
async def add_to_own_complaint(
    reference: Reference,
    told: OwnAddition,
    request: Request,
    ctx: Ctx,
    header: TokenHeader = None,
    query: TokenQuery = None,
    key: IdempotencyKey = None,
) -> Response:
    """A dated entry: nothing that you told before is changed."""
    async with ctx.database.reading() as connection:
        opened = await open_case(connection, ctx, reference, header or query)
    whole = told.model_dump(
        mode="json", exclude_defaults=True, include=set(OwnAddition.model_fields) - {"said"}
    )
    parts = {name: value for name, value in whole.items() if value}
    if not (told.said or parts):
        raise Problem(
            422,
            "invalid-request",
            "It adds nothing",
            "Send at least one field. 没有补充内容，请至少填写一项。",
            field="body/said",
        )

    async def work(transaction: Transaction) -> Answer:
        record, at = await load_one(records, transaction, opened["id"]), clock.now()
        must_be_known(record)
        try:
            addition = record.add(
                ids.new_id(),
                at,
                Channel.WEB_FORM,
                said=told.said,
                told=parts,
                contact={},
                by="customer",
                at=at,
            )
        except TooManyAdditions:
            raise problems.conflict(
                "Nothing more can be added to this complaint. 该投诉的补充条目已达上限。",
                "Write a message instead.",
                code="too-many-additions",
            ) from None
        await save_one(records, transaction, record)
        return Answer(201, to_json(OwnAdded(id=addition.id, number=addition.number, added_at=at)))

    return await idempotency.once(request, ctx.database, f"tracking:{opened['id']}", key, work)


@router.post(
    "/tracking/{reference}/withdrawal",
    response_model=Withdrawn,
    summary="Withdraw the complaint",
    responses=problems.documented(404, 409),
)
async def withdraw_complaint(
    reference: Reference,
    told: Withdrawal,
    request: Request,
    ctx: Ctx,
    header: TokenHeader = None,
    query: TokenQuery = None,
    key: IdempotencyKey = None,
) -> Response:
    """The case ends, and nothing more is asked of you. Not possible once it is closed. To repeat it changes nothing."""
    async with ctx.database.reading() as connection:
        opened = await open_case(connection, ctx, reference, header or query)
        known = (await record_of(connection, opened)).known
    reason = mask(told.reason, known) if told.reason else None

    async def work(transaction: Transaction) -> Answer:
        at = await withdraw(transaction, opened["id"], reason)
        return Answer(200, to_json(Withdrawn(reference=opened["reference"], withdrawn_at=at)))

    return await idempotency.once(request, ctx.database, f"tracking:{opened['id']}", key, work)


def _seen(message: Message) -> MessageSeen:
    return MessageSeen(
        id=message.id,
        number=message.number,
        written_at=message.written_at,
        from_customer=message.from_customer,
        signed=message.signed,
        text=message.for_customer,
    )
