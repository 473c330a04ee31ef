"""Sealing anew with the newest key, a batch at a time: it can be stopped anywhere, and goes on where it was."""

from collections.abc import AsyncGenerator
from uuid import UUID

from sqlalchemy import TextClause

from services.intake.vault.cipher import PREFIX, Vault
from services.intake.vault.private import KEY, PRIVATE
from services.intake.vault.rows import place, vault_of
from shared.database import Database, Transaction, sql

BATCH = 500

_ALLOW = sql("SELECT set_config('redress.vault', 'rotate', true)")


async def left(database: Database) -> int:
    """How many rows an older key has sealed."""
    number = 0
    prefix = vault_of(database).prefix
    for table in PRIVATE:
        found = await database.at_once(_count(table), {"prefix": prefix})
        number += found.scalar_one()
    return number


async def rotate(database: Database, *, batch: int = BATCH) -> AsyncGenerator[int]:
    """Seal what older keys have sealed with the newest; tells after each batch how many rows it had.

    Services may run meanwhile. Raises Unreadable when a key is missing from the ring.
    """
    vault = vault_of(database)
    for table in PRIVATE:
        last: UUID | None = UUID(int=0)
        while last is not None:
            async with database.transaction() as transaction:
                number, last = await _some(transaction, vault, table, last, batch)
            if number:
                yield number


async def _some(
    transaction: Transaction, vault: Vault, table: str, after: UUID, batch: int
) -> tuple[int, UUID | None]:
    """How many, and the last one's key; None when there are no more."""
    await transaction.execute(_ALLOW)
    found = await transaction.execute(_find(table), {"prefix": vault.prefix, "after": after, "batch": batch})
    keys: list[UUID] = []
    sealed: list[bytes] = []
    for row in found.mappings():
        where = place(table, row)
        keys.append(row[KEY.get(table, "id")])
        sealed.append(vault.seal(vault.open(row["sealed"], where), where))
    if keys:
        await transaction.execute(_write(table), {"keys": keys, "sealed": sealed})
    return len(keys), keys[-1] if len(keys) == batch else None


def _old(table: str) -> str:
    return f"FROM {table} WHERE sealed <> '' AND substr(sealed, 1, {PREFIX}) <> CAST(:prefix AS bytea)"


def _count(table: str) -> TextClause:
    return sql(f"SELECT count(*) {_old(table)}")


def _find(table: str) -> TextClause:
    key = KEY.get(table, "id")
    return sql(
        f"SELECT {key}, sealed {_old(table)} AND {key} > :after ORDER BY {key} LIMIT :batch FOR UPDATE"
    )


def _write(table: str) -> TextClause:
    return sql(
        f"UPDATE {table} t SET sealed = g.sealed "  # noqa: S608 - own names only
        "FROM unnest(CAST(:keys AS uuid[]), CAST(:sealed AS bytea[])) AS g(key, sealed) "
        f"WHERE t.{KEY.get(table, 'id')} = g.key"
    )
