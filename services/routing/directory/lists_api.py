"""HTTP in: lists of the entries of the directory."""

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import ColumnElement, Select, any_, literal, select

from services.routing.directory.entries_api import row_shown
from services.routing.directory.roll import TABLES
from services.routing.directory.schemas import (
    CalendarEntry,
    Code,
    DepartmentEntry,
    PersonEntry,
    SkillEntry,
    TeamEntry,
)
from services.routing.store import directory
from shared import pages, problems
from shared.auth import Principal, may
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
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection, query, limit, cursor, lambda row: shown(**row_shown(who, table, dict(row))), key
        )


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
    has = None if skill is None else literal(skill) == any_(c.skills)
    narrow = (_if(c.department, department), _if(c.team, team), of_layer, has, _if(c.active, active))
    return await _listed(ctx, who, "people", PersonEntry, limit, cursor, *narrow)
