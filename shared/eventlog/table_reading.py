"""The whole of the table log, read by whoever makes something of all of it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import driver
from shared.database import connected, is_transient
from shared.eventlog.protocol import LogUnavailable, Places, Record, Share

AT_ONCE = 5_000
"""Records of one question."""

# Keys are told apart by PostgreSQL, so that a small share of a long log costs little.
_READ = text(
    """
SELECT topic, "offset", key, headers, value FROM platform.records
WHERE topic = :topic AND "offset" >= :begin AND "offset" < :end
  AND (CAST(:of AS int) = 1 OR abs(CAST(hashtext(key) AS bigint)) % CAST(:of AS int) = CAST(:number AS int))
ORDER BY "offset"
"""
)


async def read_table(
    engine: AsyncEngine, topics: Sequence[str], until: Places, share: Share
) -> AsyncGenerator[list[Record], None]:
    """See `EventLog.read`. PostgreSQL reads on while the caller works on what it got."""
    wide = AT_ONCE * share.of
    windows = [
        {"topic": topic, "begin": begin, "end": min(begin + wide, until[topic, 0]), **share._asdict()}
        for topic in topics
        for begin in range(0, until.get((topic, 0), 0), wide)
    ]
    try:
        async with connected(engine) as connection:
            ahead: asyncio.Task[list[Record]] | None = None
            try:
                for window in windows:
                    records = await ahead if ahead else []
                    ahead = asyncio.create_task(_fetch(connection, window))
                    await asyncio.sleep(0)  # sends the question
                    yield records
                if ahead:
                    yield await ahead
            finally:
                if ahead is not None and not ahead.done():
                    ahead.cancel()
                    await asyncio.wait([ahead])
    except Exception as error:
        if is_transient(error):
            raise LogUnavailable(str(error)) from error
        raise


async def _fetch(connection: AsyncConnection, window: dict[str, object]) -> list[Record]:
    rows = await driver.run(connection, _READ, window)
    return [Record(topic, key, headers, value, offset=offset) for topic, offset, key, headers, value in rows]
