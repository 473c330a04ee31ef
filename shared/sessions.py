"""Connections that keep something in the server session: an advisory lock, a LISTEN.

Such a connection belongs to no pool, where somebody else would inherit the lock. It is closed for good, even
when its owner is cancelled half-way. No transaction is opened on it unless somebody asks for one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.database import connect, uninterrupted
from shared.driver import driver_of


async def open_session(engine: AsyncEngine) -> AsyncConnection:
    """A connection of a `session_engine`; end it with `close_session`."""
    return await connect(engine)


async def close_session(connection: AsyncConnection) -> None:
    """End the server session, whatever state it is in."""

    async def close() -> None:
        with suppress(DBAPIError, OSError):
            await connection.invalidate()
        with suppress(DBAPIError, OSError):
            await connection.close()

    await uninterrupted(close())


@asynccontextmanager
async def own_session(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    connection = await open_session(engine)
    try:
        yield connection
    finally:
        await close_session(connection)


async def listen(connection: AsyncConnection, channel: str, heard: Callable[[str], None]) -> asyncio.Event:
    """Call `heard` with the payload of every notification on the channel; the event is set when it is lost."""
    raw = driver_of(connection)

    def notified(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
        heard(payload)

    lost = asyncio.Event()
    raw.add_termination_listener(lambda _: lost.set())
    await raw.add_listener(channel, notified)
    return lost


async def keep_listening(engine: AsyncEngine, channel: str, heard: Callable[[str], None]) -> None:
    """Listen for ever; raises ConnectionError when the connection is lost (a supervised worker begins again).

    `heard` is called once with "" at the start: what was missed before must be looked for.
    """
    async with own_session(engine) as connection:
        lost = await listen(connection, channel, heard)
        heard("")
        await lost.wait()
        raise ConnectionError(f"the connection that listens on {channel} was lost")
