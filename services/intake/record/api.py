"""HTTP in: what later contacts add to a complaint, by whoever of the company spoke with the customer."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json

from services.intake import found
from services.intake.dialogue.wording import looked_over
from services.intake.found import ComplaintId
from services.intake.record.asking import next_question
from services.intake.record.model import (
    Addition,
    Record,
    UnknownAddition,
)
from services.intake.record.schemas import (
    Added,
    AdditionShown,
    Confirmation,
    ConfirmationShown,
    NewAddition,
)
from services.intake.record.shown import public_parts
from services.intake.record.store import RecordStore
from shared import clock, idempotency, ids, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.service import Ctx, api_router

router = api_router(tags=["additions"])
store = RecordStore()

CLOCKS_DIFFER = timedelta(minutes=5)
"""By so much the caller's clock may be fast."""


@router.post(
    "/complaints/{complaint_id}/additions",
    status_code=201,
    response_model=Added,
    summary="Add what a further contact told",
    responses=problems.documented(404, 409),
)
async def add_to_complaint(
    complaint_id: ComplaintId,
    told: NewAddition,
    request: Request,
    who: Annotated[Principal, may("complaints:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """A dated entry: nothing that was told before is changed. Ask the `next_question` before you ring off."""

    headers: dict[str, str] = {}

    async def work(transaction: Transaction) -> Answer:
        record = found.existing(await load_one(store, transaction, complaint_id))
        record.must_be_known()
        at = clock.now()
        contact_at = told.contact_at or at
        if contact_at > at + CLOCKS_DIFFER:
            raise problems.invalid(
                "The contact lies in the future",
                "Send the time at which the customer said it, with its offset. 联系时间不能晚于现在。",
                field="body/contact_at",
            )
        restated = told.restatement
        if restated and restated.confirmed is None:  # the customer gets it, to be confirmed
            looked = await looked_over(
                transaction, who, "body/restatement/text", restated.text, told.despite_findings
            )
            headers.update(looked.headers)
        addition = record.add(
            ids.new_id(),
            contact_at,
            told.channel,
            said=told.said,
            emotion=told.emotion,
            restatement=restated.text if restated else None,
            confirmed=restated.confirmed if restated else None,
            told=told.told(),
            contact=told.contact_given(),
            by=who.id,
            at=at,
        )
        if restated and restated.confirmed is not None:
            record.answer(addition.id, restated.confirmed, restated.correction, who.id, at)
        await save_one(store, transaction, record)
        return Answer(201, to_json(_added(addition)))

    answer = await idempotency.once(request, ctx.database, who.id, key, work)
    answer.headers.update(headers)
    return answer


@router.get(
    "/complaints/{complaint_id}/additions",
    response_model=pages.Page[AdditionShown],
    response_model_exclude_none=True,
    summary="List what was added to a complaint, oldest first",
    responses=problems.documented(404),
)
async def list_additions(
    complaint_id: ComplaintId,
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[AdditionShown]:
    """Every contact since it was registered, with personal data masked."""
    after = pages.decode(cursor, int)[0] if cursor is not None else 0
    async with ctx.database.reading() as connection:
        record = await found.record(connection, complaint_id)
    left = [addition for addition in record.additions if addition.number > after]
    return pages.page(
        left, limit, lambda addition: _shown(record, addition), lambda addition: (addition.number,)
    )


@router.post(
    "/complaints/{complaint_id}/additions/{addition_id}/confirmation",
    status_code=200,
    response_model=ConfirmationShown,
    summary="Record whether the customer confirmed a restatement",
    responses=problems.documented(404, 409),
)
async def record_confirmation(
    complaint_id: ComplaintId,
    addition_id: UUID,
    said: Confirmation,
    request: Request,
    who: Annotated[Principal, may("complaints:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """When they said it to somebody; in tracking they say it themselves. The first answer stands."""

    async def work(transaction: Transaction) -> Answer:
        record = found.existing(await load_one(store, transaction, complaint_id))
        return await confirm(transaction, record, addition_id, said, who.id)

    return await idempotency.once(request, ctx.database, who.id, key, work)


async def confirm(
    transaction: Transaction, record: Record, addition_id: UUID, said: Confirmation, by: str
) -> Answer:
    """Note the customer's answer to a restatement; the caller holds the record. Raises a 404 problem, NotPossible."""
    try:
        record.answer(addition_id, said.confirmed, said.correction, by, clock.now())
    except UnknownAddition:
        raise problems.not_found("addition", "path/addition_id") from None
    await save_one(store, transaction, record)
    return Answer(200, to_json(_confirmation(record, addition_id)))


def _confirmation(record: Record, addition_id: UUID) -> ConfirmationShown | None:
    answer = record.answers.get(addition_id)
    if answer is None:
        return None
    return ConfirmationShown(
        confirmed=answer.confirmed,
        correction=mask(answer.correction, record.known) if answer.correction else None,
        answered_by=answer.answered_by,
        answered_at=answer.answered_at,
    )


def _added(addition: Addition) -> Added:
    return Added(
        id=addition.id,
        number=addition.number,
        added_at=addition.added_at,
        completeness=addition.completeness,
        missing=list(addition.missing),
        next_question=next_question(addition.missing),
    )


def _shown(record: Record, addition: Addition) -> AdditionShown:
    known = record.known
    return AdditionShown(
        **_added(addition).model_dump(),
        contact_at=addition.contact_at,
        added_by=addition.added_by,
        channel=addition.channel,
        said=mask(addition.said, known) if addition.said else None,
        emotion=addition.emotion,
        valence=addition.emotion.valence if addition.emotion else None,
        restatement=mask(addition.restatement, known) if addition.restatement else None,
        confirmation=_confirmation(record, addition.id),
        told=public_parts(addition.told, known),
    )
