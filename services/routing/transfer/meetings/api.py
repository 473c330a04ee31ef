"""HTTP in: meetings are called, their agenda is read, their minutes are written."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json
from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.named import must_be_people
from services.routing.model import Dispatch
from services.routing.status import Status
from services.routing.store import DispatchStore, transfer
from services.routing.transfer.meetings import store
from services.routing.transfer.meetings.agenda import AGENDA
from services.routing.transfer.meetings.schemas import (
    MeetingShown,
    MeetingSummary,
    NewActionItem,
    NewAgendaItem,
    NewMeeting,
    NewMinutes,
)
from services.routing.transfer.tasks.api import past, shown_row
from services.routing.transfer.tasks.model import Task
from services.routing.transfer.tasks.store import save_loose_tasks
from shared import clock, driver, idempotency, ids, pages, problems
from shared.aggregate import NotPossible
from shared.auth import Principal, may
from shared.bulk import insert_rows, save_rows
from shared.database import Transaction
from shared.events.vocabulary import TaskForm
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["meetings"])
dispatches = DispatchStore()
Writer = Annotated[Principal, may("transfer:write")]
WEEK = timedelta(weeks=1)


@router.post(
    "/meetings",
    status_code=201,
    response_model=MeetingShown,
    summary="Call a meeting, or a weekly series",
    responses=problems.documented(422),
)
async def call_meeting(
    new: NewMeeting, request: Request, who: Writer, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """Its agenda is built from the cases that are open when it is read."""

    async def work(transaction: Transaction) -> Answer:
        now = clock.now()
        if new.at <= now:
            raise past("body/at")
        named = {f"body/attendees/{number}": person for number, person in enumerate(new.attendees)}
        await must_be_people(transaction.connection, named)
        series = {
            "id": ids.new_id(),
            "title": new.title,
            "weekly": new.weekly,
            "attendees": list(dict.fromkeys(new.attendees)),
            "made_by": who.id,
            "made_at": now,
        }
        await insert_rows(transaction, transfer.meeting_series, [series])
        meeting_id = await _add(transaction, series["id"], 1, new.at)
        return await _answer(transaction, 201, meeting_id)

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get("/meetings", summary="List meetings, the latest first", responses=problems.documented())
async def list_meetings(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[MeetingSummary]:
    """Those to come and those that were held."""
    position = None
    if cursor is not None:
        at, after = pages.decode(cursor, datetime, UUID)
        position = (at, after)
    async with ctx.database.reading() as connection:
        rows = await store.listed(connection, limit + 1, position)
    return pages.page(rows, limit, lambda row: MeetingSummary(**row), lambda row: (row["at"], row["id"]))


@router.get(
    "/meetings/{meeting_id}",
    summary="Read a meeting: agenda, minutes, what is still to be done",
    responses=problems.documented(404),
)
async def read_meeting(
    meeting_id: UUID, who: Annotated[Principal, may("cases:read")], ctx: Ctx
) -> MeetingShown:
    """Until its minutes are written the agenda is built anew at each reading; then it stays."""
    async with ctx.database.reading() as connection:
        return await _shown(connection, await _found(connection, meeting_id))


@router.post(
    "/meetings/{meeting_id}/agenda",
    response_model=MeetingShown,
    summary="Put a case on the agenda",
    responses=problems.documented(404, 409, 422),
)
async def add_to_agenda(
    meeting_id: UUID,
    item: NewAgendaItem,
    request: Request,
    who: Writer,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Named again, the last reason counts."""

    async def work(transaction: Transaction) -> Answer:
        await _must_be_to_come(transaction, meeting_id)
        await _cases(transaction, {item.complaint_id: "body/complaint_id"})
        row = {
            "meeting_id": meeting_id,
            "complaint_id": item.complaint_id,
            "why": mask(item.why),
            "added_by": who.id,
            "added_at": clock.now(),
        }
        await save_rows(transaction, transfer.agenda_items, [row])
        return await _answer(transaction, 200, meeting_id)

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.post(
    "/meetings/{meeting_id}/minutes",
    response_model=MeetingShown,
    summary="Write the minutes",
    responses=problems.documented(404, 409, 422),
)
async def write_minutes(
    meeting_id: UUID,
    said: NewMinutes,
    request: Request,
    who: Writer,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Once. What was decided becomes tasks, which are on each following agenda until they are done; the next
    meeting of a weekly series is called."""

    async def work(transaction: Transaction) -> Answer:
        meeting = await _must_be_to_come(transaction, meeting_id)
        await _set_action_items(transaction, meeting_id, said.action_items, who.id)
        agenda = (await _shown(transaction.connection, meeting)).agenda
        await transaction.execute(
            transfer.meetings.update()
            .where(transfer.meetings.c.id == meeting_id)
            .values(
                agenda=store.to_keep(agenda),
                minutes=mask(said.text),
                decisions=[mask(each) for each in said.decisions],
                minuted_by=who.id,
                minuted_at=clock.now(),
            )
        )
        if meeting["weekly"]:
            await _add(transaction, meeting["series_id"], meeting["number"] + 1, meeting["at"] + WEEK)
        return await _answer(transaction, 200, meeting_id)

    return await idempotency.once(request, ctx.database, who.id, key, work)


async def _set_action_items(
    transaction: Transaction, meeting_id: UUID, items: Sequence[NewActionItem], by: str
) -> None:
    now = clock.now()
    places = [f"body/action_items/{number}" for number in range(len(items))]
    for item, place in zip(items, places, strict=True):
        if item.due_at <= now:
            raise past(f"{place}/due_at")
    assignees = {f"{p}/assignee": i.assignee for i, p in zip(items, places, strict=True)}
    await must_be_people(transaction.connection, assignees)
    named = {
        i.complaint_id: f"{p}/complaint_id"
        for i, p in zip(items, places, strict=True)
        if i.complaint_id is not None
    }
    cases = await _cases(transaction, named)
    loose: list[Task] = []
    for item in items:
        task = Task(
            ids.new_id(),
            TaskForm.ACTION,
            mask(item.about),
            item.assignee,
            item.due_at,
            by,
            now,
            meeting_id=meeting_id,
            chase_at=item.due_at,
        )
        if item.complaint_id is None:
            loose.append(task)
        else:
            cases[item.complaint_id].set_task(task)
    await save_loose_tasks(transaction, loose)
    for case in cases.values():
        case.publish_to(transaction)
    await dispatches.save(transaction, cases.values())


async def _cases(transaction: Transaction, named: Mapping[UUID, str]) -> Mapping[UUID, Dispatch]:
    """The complaints, held. Raises a 422 problem that names the field of one that is not known."""
    if not named:
        return {}
    await transaction.lock(named)
    cases = await dispatches.load(transaction, list(named))
    for complaint_id, field in named.items():
        if cases[complaint_id].status is Status.BLANK:
            detail = f"There is no complaint {complaint_id}. 没有该投诉。"
            raise problems.invalid("No such complaint", detail, field=field)
    return cases


async def _must_be_to_come(transaction: Transaction, meeting_id: UUID) -> dict[str, Any]:
    """The meeting, held. Raises a 404 problem, and NotPossible when its minutes are written."""
    meeting = await _found(transaction.connection, meeting_id, store.MEETING_HELD)
    if meeting["minuted_at"] is not None:
        raise NotPossible(
            "held-already",
            "The minutes of this meeting are written: they stay as they are.",
            "该会议纪要已完成，不能再修改。",
            minuted_at=meeting["minuted_at"].isoformat(),
            next_id=str(meeting["next_id"]) if meeting["next_id"] else None,
        )
    return meeting


async def _found(
    connection: AsyncConnection, meeting_id: UUID, how: TextClause = store.MEETING
) -> dict[str, Any]:
    row = (await driver.run(connection, how, {"id": meeting_id})).mappings().one_or_none()
    if row is None:
        raise problems.not_found("meeting", "path/meeting_id")
    return dict(row)


async def _add(transaction: Transaction, series_id: Any, number: int, at: datetime) -> UUID:
    meeting_id = ids.derived_id("meeting", series_id, number)
    row = {"id": meeting_id, "series_id": series_id, "number": number, "at": at}
    await insert_rows(transaction, transfer.meetings, [row])
    return meeting_id


async def _shown(connection: AsyncConnection, meeting: dict[str, Any]) -> MeetingShown:
    if meeting["agenda"] is None:
        books = await load_books(connection, AGENDA)
        agenda = await store.agenda(connection, meeting["id"], books.read(AGENDA))
    else:
        agenda = await store.kept_agenda(connection, meeting["id"], meeting["agenda"])
    now = clock.now()
    items = [shown_row(row, now) for row in await store.open_action_items(connection, meeting["series_id"])]
    return MeetingShown(**meeting | {"agenda": agenda}, open_action_items=items)


async def _answer(transaction: Transaction, status: int, meeting_id: UUID) -> Answer:
    meeting = await _found(transaction.connection, meeting_id)
    return Answer(status, to_json(await _shown(transaction.connection, meeting)))
