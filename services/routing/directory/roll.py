"""All of the directory, read and written at once: what a change is planned with."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.planning import Kept, Plan, Requeue, Roll
from services.routing.directory.schemas import ENTRIES, Entry
from services.routing.store import directory
from shared import clock, driver, ids
from shared.bulk import insert_rows, save_rows
from shared.database import Transaction, sql
from shared.events.vocabulary import Language, Remedy

TABLES: Mapping[str, Table] = {table: getattr(directory, table) for table in ENTRIES}
_ALL = {
    table: sql(f"SELECT {', '.join(kind.model_fields)}, version, source FROM {table}")  # noqa: S608 - names of our own
    for table, kind in ENTRIES.items()
}
_READ: Mapping[str, Callable[[Any], Any]] = {
    "spans": lambda spans: {day: _spans(said) for day, said in spans.items()},
    "special": lambda special: {date.fromisoformat(day): _spans(said) for day, said in special.items()},
    "closed": tuple,
    "categories": tuple,
    "languages": lambda said: tuple(map(Language, said)),
    "skills": tuple,
    "remedies": lambda said: tuple(map(Remedy, said)),
}
"""How columns become the fields of an entry, where they differ."""


def _spans(said: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((opens[:5], closes[:5]) for opens, closes in said)


def entry_of(table: str, row: Mapping[str, Any]) -> Entry:
    """The entry that a row holds; it was checked when it was written."""
    kind = ENTRIES[table]
    return kind.model_construct(
        **{name: _READ[name](row[name]) if name in _READ else row[name] for name in kind.model_fields}
    )


async def load_roll(connection: AsyncConnection) -> Roll:
    """Everything; to change it, hold the directory's lock."""
    entries: dict[str, dict[str, Kept]] = {}
    for table, statement in _ALL.items():
        kept = (
            Kept(entry_of(table, dict(row)), row["version"], row["source"])
            for row in (await driver.run(connection, statement)).mappings()
        )
        entries[table] = {each.entry.key: each for each in kept}
    carried = await driver.run(connection, sql("SELECT id, open_cases FROM people WHERE open_cases > 0"))
    work = await driver.run(
        connection,
        sql(
            "SELECT department, count(*) AS work FROM dispatches WHERE status = 'assigned' GROUP BY department"
        ),
    )
    return Roll(
        entries, {row.id: row.open_cases for row in carried}, {row.department: row.work for row in work}
    )


async def write(transaction: Transaction, roll: Roll, made: Plan, source: str | None, by: str) -> None:
    """Do what was planned. The caller holds the directory's lock."""
    for table, stored in TABLES.items():
        wanted = [key for where, key in (*made.added, *made.changed, *made.deactivated) if where == table]
        rows = [_row(made.after[table][key], roll.entries[table].get(key), source) for key in sorted(wanted)]
        await save_rows(transaction, stored, rows)
    await _ask(transaction, made.requeues, by)
    # Whoever is back before it was done keeps what they have.
    await transaction.execute(
        sql("DELETE FROM requeues q USING people p WHERE q.done_at IS NULL AND p.id = q.person AND p.active")
    )


def _row(entry: Entry, kept: Kept | None, source: str | None) -> dict[str, Any]:
    if kept is None:
        return {**dict(entry), "version": 1, "source": source}
    return {**dict(entry), "version": kept.version + 1, "source": source or kept.source}


async def _ask(transaction: Transaction, asked: Sequence[Requeue], by: str) -> None:
    """What was asked before for a person, and is not done yet, is replaced."""
    if not asked:
        return
    await transaction.execute(
        sql("DELETE FROM requeues WHERE done_at IS NULL AND person = ANY(CAST(:people AS text[]))"),
        {"people": [each.person for each in asked]},
    )
    now = clock.now()
    rows = [
        {
            "id": ids.new_id(),
            "person": each.person,
            "to_person": each.to_person,
            "reason": "deactivated",
            "asked_by": by,
            "asked_at": now,
        }
        for each in asked
    ]
    await insert_rows(transaction, directory.requeues, rows)
