"""Notices, tasks and what was late, saved and loaded in bulk."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.transfer import metrics
from services.routing.transfer.noticing import Notice
from services.routing.transfer.tables import Tables
from services.routing.transfer.tasks.model import Task, Tasking
from shared import clock, driver
from shared.bulk import insert_rows, save_rows
from shared.database import Transaction, sql
from shared.events.transfer import NoticeWords
from shared.events.vocabulary import Audience, NoticeUrgency, Severity, TaskForm, TaskOutcome, TransferForm

_CHANGING = (
    "acknowledged_by",
    "acknowledged_person",
    "acknowledged_at",
    "overdue_at",
    "climbed_to",
    "reminders",
    "due_at",
)
TASK_CHANGING = ("outcome", "note", "next_step", "done_by", "done_at", "chases", "chase_at")
_FORGET = sql(
    "WITH mails AS (UPDATE notices SET text = '[erased]' "
    "WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND text IS NOT NULL), "
    "said AS (UPDATE agenda_items SET why = '[erased]' WHERE complaint_id = ANY(CAST(:ids AS uuid[]))) "
    "UPDATE tasks SET about = '[erased]', note = NULL, next_step = NULL "
    "WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"
)


async def save(transaction: Transaction, tables: Tables, changed: Collection[Tasking]) -> None:
    """Write what these changes issued, set and found."""
    now = clock.now()
    for notice in (n for each in changed for n in each.notices.values()):
        if notice.due_at is not None and notice.due_at <= now:  # told late: they have their full time yet
            notice.due_at = now + (notice.acknowledge_by - notice.issued_at)
    await save_rows(transaction, tables.notices, _rows(changed, "notices"), changing=_CHANGING)
    await save_rows(transaction, tables.tasks, _rows(changed, "tasks"), changing=TASK_CHANGING)
    lapses = [{**row, "id": str(i)} for each in changed for i, row in _lapses(each)]
    await insert_rows(transaction, tables.lapses, lapses)
    heard = [{"complaint_id": each.id, **asdict(fact)} for each in changed for fact in each.heard]
    await insert_rows(transaction, tables.heard_facts, heard)
    metrics.count(n for each in changed for n in each.notices.values())


async def forget(transaction: Transaction, complaint_ids: Collection[UUID]) -> None:
    """Words in which a customer could be recognised."""
    await transaction.execute(_FORGET, {"ids": list(complaint_ids)})


def _rows(changed: Iterable[Tasking], name: str) -> list[dict[str, Any]]:
    """Those that were there before come before those that point to them."""
    made = [
        {"complaint_id": each.id, **asdict(thing)}
        for each in changed
        for thing in getattr(each, name).values()
    ]
    return sorted(made, key=lambda row: row.get("climbed_from") is not None)


def _lapses(of: Tasking) -> Iterable[tuple[UUID, dict[str, Any]]]:
    return ((i, {"complaint_id": of.id, **asdict(lapse)}) for i, lapse in of.lapses.items())


async def notices_of(
    connection: AsyncConnection, complaint_ids: Collection[UUID]
) -> Mapping[UUID, dict[UUID, Notice]]:
    """All notices of these complaints, by complaint and id."""
    rows = await driver.run(
        connection,
        sql("SELECT * FROM notices WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": list(complaint_ids)},
    )
    found: dict[UUID, dict[UUID, Notice]] = {i: {} for i in complaint_ids}
    for row in rows.mappings():
        found[row["complaint_id"]][row["id"]] = _notice(dict(row))
    return found


async def notice_of(connection: AsyncConnection, notice_id: UUID) -> tuple[UUID, Notice] | None:
    """A notice and the complaint it belongs to."""
    rows = await driver.run(connection, sql("SELECT * FROM notices WHERE id = :id"), {"id": notice_id})
    row = rows.mappings().one_or_none()
    return None if row is None else (row["complaint_id"], _notice(dict(row)))


def _notice(row: dict[str, Any]) -> Notice:
    del row["complaint_id"]
    return Notice(
        **row
        | {
            "audience": Audience(row["audience"]),
            "severity": Severity(row["severity"]),
            "form": TransferForm(row["form"]),
            "urgency": NoticeUrgency(row["urgency"]),
            "words": NoticeWords(**row["words"]) if row["words"] else None,
            "recipients": tuple(row["recipients"]),
            "climbed_to": Audience(row["climbed_to"]) if row["climbed_to"] else None,
        }
    )


async def tasks_due(
    connection: AsyncConnection, complaint_ids: Collection[UUID]
) -> Mapping[UUID, list[Task]]:
    """Tasks of these complaints that are looked at by now."""
    rows = await driver.run(
        connection,
        sql("SELECT * FROM tasks WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND chase_at <= :now"),
        {"ids": list(complaint_ids), "now": clock.now()},
    )
    found: dict[UUID, list[Task]] = {i: [] for i in complaint_ids}
    for row in rows.mappings():
        complaint_id, task = task_of(dict(row))
        assert complaint_id is not None
        found[complaint_id].append(task)
    return found


async def find_task(connection: AsyncConnection, task_id: UUID) -> tuple[UUID | None, Task] | None:
    """A task and the complaint that it is about, if it is about one."""
    rows = await driver.run(connection, sql("SELECT * FROM tasks WHERE id = :id"), {"id": task_id})
    row = rows.mappings().one_or_none()
    return None if row is None else task_of(dict(row))


def task_of(row: dict[str, Any]) -> tuple[UUID | None, Task]:
    complaint_id: UUID | None = row.pop("complaint_id")
    outcome = TaskOutcome(row["outcome"]) if row["outcome"] else None
    return complaint_id, Task(**row | {"form": TaskForm(row["form"]), "outcome": outcome})
