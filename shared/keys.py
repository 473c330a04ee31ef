"""API keys: made, listed and revoked by an administrator of the machine (`redress keys`)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import clock
from shared.auth import ADMIN, SCOPES, NewKey, make_key
from shared.config import write_private
from shared.database import PLATFORM, make_engine
from shared.migrate import hold_migration
from shared.platform import api_keys


class UnknownScope(ValueError):
    """There is no such scope."""


@asynccontextmanager
async def _platform(url: str) -> AsyncIterator[AsyncConnection]:
    engine = make_engine(url, PLATFORM, pool_size=1)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def create_key(url: str, name: str, scopes: Sequence[str]) -> str:
    """Make a key and return it; it is shown this once. Raises UnknownScope."""
    for scope in scopes:
        if scope not in SCOPES:
            raise UnknownScope(f"there is no scope {scope!r}; there are {', '.join(SCOPES)}")
    async with _platform(url) as connection:
        return (await _insert(connection, name, scopes)).credentials


async def list_keys(url: str) -> list[dict[str, Any]]:
    async with _platform(url) as connection:
        rows = await connection.execute(
            select(
                api_keys.c.id,
                api_keys.c.name,
                api_keys.c.scopes,
                api_keys.c.created_at,
                api_keys.c.revoked_at,
            ).order_by(api_keys.c.created_at)
        )
        return [dict(row) for row in rows.mappings()]


async def revoke_key(url: str, key_id: str) -> bool:
    """False when there is no such key in force. Other processes notice within seconds."""
    async with _platform(url) as connection:
        gone = await connection.execute(
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=clock.now())
            .returning(api_keys.c.id)
        )
        return gone.scalar() is not None


async def ensure_admin_key(url: str, file: Path) -> bool:
    """Make the first administrator's key, unless there is any key; True when it was made.

    It is written to `file`, which only its owner can read.
    """
    async with _platform(url) as connection:
        await hold_migration(connection, PLATFORM)  # or two who start at once make a key each
        if (await connection.execute(select(func.count()).select_from(api_keys))).scalar_one():
            return False
        key = await _insert(connection, "first administrator", [ADMIN])
        # Before the commit: a key that could not be written down, and so nobody has, is not to exist.
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, key.credentials + "\n")
    return True


async def _insert(connection: AsyncConnection, name: str, scopes: Sequence[str]) -> NewKey:
    key = make_key()
    await connection.execute(
        insert(api_keys).values(id=key.id, name=name, secret_hash=key.secret_hash, scopes=list(scopes))
    )
    return key
