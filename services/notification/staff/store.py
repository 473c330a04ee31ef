"""Lines of people's inboxes, saved in bulk."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Protocol
from uuid import UUID

from services.notification.staff.model import Line, Settled
from services.notification.staff.tables import Tables
from shared.bulk import save_rows
from shared.database import Transaction, sql

# Somebody of the company wrote what is to be done, and may have named the customer.
_FORGET = sql(
    """UPDATE staff_lines SET what = '{"en": "[erased]", "zh": "[erased]"}' """
    "WHERE kind = 'task' AND complaint_id = ANY(CAST(:ids AS uuid[]))"
)


class Told(Protocol):
    """A complaint, with what this change tells people of it."""

    @property
    def id(self) -> UUID: ...
    @property
    def erased(self) -> bool: ...
    @property
    def lines(self) -> list[Line]: ...
    @property
    def settled(self) -> list[Settled]: ...


async def save(transaction: Transaction, tables: Tables, changed: Collection[Told]) -> None:
    """Nobody is told twice: a line's id follows from its cause."""
    lines = {line.id: asdict(line) for each in changed for line in each.lines}
    await save_rows(transaction, tables.lines, list(lines.values()), changing=("due_at",))
    settled = {each.subject_id: asdict(each) for told in changed for each in told.settled}
    await save_rows(transaction, tables.settled, list(settled.values()))
    if erased := [each.id for each in changed if each.erased]:
        await transaction.execute(_FORGET, {"ids": erased})
