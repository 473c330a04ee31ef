"""HTTP in: what the customer writes, adds and takes back, by reference and token."""

from typing import Annotated

from fastapi import Query, Response
from pydantic_core import to_json

from services.intake import found
from services.intake.dialogue.model import Message
from services.intake.dialogue.schemas import (
    MessageSeen,
    NewMessage,
    OwnAdded,
    OwnAddition,
    ReopeningAsked,
    ReopeningNoted,
    Withdrawal,
    Withdrawn,
)
from services.intake.dialogue.store import DialogueStore, messages_behind
from services.intake.dialogue.withdrawing import withdraw
from services.intake.merging import store as merges
from services.intake.merging.model import FOLLOWS
from services.intake.opening import Opened
from services.intake.record.store import RecordStore, record_of
from services.intake.store import ViewStore
from shared import clock, ids, pages, problems
from shared.aggregate import load_one, save_one
from shared.database import Transaction
from shared.events.vocabulary import Channel
from shared.idempotency import Answer, IdempotencyKey
from shared.opening import LIMITED
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
    case: Opened,
    ctx: Ctx,
    after: After = 0,
    limit: pages.Limit = 50,
) -> list[MessageSeen]:
    """Yours and those to you, the oldest first. The live stream has a step `message` when there is another one."""
    async with ctx.database.reading() as connection:
        return [_seen(message) for message in await messages_behind(connection, case.id, after, limit)]


@router.post(
    "/tracking/{reference}/messages",
    status_code=201,
    response_model=MessageSeen,
    response_model_exclude_none=True,
    summary="Write to whoever handles the case",
    responses=problems.documented(404, 409),
)
async def write_to_handler(
    case: Opened,
    told: NewMessage,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """They read it without your name, number or address, and answer here: also when you are anonymous."""
    async with ctx.database.reading() as connection:
        known = (await record_of(connection, case.told)).known

    async def work(transaction: Transaction) -> Answer:
        dialogue = await load_one(store, transaction, case.id)
        (await found.record(transaction.connection, case.id)).must_be_known()
        (await ViewStore().load(transaction, [case.id]))[case.id].must_not_be_withdrawn()
        message = dialogue.customer_writes(told.text, known, clock.now())
        await save_one(store, transaction, dialogue)
        return Answer(201, to_json(_seen(message), exclude_none=True))

    return await case.once(key, work)


@router.post(
    "/tracking/{reference}/additions",
    status_code=201,
    response_model=OwnAdded,
    summary="Add to what you told",
    responses=problems.documented(404, 409),
)
async def add_to_own_complaint(
    case: Opened,
    told: OwnAddition,
    key: IdempotencyKey = None,
) -> Response:
    """A dated entry: nothing that you told before is changed."""
    whole = told.model_dump(
        mode="json", exclude_defaults=True, include=set(OwnAddition.model_fields) - {"said"}
    )
    parts = {name: value for name, value in whole.items() if value}
    if not (told.said or parts):
        raise problems.invalid(
            "It adds nothing", "Send at least one field. 没有补充内容，请至少填写一项。", field="body/said"
        )

    async def work(transaction: Transaction) -> Answer:
        record, at = await load_one(records, transaction, case.id), clock.now()
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
        await save_one(records, transaction, record)
        return Answer(201, to_json(OwnAdded(id=addition.id, number=addition.number, added_at=at)))

    return await case.once(key, work)


@router.post(
    "/tracking/{reference}/withdrawal",
    response_model=Withdrawn,
    summary="Withdraw the complaint",
    responses=problems.documented(404, 409),
)
async def withdraw_complaint(
    case: Opened,
    told: Withdrawal,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """The case ends, and nothing more is asked of you. Not possible once it is closed. To repeat it changes nothing."""
    async with ctx.database.reading() as connection:
        record = await record_of(connection, case.told)
    reason = record.masked(told.reason)

    async def work(transaction: Transaction) -> Answer:
        at = await withdraw(transaction, case.id, reason)
        return Answer(200, to_json(Withdrawn(reference=case.reference, withdrawn_at=at)))

    return await case.once(key, work)


@router.post(
    "/tracking/{reference}/reopening",
    response_model=ReopeningNoted,
    summary="Have the closed case taken up again",
    responses=problems.documented(404, 409),
)
async def ask_reopening(
    case: Opened,
    told: ReopeningAsked,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Until `reopen_until` of your case. What was said before stays, and you get a fresh promise. When it is too late
    the answer says how else to complain. To repeat it changes nothing."""
    async with ctx.database.reading() as connection:
        record = await record_of(connection, case.told)
    reason = record.masked(told.reason) or ""

    async def work(transaction: Transaction) -> Answer:
        views = ViewStore()
        view = await load_one(views, transaction, case.id)
        if await merges.live(transaction.connection, case.id):
            raise view.refusal(*FOLLOWS)
        at = view.ask_reopening(reason, clock.now())
        await save_one(views, transaction, view)
        return Answer(200, to_json(ReopeningNoted(reference=case.reference, asked_at=at)))

    return await case.once(key, work)


def _seen(message: Message) -> MessageSeen:
    return MessageSeen(
        id=message.id,
        number=message.number,
        written_at=message.written_at,
        from_customer=message.from_customer,
        signed=message.signed,
        text=message.for_customer,
    )
