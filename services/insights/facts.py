"""Facts of complaints, loaded and saved in bulk; the rollups are kept in the same transaction."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Column
from sqlalchemy.dialects import postgresql

from services.insights.model import Contributions, Facts, contributions
from services.insights.rows import RowStore
from services.insights.store import MOST_SUMS, SUMS, complaints
from services.insights.summing import Sums, add_to_tables
from shared.bulk import copy_rows
from shared.database import Transaction, sql

_FIELDS = tuple(column.name for column in complaints.columns)
_LISTS = tuple(column.name for column in complaints.columns if isinstance(column.type, ARRAY))


def _parameter(column: Column[object]) -> str:
    """The column's place in `unnest`: an array of an array would be unnested twice, so it goes as text."""
    inner = "text" if isinstance(column.type, ARRAY) else _type(column)
    return f"CAST(:{column.name} AS {inner}[])"


def _type(column: Column[object]) -> str:
    return column.type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]  # dialects have no types


_SAVE = sql(
    f"INSERT INTO complaints ({', '.join(_FIELDS)}) "  # noqa: S608 - own names only
    f"SELECT {', '.join(f'CAST(g.{c.name} AS {_type(c)})' for c in complaints.columns)} "
    f"FROM unnest({', '.join(map(_parameter, complaints.columns))}) AS g({', '.join(_FIELDS)}) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _FIELDS[1:])}"
)


class FactsStore(RowStore[Facts]):
    """Rows of complaints, and the rollups that are kept in the same transaction."""

    def __init__(self) -> None:
        super().__init__(complaints, Facts, sums=SUMS)

    def of_row(self, row: Iterable[Any]) -> Facts:
        facts = super().of_row(row)
        facts.counted = contributions(facts)
        return facts

    async def save(self, transaction: Transaction, aggregates: Iterable[Facts]) -> None:
        """A dozen statements at most, however many complaints: the rows, a lock, and the sums."""
        changed = list(aggregates)
        await transaction.execute(_SAVE, self._as_arrays(changed))
        delta: Contributions = Counter()
        for facts in changed:
            new = contributions(facts)
            if new != facts.counted:
                delta.update(new)
                delta.subtract(facts.counted)
                facts.counted = new
        sums = Sums()
        sums.add(delta)
        await add_to_tables(transaction, sums)

    def _as_arrays(self, rows: Iterable[Facts]) -> dict[str, list[object]]:
        arrays = dict(zip(_FIELDS, map(list, zip(*map(self.values_of, rows), strict=True)), strict=True))
        for name in _LISTS:
            arrays[name] = [_array(each) for each in arrays[name]]
        return arrays

    def anew(self) -> "FactsAnew":
        return FactsAnew(self)


class FactsAnew:
    """Writes the empty tables: rows as they come, sums when they are many and at the end."""

    def __init__(self, store: FactsStore) -> None:
        self._store = store
        self._sums = Sums()

    async def write(self, transaction: Transaction, aggregates: Iterable[Facts]) -> None:
        changed = list(aggregates)
        await copy_rows(transaction, complaints, map(self._store.values_of, changed))
        for facts in changed:
            self._sums.add(contributions(facts))
            if len(self._sums) > MOST_SUMS:
                await self.finish(transaction)

    async def finish(self, transaction: Transaction) -> None:
        await add_to_tables(transaction, self._sums)
        self._sums = Sums()


def _array(of: Iterable[Any]) -> str:
    """As PostgreSQL reads an array of times or ids."""
    return "{%s}" % ",".join("NULL" if each is None else str(each) for each in of)  # noqa: UP031 - braces
