"""HTTP in: what is unowned or untrained."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import select, text

from services.routing.findings.model import FindingKind
from services.routing.findings.schemas import FindingShown, shown
from services.routing.store import findings
from shared import pages, problems
from shared.auth import Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["directory"])


@router.get(
    "/directory/findings",
    response_model=pages.Page[FindingShown],
    response_model_exclude_none=True,
    summary="What is unowned or untrained",
    responses=problems.documented(),
)
async def list_findings(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    kind: Annotated[FindingKind | None, Query(description="Only of this kind.")] = None,
    settled: Annotated[bool, Query(description="Also those that are no longer so.")] = False,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[FindingShown]:
    """The newest first. They are looked for on schedule: open and settle by themselves."""
    query = select(findings).order_by(findings.c.opened_at.desc(), findings.c.id.desc()).limit(limit + 1)
    if kind is not None:
        query = query.where(findings.c.kind == kind.value)
    if not settled:
        query = query.where(findings.c.settled_at.is_(None))
    if cursor is not None:
        at, after = pages.decode(cursor, datetime, UUID)
        query = query.where(text("(opened_at, id) < (:at, :after)")).params(at=at, after=after)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return pages.page(rows, limit, lambda row: shown(dict(row)), lambda row: (row["opened_at"], row["id"]))
