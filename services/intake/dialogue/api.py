"""HTTP in: what handlers write to customers, and read of them."""

from typing import Annotated

from fastapi import Request, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.intake import found
from services.intake.dialogue.model import Message
from services.intake.dialogue.schemas import MessageShown, MessageToCustomer
from services.intake.dialogue.store import DialogueStore, messages_behind
from services.intake.dialogue.wording import looked_over
from services.intake.found import ComplaintId
from services.intake.record.published import Known
from services.intake.store import views
from shared import clock, idempotency, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.service import Ctx, api_router

router = api_router(tags=["dialogue"])
store = DialogueStore()


@router.post(
    "/complaints/{complaint_id}/messages",
    status_code=201,
    response_model=MessageShown,
    summary="Write to the customer",
    responses=problems.documented(404, 409),
)
async def write_to_customer(
    complaint_id: ComplaintId,
    told: MessageToCustomer,
    request: Request,
    who: Annotated[Principal, may("messages:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """The customer reads it by tracking, anonymous or not, and is told by mail that it waits if there is an address.
    It is signed with the handler's work name, and numbers and addresses in it are masked. To keep the promise of a
    reply, use `reply` of the case."""

    headers: dict[str, str] = {}

    async def work(transaction: Transaction) -> Answer:
        looked = await looked_over(transaction, who, "body/text", told.text, told.despite_findings)
        headers.update(looked.headers)
        dialogue = await load_one(store, transaction, complaint_id)
        record = await found.record(transaction.connection, complaint_id)
        record.must_be_known()
        signed = await transaction.execute(
            select(views.c.handler_name).where(views.c.complaint_id == complaint_id)
        )
        known = record.known
        message = dialogue.handler_writes(
            told.text, known, who.id, signed.scalar_one_or_none(), clock.now(), looked.despite
        )
        await save_one(store, transaction, dialogue)
        return Answer(201, to_json(_shown(message, known)))

    answer = await idempotency.once(request, ctx.database, who.id, key, work)
    answer.headers.update(headers)
    return answer


@router.get(
    "/complaints/{complaint_id}/messages",
    response_model=pages.Page[MessageShown],
    response_model_exclude_none=True,
    summary="Read the dialogue with the customer, oldest message first",
    responses=problems.documented(404),
)
async def read_messages(
    complaint_id: ComplaintId,
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[MessageShown]:
    """Both sides, with personal data masked."""
    after = pages.decode(cursor, int)[0] if cursor is not None else 0
    async with ctx.database.reading() as connection:
        known = (await found.record(connection, complaint_id)).known
        written = await messages_behind(connection, complaint_id, after, limit + 1)
    return pages.page(
        written, limit, lambda message: _shown(message, known), lambda message: (message.number,)
    )


def _shown(message: Message, known: Known) -> MessageShown:
    return MessageShown(
        id=message.id,
        number=message.number,
        written_at=message.written_at,
        from_customer=message.from_customer,
        written_by=message.written_by,
        text=mask(message.text, known),
    )
