"""HTTP in: what happened to a case, as its chain has it; checkpoints."""

from typing import Annotated
from uuid import UUID

from fastapi.responses import StreamingResponse
from sqlalchemy import select

from services.resolution.audit import checkpoint
from services.resolution.audit.reading import record_read
from services.resolution.audit.schemas import AuditEntry
from services.resolution.desk import must_not_be_about
from services.resolution.tables import audit_entries, cases
from shared import clock, pages, problems
from shared.auth import Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["audit"])

Auditor = Annotated[Principal, may("audit:read")]
NDJSON = "application/x-ndjson"


@router.get(
    "/cases/{complaint_id}/audit",
    summary="Read a case's audit chain",
    responses=problems.documented(404),
)
async def read_audit(
    complaint_id: UUID, who: Auditor, ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[AuditEntry]:
    """Every change of the case and every reading of personal data in it, the oldest first. Reading this is an entry,
    too, for each page; the pages end with what was there when the first one was read."""
    await must_not_be_about(ctx, who, complaint_id)
    after, last = pages.decode(cursor, int, int) if cursor is not None else (0, None)
    async with ctx.database.transaction() as transaction:
        connection = transaction.connection
        await transaction.lock([complaint_id])
        opened = (cases.c.id == complaint_id) & (cases.c.state != "unopened")
        found = (await connection.execute(select(cases.c.audit_number).where(opened))).scalar_one_or_none()
        if found is None:
            raise problems.not_found("case", "path/complaint_id")
        last = found if last is None else min(last, found)
        query = (
            select(audit_entries)
            .where(
                audit_entries.c.complaint_id == complaint_id,
                audit_entries.c.number > min(after, found),
                audit_entries.c.number <= last,
            )
            .order_by(audit_entries.c.number)
            .limit(limit + 1)
        )
        rows = (await connection.execute(query)).mappings().all()
        await record_read(transaction, [complaint_id], who.id, "audit", "audit", clock.now())
    return pages.page(rows, limit, AuditEntry.of, lambda row: (row["number"], last))


@router.get(
    "/audit/checkpoint",
    response_class=StreamingResponse,
    summary="Where all audit chains end now, signed",
    responses={
        200: {
            "description": "Lines of JSON: what it is, one line for each chain, the signature",
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
        **problems.documented(),
    },
)
async def make_checkpoint(who: Auditor, ctx: Ctx) -> StreamingResponse:
    """Keep it where nobody who can change the database can change it: `redress audit verify --checkpoint FILE` finds
    whatever was cut off or written anew since."""
    key = checkpoint.signing_key(ctx.settings.installation_secret)
    return StreamingResponse(checkpoint.lines(ctx.database, key), media_type=NDJSON)
