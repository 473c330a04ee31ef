"""HTTP in: each entry of the directory by itself. All five tables have the same addresses."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic_core import to_json
from sqlalchemy import select

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
from services.routing.directory.succeeding import move_work
from shared import etag, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.idempotency import Answer
from shared.openapi import TAGGED
from shared.service import Ctx, api_router

router = api_router(tags=["directory"])


def row_shown(who: Principal, table: str, row: dict[str, Any]) -> dict[str, Any]:
    more = {name: row[name] for name in ("version", "source", "open_cases") if name in row}
    entry = dict(entry_of(table, row))
    return (shown_to(who, entry) if table == "people" else entry) | more


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
        return self.shown(**row_shown(who, self.table, dict(row)))

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
        editing: Edit,
        who: Principal,
        key: str,
        entry: Entry,
        requeue: bool = False,
        hand_over_to: str | None = None,
    ) -> Response:
        if entry.key != key:
            name = "id" if self.table == "people" else "code"
            raise problems.invalid(
                "Two names for one",
                f"The path says {key!r}; say the same here. 路径与内容不一致，请保持相同。",
                field=f"body/{name}",
            )

        async def work(transaction: Transaction) -> Answer:
            def must_match(roll: Roll) -> None:
                kept = roll.entries[self.table].get(key)
                editing.must_match(kept.version if kept else None, self.one, self.one_zh)

            wanted = Wanted({self.table: [entry]}, whole=True, requeue=requeue, hand_over_to=hand_over_to)
            done = await change(transaction, wanted, who.id, before=must_match)
            if done.refused:
                raise refuse(done.refused, _place)
            stored = TABLES[self.table]
            column = next(iter(stored.primary_key.columns))
            row = (await transaction.execute(select(stored).where(column == key))).mappings().one()
            shown = self.shown(**row_shown(who, self.table, dict(row)))
            return Answer(201 if (self.table, key) in done.plan.added else 200, to_json(shown))

        response = await editing.once_tagged(who.id, work)
        if self.table == "departments":
            await move_work(editing.ctx.database)
        return response

    def change(self, router: APIRouter) -> None:
        async def put(
            key: Any,
            wanted: Any,
            who: Annotated[Principal, may("directory:write")],
            editing: Editing,
        ) -> Response:
            """All of it: what is left out is as if it were new."""
            return await self.put(editing, who, key, wanted)

        async def put_person(
            key: Any,
            wanted: Any,
            who: Annotated[Principal, may("directory:write")],
            editing: Editing,
            requeue: Annotated[bool, Query(description="Their complaints go back to the queue.")] = False,
            hand_over_to: Annotated[
                PersonId | None, Query(description="Who takes their complaints over.")
            ] = None,
        ) -> Response:
            """All of it: what is left out is as if it were new. Who is deactivated must not leave complaints
            behind: say where they go."""
            return await self.put(editing, who, key, wanted, requeue, hand_over_to)

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
