"""Many rows by one statement with one parameter: PostgreSQL takes the JSON apart.

Several times cheaper than one set of parameters per row, and no limit on their number. Rows are written in their
order.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Table, TextClause

from shared import driver
from shared.database import Transaction, sql


async def insert_rows(transaction: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """All rows have the same columns; others get their defaults."""
    if rows:
        await transaction.execute(_insert(table.name, tuple(rows[0])), _parameters(rows))


async def save_rows(
    transaction: Transaction,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    changing: Sequence[str] | None = None,
) -> None:
    """Insert them; of those that are there already change the columns `changing`, or all. No row may come twice."""
    if rows:
        names = tuple(rows[0])
        key = tuple(column.name for column in table.primary_key)
        changed = (
            tuple(changing) if changing is not None else tuple(name for name in names if name not in key)
        )
        await transaction.execute(_save(table.name, names, key, changed), _parameters(rows))


async def copy_rows(transaction: Transaction, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """By COPY: for very many rows. Each has the values of all columns, in their order; none may be there yet."""
    await driver.copy(transaction.connection, table.name, columns_of(table), rows)


def columns_of(table: Table) -> tuple[str, ...]:
    """Names of its columns, as plain strings: those that SQLAlchemy keeps are of a class of their own, and
    make JSON of a row several times slower."""
    return tuple(str(column.name) for column in table.columns)


def as_bytes(value: bytes) -> str:
    """Bytes as PostgreSQL reads them from JSON: in its hexadecimal form."""
    return f"\\x{value.hex()}"


def _parameters(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"rows": to_json(rows).decode()}


@cache
def _insert(table: str, names: tuple[str, ...]) -> TextClause:
    return sql(_from_json(table, names))


@cache
def _save(table: str, names: tuple[str, ...], key: tuple[str, ...], changed: tuple[str, ...]) -> TextClause:
    assigned = ", ".join(f'"{name}" = excluded."{name}"' for name in changed)
    return sql(f"{_from_json(table, names)} ON CONFLICT ({_listed(key)}) DO UPDATE SET {assigned}")


def _from_json(table: str, names: tuple[str, ...]) -> str:
    listed = _listed(names)
    return (
        f"INSERT INTO {table} ({listed}) SELECT {listed} "  # noqa: S608 - names of our own tables
        f"FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb))"
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
