"""Tables of sums: how many there are of each key. A row that comes to nothing goes."""

from collections.abc import Iterable, Sequence

from pydantic_core import to_json
from sqlalchemy import Table

from shared.database import Transaction, sql


class Tally:
    """A table with a primary key and a count `n` that is above 0. Its keeper holds the lock under which it is added to,
    so that two that add to the same row neither collide nor wait for each other in a circle."""

    def __init__(self, table: Table) -> None:
        key = [column.name for column in table.primary_key]
        self._names = (*key, "n")
        listed = ", ".join(self._names)
        self._add = sql(
            f"MERGE INTO {table.name} AS t USING "  # noqa: S608 - own names only
            f"(SELECT {listed} FROM jsonb_populate_recordset(NULL::{table.name}, CAST(:rows AS jsonb))) AS d "
            f"ON {' AND '.join(f't.{name} = d.{name}' for name in key)} "
            "WHEN MATCHED AND t.n + d.n = 0 THEN DELETE "
            "WHEN MATCHED THEN UPDATE SET n = t.n + d.n "
            f"WHEN NOT MATCHED THEN INSERT ({listed}) "
            f"VALUES ({', '.join(f'd.{name}' for name in self._names)})"
        )

    async def add(self, transaction: Transaction, rows: Iterable[Sequence[object]]) -> None:
        """Each row: its key, in the order of the table, and what is added, which is not 0. No key may come twice."""
        named = [dict(zip(self._names, row, strict=True)) for row in rows]
        await transaction.execute(self._add, {"rows": to_json(named).decode()})
