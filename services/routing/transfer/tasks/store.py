"""Tasks in the database: those of no complaint are plain rows, which no fact tells of."""

from dataclasses import asdict

from services.routing.directory.store import load_directory
from services.routing.store import transfer
from services.routing.transfer.distribution import DISTRIBUTION
from services.routing.transfer.store import TASK_CHANGING, task_of
from services.routing.transfer.tasks.model import Task, chased
from shared import clock
from shared.bulk import insert_rows, save_rows
from shared.database import Database, Transaction, sql
from shared.rulebooks.store import load_books

BATCH = 100
_CLAIM = sql(
    "SELECT * FROM tasks WHERE chase_at <= :now AND complaint_id IS NULL "
    "ORDER BY chase_at LIMIT :batch FOR UPDATE SKIP LOCKED"
)


async def chase_loose_tasks(database: Database) -> int:
    """Chase the overdue tasks that are about no complaint; returns how many. Their lapse is recorded; the list of
    overdue tasks, the clipping and the next agenda show them."""
    async with database.transaction() as transaction:
        rows = await transaction.execute(_CLAIM, {"now": clock.now(), "batch": BATCH})
        tasks = [task_of(dict(row))[1] for row in rows.mappings()]
        if not tasks:
            return 0
        at = clock.now()
        books = await load_books(transaction.connection, DISTRIBUTION)
        directory = await load_directory(transaction.connection)
        lapses = [chased(task, books.read(DISTRIBUTION), directory, at) for task in tasks]
        found = [{"id": lapse.id, **asdict(lapse)} for lapse in lapses if lapse is not None]
        await insert_rows(transaction, transfer.lapses, found)
        await save_loose_tasks(transaction, tasks)
        return len(tasks)


async def save_loose_tasks(transaction: Transaction, tasks: list[Task]) -> None:
    """Tasks about no complaint."""
    await save_rows(transaction, transfer.tasks, [asdict(task) for task in tasks], changing=TASK_CHANGING)
