"""HTTP in: where a complaint was routed, and why. The desks of triage have modules of their own."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.routing.store import read_dispatches
from services.routing.triage import desk, flagging, model_desk
from services.routing.triage.schemas import Routed
from services.routing.triage.showing import routed
from shared import etag, problems
from shared.auth import Principal, may
from shared.openapi import TAGGED
from shared.service import Ctx, api_router
from shared.taxonomy import newest

router = api_router(tags=["triage"])


@router.get("/taxonomy", summary="Categories, in both languages")
async def read_taxonomy() -> list[dict[str, str]]:
    """Level-1 categories of complaints; all of the taxonomy is at intake. No key needed."""
    return [category.model_dump(include={"code", "name_en", "name_zh"}) for category in newest().categories]


@router.get(
    "/complaints/{complaint_id}",
    response_model=Routed,
    response_model_exclude_none=True,
    summary="Where a complaint was routed, and why",
    responses=problems.documented(404) | TAGGED,
)
async def read_routed(
    complaint_id: UUID, who: Annotated[Principal, may("complaints:read")], ctx: Ctx, response: Response
) -> Routed:
    """Category, severity, department and handler, with who decided it, by which rules, versions and words."""
    async with ctx.database.reading() as connection:
        dispatch = (await read_dispatches(connection, [complaint_id]))[complaint_id]
    if dispatch.registered_at is None:
        raise problems.not_found("complaint", "path/complaint_id")
    response.headers["ETag"] = etag.tag(dispatch.version)
    return routed(dispatch)


for each in (desk, flagging, model_desk):
    router.include_router(each.router)
