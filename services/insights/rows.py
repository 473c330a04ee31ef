"""Read tables with one row for each complaint, whose columns are the fields of its aggregate."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import driver
from shared.aggregate import Aggregate
from shared.bulk import columns_of, save_rows
from shared.database import Transaction, sql
from shared.rebuilding import Anew, ByCopying

A = TypeVar("A", bound=Aggregate)


class RowStore(Generic[A]):
    """Such aggregates, loaded and saved in bulk. Whoever keeps more than the row, such as `sums`, extends it."""

    def __init__(self, table: Table, aggregate: type[A], *, sums: Sequence[Table] = ()) -> None:
        self.tables = (table, *sums)
        self._table = table
        self._aggregate = aggregate
        self._fields = columns_of(table)
        self.values_of = attrgetter(*self._fields)
        """The row of an aggregate, as `copy_rows` takes it."""
        self._load = sql(
            f"SELECT {', '.join(self._fields)} FROM {table.name} WHERE id = ANY(CAST(:ids AS uuid[]))"  # noqa: S608 - own names only
        )

    async def read(self, connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, A]:
        """Those that are known, by id."""
        found = await driver.run(connection, self._load, {"ids": list(ids)}) if ids else ()
        return {each.id: each for each in map(self.of_row, found)}

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, A]:
        """The aggregates by id; a blank one for an id that is not known yet."""
        known = await self.read(transaction.connection, ids)
        return {i: known.get(i) or self.blank(i) for i in ids}

    async def save(self, transaction: Transaction, aggregates: Iterable[A]) -> None:
        await save_rows(transaction, self._table, self.rows(aggregates))

    def of_row(self, row: Iterable[Any]) -> A:
        """The aggregate of a row with all columns, in their order."""
        return self._aggregate(**dict(zip(self._fields, row, strict=True)))

    def rows(self, aggregates: Iterable[A]) -> list[dict[str, object]]:
        """Their rows, as `save_rows` takes them."""
        return [dict(zip(self._fields, self.values_of(each), strict=True)) for each in aggregates]

    def blank(self, complaint_id: UUID) -> A:
        """One of which nothing is known yet."""
        return self._aggregate(id=complaint_id)

    def anew(self) -> Anew[A]:
        """To fill the empty table; see `shared.rebuilding`."""
        return ByCopying(self._table, self.values_of)
