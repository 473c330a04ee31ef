"""HTTP in: what is unowned or untrained."""

from typing import Annotated

from fastapi import Query
from sqlalchemy import select

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
    c = findings.c
    query = select(findings)
    if kind is not None:
        query = query.where(c.kind == kind.value)
    if not settled:
        query = query.where(c.settled_at.is_(None))
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: shown(dict(row)),
            c.opened_at,
            c.id,
            newest_first=True,
        )
