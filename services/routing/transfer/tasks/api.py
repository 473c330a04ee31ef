"""HTTP in: tasks are set, listed and done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.routing.directory.acting import known_as, person_of
from services.routing.directory.named import must_be_people
from services.routing.store import DispatchStore, transfer
from services.routing.transfer import access
from services.routing.transfer.api import known
from services.routing.transfer.store import find_task
from services.routing.transfer.tasks.model import Task, finish
from services.routing.transfer.tasks.schemas import NewTask, TaskResult, TaskShown, TaskState
from services.routing.transfer.tasks.store import save_loose_tasks
from shared import clock, idempotency, ids, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Lacking, Principal, may, may_any
from shared.database import Transaction
from shared.events.vocabulary import TaskForm
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.problems import Problem
from shared.service import Ctx, api_router

router = api_router(tags=["tasks"])
store = DispatchStore()
tasks = transfer.tasks
ME = "me"
OWN, WRITE = "inbox:read", "transfer:write"


@router.post(
    "/complaints/{complaint_id}/tasks",
    status_code=201,
    response_model=TaskShown,
    response_model_exclude_none=True,
    summary="Set a call or an interview",
    responses=problems.documented(404, 422),
)
async def set_task(
    complaint_id: UUID,
    new: NewTask,
    request: Request,
    who: Annotated[Principal, may(WRITE)],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Somebody of the company calls or speaks with somebody about the complaint, and records what came out. What
    is not done in time is chased, and climbs."""

    async def work(transaction: Transaction) -> Answer:
        dispatch = await known(transaction, complaint_id)
        await must_be_people(transaction.connection, {"body/assignee": new.assignee})
        now = clock.now()
        if new.due_at <= now:
            raise past("body/due_at")
        task = Task(ids.new_id(), TaskForm(new.form), mask(new.about), new.assignee, new.due_at, who.id, now)
        dispatch.set_task(task)
        await save_one(store, transaction, dispatch)
        return Answer(201, to_json(shown(complaint_id, task, now), exclude_none=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get(
    "/tasks",
    response_model=pages.Page[TaskShown],
    response_model_exclude_none=True,
    summary="List tasks, the most urgent first",
    responses=problems.documented(),
)
async def list_tasks(
    who: Annotated[Principal, may_any(OWN, WRITE, access.EVERYTHING)],
    ctx: Ctx,
    assignee: Annotated[
        str | None,
        Query(
            pattern="^[a-z0-9][a-z0-9._-]{0,63}$",
            description="Id of a person of the directory, or `me`: whoever calls.",
        ),
    ] = None,
    state: TaskState | None = None,
    complaint_id: UUID | None = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[TaskShown]:
    """One's own (`assignee=me`) with `inbox:read`, by a key whose account belongs to a person; everybody's with
    `notices:read` or `transfer:write`."""
    if assignee != ME and not (who.may(WRITE) or who.may(access.EVERYTHING)):
        raise Lacking(f"{access.EVERYTHING} or {WRITE}; `assignee=me` lists your own")
    now = clock.now()
    c, query = tasks.c, select(tasks)
    if state is not None:
        query = query.where(c.done_at.is_not(None) if state is TaskState.DONE else c.done_at.is_(None))
    if state is TaskState.OVERDUE:
        query = query.where(c.due_at < now)
    if complaint_id is not None:
        query = query.where(c.complaint_id == complaint_id)
    async with ctx.database.reading() as connection:
        if assignee is not None:
            person = await person_of(connection, who) if assignee == ME else assignee
            query = query.where(c.assignee == person)
        return await pages.read(
            connection, query, limit, cursor, lambda row: shown_row(row, now), c.due_at, c.id
        )


@router.post(
    "/tasks/{task_id}/done",
    response_model=TaskShown,
    response_model_exclude_none=True,
    summary="Record what came out of a task",
    responses=problems.documented(404, 409),
)
async def finish_task(
    task_id: UUID,
    result: TaskResult,
    request: Request,
    who: Annotated[Principal, may_any(OWN, WRITE)],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """By whoever it was set for, or with `transfer:write`. Its outcome stays."""

    async def work(transaction: Transaction) -> Answer:
        await _must_be_theirs(transaction, task_id, who)
        found = await find_task(transaction.connection, task_id)
        assert found is not None
        complaint_id, now = found[0], clock.now()
        note, next_step = (mask(said) if said else None for said in (result.note, result.next_step))
        if complaint_id is None:
            task = found[1]
            finish(task, result.outcome, note, next_step, who.id, now)
            await save_loose_tasks(transaction, [task])
        else:
            dispatch = await load_one(store, transaction, complaint_id)
            again = await find_task(
                transaction.connection, task_id
            )  # as it is now that we hold the complaint
            assert again is not None
            task = again[1]
            dispatch.finish_task(task, result.outcome, note, next_step, who.id, now)
            await save_one(store, transaction, dispatch)
        return Answer(200, to_json(shown(complaint_id, task, now), exclude_none=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)


async def _must_be_theirs(transaction: Transaction, task_id: UUID, who: Principal) -> None:
    """Raises a 404 problem. A task of no complaint is held from here on; of others the complaint is."""
    assignee = await transaction.execute(
        select(tasks.c.assignee).where(tasks.c.id == task_id, tasks.c.complaint_id.is_not(None))
    )
    person = assignee.scalar_one_or_none()
    if person is None:
        loose = select(tasks.c.assignee).where(tasks.c.id == task_id, tasks.c.complaint_id.is_(None))
        person = (await transaction.execute(loose.with_for_update())).scalar_one_or_none()
    mine = await known_as(transaction.connection, who)
    if person is None or not (who.may(WRITE) or person == mine):
        raise problems.not_found("task", "path/task_id")


def past(field: str) -> Problem:
    return problems.invalid("The time has passed", "Give a time to come. 请填写将来的时间。", field=field)


def shown(complaint_id: UUID | None, task: Task, now: datetime) -> TaskShown:
    return shown_row({"complaint_id": complaint_id, **{name: getattr(task, name) for name in _OF_TASK}}, now)


def shown_row(row: Mapping[Any, Any], now: datetime) -> TaskShown:
    late = TaskState.OVERDUE if row["due_at"] < now else TaskState.OPEN
    return TaskShown(**row, state=TaskState.DONE if row["done_at"] is not None else late)


_OF_TASK = [name for name in TaskShown.model_fields if name not in {"state", "complaint_id"}]
