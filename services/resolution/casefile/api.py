"""HTTP in: take out the whole file of a case, as data or on paper."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Response

from services.resolution.casefile.contents import CaseFile, FromIntake, of_intake, take_out
from services.resolution.casefile.paper import on_paper
from services.resolution.casefile.store import case_file
from services.resolution.desk import CaseReader, no_such_case
from services.resolution.lifecycle import State
from services.resolution.store import store
from shared import clock, paper, problems
from shared.aggregate import load_one, save_one
from shared.events.vocabulary import Language
from shared.service import Context, Ctx, api_router

router = api_router(tags=["cases"])

PDF = "application/pdf"


class Format(StrEnum):
    JSON = "json"
    PDF = "pdf"


@router.get(
    "/cases/{complaint_id}/file",
    response_model=CaseFile,
    summary="Take out the file of a case",
    responses=problems.documented(404) | {200: {"content": {PDF: {}}}},
)
async def take_out_file(
    complaint_id: UUID,
    who: CaseReader,
    ctx: Ctx,
    format: Annotated[Format, Query(description="Data, or a document on paper.")] = Format.JSON,
    language: Annotated[Language, Query(description="Of the document on paper.")] = Language.ZH,
) -> Response:
    """Everything that happened: what was told, judged, offered, promised and spoken, with the digests of the
    attachments. That you take it out is noted in the case. What is sent to an outside body is kept, not made again."""
    async with ctx.database.reading() as connection:
        known = (await store.read(connection, [complaint_id]))[complaint_id]
    if known.state is State.UNOPENED:
        raise no_such_case()
    told = await _ask_intake(ctx, complaint_id)
    async with ctx.database.transaction() as transaction:
        case = await load_one(store, transaction, complaint_id)
        at = clock.now()
        take_out(case, format, who.id, at)
        await save_one(store, transaction, case)
        file = await case_file(transaction.connection, complaint_id, told, who.id, at)
    if format is Format.JSON:
        return Response(file.model_dump_json(), media_type="application/json")
    zone = store.calendars.usual.zone
    written = await asyncio.to_thread(lambda: paper.write(on_paper(file, language, zone)))
    name = f'attachment; filename="{file.reference}-{language}.pdf"'
    return Response(written, media_type=PDF, headers={"Content-Disposition": name})


async def _ask_intake(ctx: Context, complaint_id: UUID) -> FromIntake:
    """Raises httpx.HTTPError when intake cannot be asked now."""
    path = f"/intake/v1/complaints/{complaint_id}"
    complaint = await ctx.ask("intake", path, "complaints:read")
    attachments: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await ctx.ask("intake", f"{path}/attachments?limit=200{cursor}", "complaints:read")
        attachments += page["items"]
        if page.get("next") is None:
            return of_intake(complaint, attachments)
        cursor = f"&cursor={quote(page['next'])}"
