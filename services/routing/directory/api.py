"""HTTP in: the directory as a whole, by JSON and by file."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.routing.directory.changing import answer, change, refuse
from services.routing.directory.files import CSV_ENCODING, FileRows, read_csv, read_zip, to_csv, to_zip
from services.routing.directory.layers import Layer, layers
from services.routing.directory.planning import Wanted
from services.routing.directory.references import Refusal
from services.routing.directory.roll import load_roll
from services.routing.directory.schemas import (
    ENTRIES,
    Code,
    DepartmentShown,
    DirectoryChange,
    DirectoryChanged,
    DirectoryShown,
    PersonShown,
)
from services.routing.directory.succeeding import move_work
from services.routing.store import directory
from shared import problems
from shared.auth import Principal, may
from shared.problems import Problem
from shared.service import Ctx, api_router

router = api_router(tags=["directory"])

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a directory with 10,000 people, generously."""

_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


class Table(StrEnum):
    CALENDARS = "calendars"
    SKILLS = "skills"
    DEPARTMENTS = "departments"
    TEAMS = "teams"
    PEOPLE = "people"


class FileFormat(StrEnum):
    CSV = "csv"
    JSON = "json"


@router.get(
    "/directory",
    response_model=DirectoryShown,
    response_model_exclude_unset=True,
    summary="Departments and people",
    responses=problems.documented(),
)
async def read_directory(who: Annotated[Principal, may("cases:read")], ctx: Ctx) -> DirectoryShown:
    """Everybody, with the number of open cases that each carries. Accounts and mail addresses are shown to those
    who may change them."""
    async with ctx.database.reading() as connection:
        units = (await connection.execute(select(directory.departments).order_by("code"))).mappings().all()
        staff = (await connection.execute(select(directory.people).order_by("id"))).mappings().all()
    return DirectoryShown(
        departments=[DepartmentShown(**u) for u in units],
        people=[PersonShown(**shown_to(who, dict(p))) for p in staff],
    )


def shown_to(who: Principal, person: dict[str, Any]) -> dict[str, Any]:
    """A person without what only those need who change people."""
    apart = () if who.may("directory:write") else ("account", "email")
    return {name: value for name, value in person.items() if name not in apart}


@router.get("/directory/layers", summary="The four layers and their roles", responses=problems.documented())
async def list_layers() -> list[Layer]:
    """In both languages. No key needed."""
    return list(layers())


@router.put(
    "/directory",
    response_model=DirectoryChanged,
    summary="Add or change any part of the directory",
    responses=problems.documented(409, 422),
)
async def change_directory(
    wanted: DirectoryChange, who: Annotated[Principal, may("directory:write")], ctx: Ctx
) -> DirectoryChanged:
    """The way in for an HR system: idempotent, up to 10,000 people in one call, all or nothing.

    Whoever is not named, and what is not said of somebody, stays as it is. With `source` and `complete`, whoever
    that source no longer names is deactivated. Try it with `dry_run`.
    """
    _must_name_source(wanted.complete, wanted.source, "body/source")
    asked = Wanted(wanted.parts(), wanted.source, wanted.complete, requeue=wanted.requeue)
    async with ctx.database.transaction() as transaction:
        done = await change(
            transaction, asked, who.id, dry_run=wanted.dry_run, skip_refused=wanted.skip_refused
        )
        if done.plan.refused and not wanted.dry_run:
            raise refuse(done.refused, _in_json)
    await move_work(ctx.database)
    return answer(done, dry_run=wanted.dry_run)


def _must_name_source(complete: bool, source: str | None, field: str) -> None:
    if complete and source is None:
        raise problems.invalid(
            "Complete of what?", "Name the `source` whose entries these are. 请说明 source。", field=field
        )


def _in_json(refusal: Refusal) -> str:
    if refusal.position is None:
        return f"body/{refusal.table}"
    return f"body/{refusal.table}/{refusal.position}/{refusal.field}"


