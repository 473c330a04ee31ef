"""HTTP in: the audit trail of reading, the export of a person and their erasure."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from sqlalchemy import select, text

from services.intake.attachments.cabinet import Cabinet
from services.intake.attachments.inspector import Sweeper
from services.intake.reach.store import forget, registered
from services.intake.record.store import load
from services.intake.store import complaints, customers
from services.intake.vault import purpose, store
from services.intake.vault.erasure import Order, erase
from services.intake.vault.export import archive
from services.intake.vault.model import What
from services.intake.vault.schemas import Erased, NewErasure, ReadShown
from shared import clock, pages, problems
from shared.auth import Principal, may
from shared.events.vocabulary import Because
from shared.masking import mask
from shared.service import Context, Ctx, api_router

router = api_router(tags=["personal data"])

AT_ONCE = 200
"""Complaints that are erased in one transaction: it holds a lock for each."""

CustomerId = Annotated[UUID, Path(description="`customer_id` of the events of their complaints.")]


@router.get(
    "/audit/personal-data",
    response_model=pages.Page[ReadShown],
    response_model_exclude_none=True,
    summary="Who read personal data, the newest first",
    responses=problems.documented(),
)
async def list_reads(
    who: Annotated[Principal, may("audit:read")],
    ctx: Ctx,
    complaint: Annotated[UUID | None, Query(description="Only of this complaint.")] = None,
    principal: Annotated[
        str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$", description="Only by this caller.")
    ] = None,
    since: Annotated[pages.Moment | None, Query(description="From this time on.")] = None,
    until: Annotated[pages.Moment | None, Query(description="Before this time.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[ReadShown]:
    """Every contact, file and export that was handed out to staff or a service, and what for. What customers read of
    themselves with their tracking token is not here."""
    before = pages.decode(cursor, int)[0] if cursor is not None else None
    async with ctx.database.reading() as connection:
        rows = await store.listed(
            connection,
            before=before,
            limit=limit + 1,
            complaint_id=complaint,
            principal=principal,
            since=since,
            until=until,
        )
    return pages.page(rows, limit, lambda row: ReadShown(**row), lambda row: (row["id"],))


@router.get(
    "/customers/{customer_id}/export",
    response_class=Response,
    summary="Everything that is kept of a person, as one archive",
    responses={
        200: {
            "description": "A ZIP: a note in both languages, a JSON file for each complaint, and the files",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems.documented(404),
    },
)
async def export_customer(
    customer_id: CustomerId,
    who: Annotated[Principal, may("customers:read")],
    ctx: Ctx,
    why: purpose.Given = None,
) -> Response:
    """For a person who asks what is known of them. Customers have that of one complaint in tracking."""
    ids = await _complaints_of(ctx, customer_id)
    await purpose.note(ctx, who, why, What.EXPORT, ids)
    async with ctx.database.reading() as connection:
        contact = (await registered(connection, [customer_id])).get(customer_id)
    if contact is not None:
        await purpose.note_customers(ctx, who, why, What.EXPORT, [customer_id], ids)
    return await archive(ctx.database, ctx.part(Cabinet).storage, ids, f"customer-{customer_id}", contact)


@router.post(
    "/customers/{customer_id}/erasure",
    response_model=Erased,
    summary="Erase a person",
    responses=problems.documented(404, 409),
)
async def erase_customer(
    customer_id: CustomerId,
    wish: NewErasure,
    who: Annotated[Principal, may("customers:erase")],
    ctx: Ctx,
) -> Erased:
    """What they told, their contacts and files are gone for good; `CustomerErased` tells every service. What was
    counted stays counted. It may be repeated: nothing is erased twice."""
    ids = await _complaints_of(ctx, customer_id)
    if not wish.even_open and (open_ := await _open(ctx, ids)):
        raise problems.conflict(
            "Some of the person's complaints are not closed. 该客户尚有未结案的投诉。",
            "Close them first, or send `even_open: true`. 请先结案，或发送 even_open: true。",
            code="open-complaints",
            complaints=[str(i) for i in open_[:20]],
        )
    erased = 0
    for some in (ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE)):
        async with ctx.database.transaction() as transaction:
            known = [
                word
                for record in (await load(transaction.connection, some)).values()
                for word in record.known
            ]
            order = Order(some, who.id, Because.REQUESTED, clock.now(), mask(wish.reason, known))
            erased += len(await erase(transaction, order, ctx.settings.installation_secret))
    async with ctx.database.transaction() as transaction:
        await forget(transaction, customer_id)
    await ctx.part(Sweeper).sweep()
    return Erased(customer_id=customer_id, complaints=len(ids), erased_now=erased)


async def _complaints_of(ctx: Context, customer_id: UUID) -> Sequence[UUID]:
    """Raises a 404 problem."""
    query = (
        select(complaints.c.id)
        .select_from(customers.outerjoin(complaints))
        .where(customers.c.id == customer_id)
        .order_by(complaints.c.id)
    )
    async with ctx.database.reading() as connection:
        found = (await connection.execute(query)).scalars().all()
    if not found:
        raise problems.not_found("customer", "path/customer_id")
    return [i for i in found if i is not None]


async def _open(ctx: Context, complaint_ids: Sequence[UUID]) -> Sequence[UUID]:
    async with ctx.database.reading() as connection:
        found = await connection.execute(_OPEN, {"ids": list(complaint_ids)})
        return found.scalars().all()


_OPEN = text(
    """
SELECT c.id FROM complaints c LEFT JOIN views v ON v.complaint_id = c.id
WHERE c.id = ANY(CAST(:ids AS uuid[])) AND c.sealed <> ''
AND coalesce(v.status, 'registered') NOT IN ('closed', 'withdrawn')
AND NOT EXISTS (SELECT FROM merges g WHERE g.complaint_id = c.id AND g.separated_at IS NULL)
ORDER BY c.id
"""
)
