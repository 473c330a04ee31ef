"""HTTP in: files of complaints, for whoever brings many at once."""

from pathlib import PurePath
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import RowMapping, select

from services.intake.attachments.incoming import Incoming, incoming
from services.intake.imports import store
from services.intake.imports.importer import Importer
from services.intake.imports.model import Format, Result, State
from services.intake.imports.receiving import receive
from services.intake.imports.report import report
from services.intake.imports.schemas import Import
from services.intake.imports.store import imports
from shared import pages, problems
from shared.auth import ADMIN, Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["imports"])

ImportId = Annotated[UUID, Path(description="Id that sending the file answered with.")]
_TYPES = {
    "text/csv": Format.CSV,
    "text/tab-separated-values": Format.CSV,
    "application/x-ndjson": Format.NDJSON,
    "application/ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
}
_SUFFIXES = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
}
_MEDIA = {Format.CSV: "text/csv; charset=utf-8", Format.NDJSON: "application/x-ndjson"}
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file: as the body itself, or in a form as the part `file`.",
        "content": {
            "text/csv": _BYTES
            | {
                "example": "row_key,channel,language,statement.what_went_wrong,customer.email\n"
                'K-1,letter,en,"The motor is loud, and shows R4.",ann@example.com\n'
            },
            "application/x-ndjson": _BYTES
            | {
                "example": '{"row_key":"K-1","channel":"letter","statement":{"what_went_wrong":"Too loud."}}\n'
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "ImportUpload",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@router.post(
    "/imports",
    status_code=202,
    response_model=Import,
    response_model_exclude_none=True,
    summary="Import a file of complaints",
    responses={
        200: {"model": Import, "description": "The file was sent before: its import as it stands"},
        **problems.documented(400, 408, 415),
    },
    openapi_extra=_FILE,
)
async def import_file(
    request: Request,
    response: Response,
    who: Annotated[Principal, may("complaints:write")],
    ctx: Ctx,
    kind: Annotated[
        Format | None,
        Query(alias="format", description="Follows from the Content-Type or the name when left out."),
    ] = None,
    name: Annotated[str | None, Query(max_length=1000, description="File name, for its ending.")] = None,
) -> Import:
    """Stream a file in: CSV whose first line names a field for each column (`customer.email`), or NDJSON with a
    complaint on each line. The rows are registered in the background, each like a complaint that is posted.

    Every row is registered once. A row may carry a `row_key` of your own, which holds over all your files; else
    its place in the file counts. The same file is the same import: send it again if in doubt, and it goes on
    where it stopped.
    """
    file = await incoming(request, name)
    import_id, begun = await receive(
        ctx.part(Importer), file, kind or _format(file), who.id, ctx.settings.import_limit
    )
    shown = await _found(ctx, import_id, who)
    if not begun:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Location"] = f"/intake/v1/imports/{import_id}"
    return shown


def _format(file: Incoming) -> Format:
    suffix = PurePath(file.name or "").suffix.lower()
    kind = _TYPES.get(file.declared_type or "") or _SUFFIXES.get(suffix)
    if kind is None:
        raise problems.invalid(
            "It is not clear what kind of file it is",
            "Say `format=csv` or `format=ndjson`. 请用 format 参数说明文件格式。",
            field="query/format",
        )
    return kind


@router.get(
    "/imports",
    response_model=pages.Page[Import],
    response_model_exclude_none=True,
    summary="List your imports, the newest first",
    responses=problems.documented(),
)
async def list_imports(
    who: Annotated[Principal, may("complaints:write")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[Import]:
    """One page; follow `next` for more."""
    c = imports.c
    query = select(*store.SHOWN).where(c.principal == who.id, c.state != State.RECEIVING.value)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection, query, limit, cursor, _shown, c.created_at, c.id, newest_first=True
        )


@router.get(
    "/imports/{import_id}",
    response_model=Import,
    response_model_exclude_none=True,
    summary="How far an import is",
    responses=problems.documented(404),
)
async def read_import(
    import_id: ImportId, who: Annotated[Principal, may("complaints:write")], ctx: Ctx
) -> Import:
    """State and counts, as of the last group of rows that was accounted for."""
    return await _found(ctx, import_id, who)


@router.post(
    "/imports/{import_id}/cancel",
    response_model=Import,
    response_model_exclude_none=True,
    summary="Stop an import",
    responses=problems.documented(404),
)
async def cancel_import(
    import_id: ImportId, who: Annotated[Principal, may("complaints:write")], ctx: Ctx
) -> Import:
    """What is registered stays registered. Send the file again, and the import goes on where it stopped."""
    await _found(ctx, import_id, who)
    async with ctx.database.transaction() as transaction:
        await store.cancel(transaction, import_id)
    return await _found(ctx, import_id, who)


@router.get(
    "/imports/{import_id}/report",
    response_class=StreamingResponse,
    summary="What became of each row",
    responses={
        200: {
            "description": "A line for each row that is done, in the order of the file",
            "content": {"application/x-ndjson": _BYTES, "text/csv": _BYTES},
        },
        **problems.documented(404),
    },
)
async def read_report(
    import_id: ImportId,
    who: Annotated[Principal, may("complaints:write")],
    ctx: Ctx,
    kind: Annotated[Format, Query(alias="format")] = Format.NDJSON,
    status: Annotated[Result | None, Query(description="Only rows that ended so.")] = None,
) -> StreamingResponse:
    """Row, line, status, and id and reference of the complaint, or what is wrong by column and what would be right.

    In CSV no cell can be taken for a formula.
    """
    await _found(ctx, import_id, who)
    headers = {
        "Content-Disposition": f'attachment; filename="import-{import_id}.{kind.value}"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(report(ctx.database, import_id, kind, status), 200, headers, _MEDIA[kind])


async def _found(ctx: Ctx, import_id: UUID, who: Principal) -> Import:
    async with ctx.database.reading() as connection:
        row = await store.find(connection, import_id)
    if row is None or not (row["principal"] == who.id or who.may(ADMIN)):
        raise problems.not_found("import", "path/import_id")
    return _shown(row)


def _shown(row: RowMapping) -> Import:
    done = row["registered"] + row["known"] + row["refused"]
    return Import(**{**row, "sha256": row["sha256"].hex()}, rows=done)
