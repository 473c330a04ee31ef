"""HTTP in: each entry of the directory by itself. All five tables have the same addresses."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import ColumnElement, Select, select

from services.routing.directory.api import shown_to
from services.routing.directory.changing import change, refuse
from services.routing.directory.planning import Roll, Wanted
from services.routing.directory.references import Refusal
from services.routing.directory.roll import TABLES, entry_of
from services.routing.directory.schemas import (
    CalendarEntry,
    Code,
    DepartmentEntry,
    Entry,
    NewCalendar,
    NewDepartment,
    NewPerson,
    NewSkill,
    NewTeam,
    PersonEntry,
    PersonId,
    SkillEntry,
    TeamEntry,
    Versioned,
)
from services.routing.store import directory
from shared import etag, idempotency, pages, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.etag import IfMatch
from shared.idempotency import Answer, IdempotencyKey
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.service import Ctx, api_router

router = api_router(tags=["directory"])

Active = Annotated[bool | None, Query(description="Only those that are, or are not.")]
Layer = Annotated[
    int | None, Query(ge=1, le=4, description="1 contact, 2 acceptance, 3 technical, 4 management.")
]
InDepartment = Annotated[Code | None, Query(description="Only of this department.")]


async def _listed(
    ctx: Ctx, who: Principal, table: str, shown: type[Any], limit: int, cursor: str | None, *narrow: Any
) -> pages.Page[Any]:
    """A page of the entries, by key; `narrow` are conditions, None for those that were not asked for."""
    stored = TABLES[table]
    key = next(iter(stored.primary_key.columns))
    query: Select[Any] = select(stored).where(*(each for each in narrow if each is not None))
    if cursor is not None:
        query = query.where(key > pages.decode(cursor, str)[0])
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query.order_by(key).limit(limit + 1))).mappings().all()
    return pages.page(
        rows, limit, lambda row: shown(**_row(who, table, dict(row))), lambda row: (row[key.name],)
    )


def _row(who: Principal, table: str, row: dict[str, Any]) -> dict[str, Any]:
    more = {name: row[name] for name in ("version", "source", "open_cases") if name in row}
    entry = dict(entry_of(table, row))
    return (shown_to(who, entry) if table == "people" else entry) | more


def _if(column: ColumnElement[Any], wanted: object) -> ColumnElement[bool] | None:
    return None if wanted is None else column == wanted


@router.get(
    "/directory/calendars",
    response_model=pages.Page[CalendarEntry],
    summary="List the calendars",
    responses=problems.documented(),
)
async def list_calendars(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[CalendarEntry]:
    """By their code."""
    return await _listed(ctx, who, "calendars", CalendarEntry, limit, cursor)


@router.get(
    "/directory/skills",
    response_model=pages.Page[SkillEntry],
    summary="List the skills",
    responses=problems.documented(),
)
async def list_skills(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    active: Active = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[SkillEntry]:
    """The catalogue of what people can do, by code, with names in both languages."""
    return await _listed(
        ctx, who, "skills", SkillEntry, limit, cursor, _if(directory.skills.c.active, active)
    )


@router.get(
    "/directory/departments",
    response_model=pages.Page[DepartmentEntry],
    summary="List the departments",
    responses=problems.documented(),
)
async def list_departments(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    layer: Layer = None,
    active: Active = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[DepartmentEntry]:
    """By their code."""
    c = directory.departments.c
    narrow = (_if(c.layer, layer), _if(c.active, active))
    return await _listed(ctx, who, "departments", DepartmentEntry, limit, cursor, *narrow)


@router.get(
    "/directory/teams",
    response_model=pages.Page[TeamEntry],
    summary="List the teams",
    responses=problems.documented(),
)
async def list_teams(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    department: InDepartment = None,
    active: Active = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[TeamEntry]:
    """By their code. Who belongs to one: `/directory/people?team=`."""
    c = directory.teams.c
    narrow = (_if(c.department, department), _if(c.active, active))
    return await _listed(ctx, who, "teams", TeamEntry, limit, cursor, *narrow)


@router.get(
    "/directory/people",
    response_model=pages.Page[PersonEntry],
    response_model_exclude_unset=True,
    summary="List the people",
    responses=problems.documented(),
)
async def list_people(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    department: InDepartment = None,
    team: Annotated[Code | None, Query(description="Only of this team.")] = None,
    layer: Layer = None,
    skill: Annotated[Code | None, Query(description="Only those who have it.")] = None,
    active: Active = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[PersonEntry]:
    """By their id. Accounts and mail addresses are shown to those who may change them."""
    c, units = directory.people.c, directory.departments.c
    of_layer = None if layer is None else c.department.in_(select(units.code).where(units.layer == layer))
    has = None if skill is None else c.skills.contains([skill])
    narrow = (_if(c.department, department), _if(c.team, team), of_layer, has, _if(c.active, active))
    return await _listed(ctx, who, "people", PersonEntry, limit, cursor, *narrow)


class _Addresses:
    """The addresses of one entry of a table: read it, and put it."""

    def __init__(self, table: str, one: str, one_zh: str, new: type[Entry], shown: type[Versioned]) -> None:
        self.table, self.one, self.one_zh, self.new, self.shown = table, one, one_zh, new, shown
        self.key: Any = PersonId if table == "people" else Code

    async def show(self, ctx: Ctx, who: Principal, key: str) -> Versioned:
        stored = TABLES[self.table]
        column = next(iter(stored.primary_key.columns))
        async with ctx.database.reading() as connection:
            row = (await connection.execute(select(stored).where(column == key))).mappings().one_or_none()
        if row is None:
            raise problems.not_found(self.one, "path/key")
        return self.shown(**_row(who, self.table, dict(row)))

    def read(self, router: APIRouter) -> None:
        async def read(
            key: Any, who: Annotated[Principal, may("cases:read")], ctx: Ctx, response: Response
        ) -> Versioned:
            """As it is. Its ETag goes into `If-Match`."""
            entry = await self.show(ctx, who, key)
            response.headers["ETag"] = etag.tag(entry.version)
            return entry

        read.__annotations__["key"] = Annotated[self.key, Path(description=f"Of the {self.one}.")]
        router.get(
            f"/directory/{self.table}/{{key}}",
            name=f"read_{self.one}",
            response_model=self.shown,
            response_model_exclude_unset=True,
            summary=f"Read a {self.one}",
            responses=problems.documented(404) | TAGGED,
        )(read)

    async def put(
        self,
        ctx: Ctx,
        request: Request,
        who: Principal,
        idempotency_key: str | None,
        key: str,
        entry: Entry,
        if_match: str | None,
        requeue: bool = False,
        hand_over_to: str | None = None,
    ) -> Response:
        if entry.key != key:
            name = "id" if self.table == "people" else "code"
            raise Problem(
                422,
                "invalid-request",
                "Two names for one",
                f"The path says {key!r}; say the same here. 路径与内容不一致，请保持相同。",
                field=f"body/{name}",
            )

        async def work(transaction: Transaction) -> Answer:
            def must_match(roll: Roll) -> None:
                kept = roll.entries[self.table].get(key)
                etag.must_match(if_match, kept.version if kept else None, self.one, self.one_zh)

            wanted = Wanted({self.table: [entry]}, whole=True, requeue=requeue, hand_over_to=hand_over_to)
            done = await change(transaction, wanted, who.id, before=must_match)
            if done.refused:
                raise refuse(done.refused, _place)
            stored = TABLES[self.table]
            column = next(iter(stored.primary_key.columns))
            row = (await transaction.execute(select(stored).where(column == key))).mappings().one()
            shown = self.shown(**_row(who, self.table, dict(row)))
            return Answer(201 if (self.table, key) in done.plan.added else 200, to_json(shown))

        return etag.tagged(await idempotency.once(request, ctx.database, who.id, idempotency_key, work))

    def change(self, router: APIRouter) -> None:
        async def put(
            key: Any,
            wanted: Any,
            request: Request,
            who: Annotated[Principal, may("directory:write")],
            ctx: Ctx,
            idempotency_key: IdempotencyKey = None,
            if_match: IfMatch = None,
        ) -> Response:
            """All of it: what is left out is as if it were new."""
            return await self.put(ctx, request, who, idempotency_key, key, wanted, if_match)

        async def put_person(
            key: Any,
            wanted: Any,
            request: Request,
            who: Annotated[Principal, may("directory:write")],
            ctx: Ctx,
            idempotency_key: IdempotencyKey = None,
            if_match: IfMatch = None,
            requeue: Annotated[bool, Query(description="Their complaints go back to the queue.")] = False,
            hand_over_to: Annotated[
                PersonId | None, Query(description="Who takes their complaints over.")
            ] = None,
        ) -> Response:
            """All of it: what is left out is as if it were new. Who is deactivated must not leave complaints
            behind: say where they go."""
            return await self.put(
                ctx, request, who, idempotency_key, key, wanted, if_match, requeue, hand_over_to
            )

        endpoint: Any = put_person if self.table == "people" else put
        endpoint.__annotations__["key"] = Annotated[self.key, Path(description=f"Of the {self.one}.")]
        endpoint.__annotations__["wanted"] = self.new
        router.put(
            f"/directory/{self.table}/{{key}}",
            name=f"change_{self.one}",
            response_model=self.shown,
            summary=f"Add or change a {self.one}",
            responses={201: {"model": self.shown, "description": "It is new"}}
            | problems.documented(409, 412, 422)
            | TAGGED,
        )(endpoint)


def _place(refusal: Refusal) -> str:
    if refusal.position is None:
        return f"body/{refusal.table}/{refusal.key}"
    return "query/hand_over_to" if refusal.field == "hand_over_to" else f"body/{refusal.field}"


_EACH: Sequence[_Addresses] = (
    _Addresses("calendars", "calendar", "日历", NewCalendar, CalendarEntry),
    _Addresses("skills", "skill", "技能", NewSkill, SkillEntry),
    _Addresses("departments", "department", "部门", NewDepartment, DepartmentEntry),
    _Addresses("teams", "team", "团队", NewTeam, TeamEntry),
    _Addresses("people", "person", "人员", NewPerson, PersonEntry),
)


def add_entries(router: APIRouter) -> None:
    """The addresses of single entries."""
    for addresses in _EACH:
        if addresses.table != "people":  # of whom more is shown
            addresses.read(router)
        addresses.change(router)
