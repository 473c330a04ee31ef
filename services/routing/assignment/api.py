"""HTTP in: what waits and why, who could take it, handing over, and who takes part."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.routing.assignment.assigning import HandOver
from services.routing.assignment.needs import Needs
from services.routing.assignment.roster import Roster
from services.routing.assignment.schemas import (
    CandidateShown,
    CandidatesShown,
    HandOverWanted,
    Involvement,
    Queued,
    Why,
)
from services.routing.assignment.store import current_directory, load_roster
from services.routing.books import BOOKS
from services.routing.model import Dispatch
from services.routing.status import Status
from services.routing.store import DispatchStore, dispatches, read_dispatches
from services.routing.triage.schemas import Routed
from services.routing.triage.showing import routed
from shared import clock, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.idempotency import Answer
from shared.masking import mask
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["assignment"])
store = DispatchStore()


@router.get(
    "/queue",
    response_model=pages.Page[Queued],
    response_model_exclude_none=True,
    summary="What nobody could take yet, oldest first, and why",
    responses=problems.documented(),
)
async def read_queue(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[Queued]:
    """Complaints that are decided and wait for somebody with capacity, skills and certificates who works."""
    c = dispatches.c
    query = select(dispatches).where(c.status == "waiting")
    async with ctx.database.reading() as connection:
        roster = await load_roster(connection, await load_books(connection, *BOOKS))
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: _queued(row, roster),
            c.registered_at,
            c.complaint_id,
        )


def _queued(row: Any, roster: Roster) -> Queued:
    needs, rules = Needs.from_text(row["needs"]), roster.rules
    after = timedelta(hours=getattr(rules.climb_after, row["severity"]))
    climbs_at = (row["climbed_at"] or row["waiting_since"]) + after
    return Queued(
        **{name: row[name] for name in Queued.model_fields if name in row},
        climbs_at=climbs_at if row["climbs"] < rules.climbs_at_most else None,
        why=[] if roster.anybody(needs) else Why.all_of(roster.why_nobody(needs)),
    )


@router.get(
    "/complaints/{complaint_id}/candidates",
    response_model=CandidatesShown,
    response_model_exclude_none=True,
    summary="Who could take a complaint now, and why the others cannot",
    responses=problems.documented(404, 409),
)
async def read_candidates(
    complaint_id: UUID,
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=1000, description="People at most.")] = 100,
) -> CandidatesShown:
    """As if it were assigned at this moment; nothing is changed."""
    async with ctx.database.reading() as connection:
        dispatch = (await read_dispatches(connection, [complaint_id]))[complaint_id]
        roster = await load_roster(connection, dispatch.books)
    _must_be_known(dispatch)
    if dispatch.category is None:
        raise problems.conflict(
            "Nobody can be asked yet. 尚不能分派。",
            "Decide its category first, at the triage desk. 请先在待分类处确定类别。",
            status_now=dispatch.status.value,
        )
    found = roster.candidates(dispatch.asks)
    handler = dispatch.handler_id if dispatch.status is Status.ASSIGNED else None
    counts: dict[str, int] = {}
    for each in found:
        if each.why_not is not None:
            counts[each.why_not] = counts.get(each.why_not, 0) + 1
    return CandidatesShown(
        rules_version=roster.version,
        able=len(found) - sum(counts.values()),
        why_not=Why.all_of(counts),
        candidates=[CandidateShown.of(each, roster.loads[each.person.id], handler) for each in found[:limit]],
    )


@router.post(
    "/complaints/{complaint_id}/hand-over",
    response_model=Routed,
    summary="Let somebody else have a complaint",
    responses=problems.documented(404, 409, 412, 422) | TAGGED,
)
async def hand_over(
    complaint_id: UUID,
    wanted: HandOverWanted,
    who: Annotated[Principal, may("cases:work")],
    editing: Editing,
) -> Response:
    """To a person, to a department, or to whoever's turn it is. What was promised to the customer stands. When
    whoever shall have it cannot take it, it stays where it is, and the answer says who can."""
    to = wanted.to

    async def work(transaction: Transaction) -> Answer:
        dispatch = await _held(transaction, complaint_id, editing)
        directory = await current_directory(transaction.connection)
        if to is not None and to.person is not None and to.person not in {p.id for p in directory.people}:
            raise _unknown("person", "body/to/person", "人员", [])
        if to is not None and to.department is not None:
            _must_be_department(to.department, directory.departments, "body/to/department")
        wish = HandOver(who.id, wanted.reason, to.person if to else None, to.department if to else None)
        dispatch.hand_over(wish, clock.now())
        await save_one(store, transaction, dispatch)
        return await _answer(transaction, complaint_id)

    return await editing.once_tagged(who.id, work)


@router.post(
    "/complaints/{complaint_id}/departments",
    response_model=Routed,
    summary="Involve a further department",
    responses=problems.documented(404, 409, 412, 422) | TAGGED,
)
async def involve_department(
    complaint_id: UUID,
    wanted: Involvement,
    who: Annotated[Principal, may("cases:work")],
    editing: Editing,
) -> Response:
    """It takes part in what is done; whoever is responsible stays so. One that takes part already changes nothing."""

    async def work(transaction: Transaction) -> Answer:
        dispatch = await _held(transaction, complaint_id, editing)
        directory = await current_directory(transaction.connection)
        _must_be_department(wanted.department, directory.departments, "body/department")
        if dispatch.status is Status.RELEASED:
            raise problems.conflict(
                "Nobody works on the complaint any more. 该投诉已无人处理。",
                "It has ended, or goes on under another one. 投诉已结束或已并入其他投诉。",
                status_now=dispatch.status.value,
            )
        if dispatch.involve(wanted.department, mask(wanted.reason), who.id, clock.now()):
            await save_one(store, transaction, dispatch)
        return await _answer(transaction, complaint_id)

    return await editing.once_tagged(who.id, work)


async def _held(transaction: Transaction, complaint_id: UUID, editing: Edit) -> Dispatch:
    dispatch = await load_one(store, transaction, complaint_id)
    _must_be_known(dispatch)
    editing.must_match(dispatch.version, "complaint's routing", "投诉的分派情况")
    return dispatch


def _must_be_known(dispatch: Dispatch) -> None:
    if dispatch.registered_at is None:
        raise problems.not_found("complaint", "path/complaint_id")


def _must_be_department(code: str, departments: Any, field: str) -> None:
    known = sorted(unit.code for unit in departments.values() if unit.active)
    if code not in known:
        raise _unknown("active department", field, "启用的部门", known)


def _unknown(what: str, field: str, what_zh: str, known: list[str]) -> Problem:
    remedy = f" Take one of: {', '.join(known[:100])}." if known else " Look it up in the directory."
    return problems.invalid(
        f"There is no such {what}",
        f"The directory does not know it.{remedy} 目录中没有该{what_zh}。",
        field=field,
    )


async def _answer(transaction: Transaction, complaint_id: UUID) -> Answer:
    now = (await read_dispatches(transaction.connection, [complaint_id]))[complaint_id]
    return Answer(200, to_json(routed(now), exclude_none=True))