@router.get(
    "/directory/export",
    response_class=Response,
    summary="Export the directory",
    responses={
        200: {
            "description": "JSON as `PUT /directory` takes it, a CSV file, or a zip with one for each table",
            "content": {"application/json": _BYTES, "text/csv": _BYTES, "application/zip": _BYTES},
        },
        **problems.documented(),
    },
)
async def export_directory(
    who: Annotated[Principal, may("directory:write")],
    ctx: Ctx,
    kind: Annotated[FileFormat, Query(alias="format")] = FileFormat.JSON,
    table: Annotated[Table | None, Query(description="Only this table.")] = None,
) -> Response:
    """It can be imported again unchanged. Accounts and mail addresses are in it: it takes the right to write."""
    async with ctx.database.reading() as connection:
        roll = await load_roll(connection)
    tables = {
        name: [roll.entries[name][key].entry for key in sorted(roll.entries[name])]
        for name in ENTRIES
        if table in (None, name)
    }
    if kind is FileFormat.JSON:
        body = {name: [dict(entry) for entry in entries] for name, entries in tables.items()}
        return Response(to_json(body), media_type="application/json")
    name = table.value if table else "directory"
    if table is None:
        content, media, suffix = to_zip(tables), "application/zip", "zip"
    else:
        content, media, suffix = (
            to_csv(name, tables[name]).encode(CSV_ENCODING),
            "text/csv; charset=utf-8",
            "csv",
        )
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{suffix}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, 200, headers, media)


@router.post(
    "/directory/import",
    response_model=DirectoryChanged,
    summary="Import the directory from CSV",
    responses=problems.documented(409, 415, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A CSV file, or a zip with `<table>.csv`, as the export makes them.",
            "content": {
                "text/csv": _BYTES
                | {"example": "id,name,department,languages\nma.li,马丽 Ma Li,field_service,zh;en\n"},
                "application/zip": _BYTES,
            },
        }
    },
)
async def import_directory(
    request: Request,
    who: Annotated[Principal, may("directory:write")],
    ctx: Ctx,
    table: Annotated[Table, Query(description="Whose rows the CSV file holds.")] = Table.PEOPLE,
    source: Annotated[Code | None, Query(description="As in `PUT /directory`.")] = None,
    complete: Annotated[bool, Query(description="As in `PUT /directory`.")] = False,
    requeue: Annotated[bool, Query(description="As in `PUT /directory`.")] = False,
    dry_run: Annotated[bool, Query(description="Only say what would change.")] = False,
) -> DirectoryChanged:
    """The same as `PUT /directory`, from a file: what is wrong is named by line and column. A column that is
    missing leaves what it would say as it is."""
    _must_name_source(complete, source, "query/source")
    found = _read(request, await request.body(), table.value)
    if found.errors:
        raise problems.invalid(
            "Rows of the file are not valid",
            f"Correct what is listed in errors ({len(found.errors)}). 请更正所列各行。",
            errors=found.errors[:200],
        )
    asked = Wanted(found.parts, source, complete, requeue=requeue)
    async with ctx.database.transaction() as transaction:
        done = await change(transaction, asked, who.id, dry_run=dry_run)
        if done.refused and not dry_run:
            raise refuse(done.refused, lambda refusal: _in_file(found, refusal))
    await move_work(ctx.database)
    return answer(done, dry_run=dry_run)


def _read(request: Request, body: bytes, table: str) -> FileRows:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == "application/zip":
        return read_zip(body, BODY_LIMIT)
    if media == "text/csv":
        return read_csv(table, body)
    raise Problem(
        415,
        "unsupported-media-type",
        "It is not clear what kind of file it is",
        "Say Content-Type: text/csv or application/zip. 请声明 Content-Type: text/csv 或 application/zip。",
        field="header/Content-Type",
    )


def _in_file(found: FileRows, refusal: Refusal) -> str:
    where = found.lines.get((refusal.table, -1 if refusal.position is None else refusal.position))
    return f"body/{where}/{refusal.field}" if where else f"body/{refusal.table}/{refusal.key}"
