"""API keys: made, listed and revoked by an administrator of the machine (`redress keys`)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import clock
from shared.auth import ADMIN, SCOPES, make_key
from shared.config import write_private
from shared.database import PLATFORM, make_engine
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
    key = make_key()
    async with _platform(url) as connection:
        await connection.execute(
            insert(api_keys).values(id=key.id, name=name, secret_hash=key.secret_hash, scopes=list(scopes))
        )
    return key.credentials


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
        if (await connection.execute(select(func.count()).select_from(api_keys))).scalar_one():
            return False
    credentials = await create_key(url, "first administrator", [ADMIN])
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, credentials + "\n")
    except OSError:
        async with _platform(url) as connection:  # a key that nobody can read is of no use to anybody
            await connection.execute(delete(api_keys).where(api_keys.c.name == "first administrator"))
        raise
    return True
