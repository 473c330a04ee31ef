"""The event log as PostgreSQL tables: for one machine, with nothing to install.

A record's number is drawn from its topic's row in `topics`, which stays locked until the commit: so numbers
become visible in their own order, and a reader that remembers the last number it saw misses nothing. (A
sequence draws before the commit; a tailing reader can then pass a record that commits later.)
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import driver, failpoints
from shared.database import (
    PLATFORM,
    connected,
    is_transient,
    make_engine,
    session_engine,
    session_lock_key,
    sql,
)
from shared.eventlog.protocol import (
    RECORD_LIMIT,
    GroupInUse,
    LogUnavailable,
    Places,
    Position,
    Record,
    RecordTooLarge,
    Share,
)
from shared.eventlog.table_reading import read_table
from shared.sessions import close_session, listen, open_session

WAKE_CHANNEL = "redress_log"
"""NOTIFY channel: the payload is a topic that has new records."""

_APPEND = """
, counted AS (
    INSERT INTO platform.topics AS t (topic, next_offset)
    SELECT topic, count(*) FROM moving GROUP BY topic ORDER BY topic
    ON CONFLICT (topic) DO UPDATE SET next_offset = t.next_offset + excluded.next_offset
    RETURNING topic, next_offset
), appended AS (
    INSERT INTO platform.records (topic, "offset", key, headers, value)
    SELECT m.topic,
           c.next_offset - count(*) OVER (PARTITION BY m.topic)
               + row_number() OVER (PARTITION BY m.topic ORDER BY m.id) - 1,
           m.key, m.headers, m.value
    FROM moving m JOIN counted c USING (topic)
    RETURNING topic
)
SELECT count(*) AS records, pg_notify('redress_log', topic) FROM appended GROUP BY topic
"""

# Deleting and inserting is one statement, hence one transaction even where the caller forgot to open one.
_MOVE = text(
    """
WITH moving AS (
    DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT :limit)
    RETURNING id, topic, key, headers, value
)"""
    + _APPEND
)

_INSERT = text(
    """
WITH moving AS (
    SELECT ordinality AS id, topic, key, headers, value
    FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:headers AS jsonb[]),
                CAST(:values AS bytea[])) WITH ORDINALITY AS g(topic, key, headers, value, ordinality)
)"""
    + _APPEND
)

_READ = text(
    """
SELECT r.topic, r."offset", r.key, r.headers, r.value
FROM platform.cursors c
CROSS JOIN LATERAL (
    SELECT * FROM platform.records r
    WHERE r.topic = c.topic AND r."offset" >= c.next_offset
    ORDER BY r."offset" LIMIT :limit
) r
WHERE c."group" = :group AND c.topic = ANY(:topics)
ORDER BY r."offset" - c.next_offset, r.topic
LIMIT :limit
"""
)
# The order takes the topics in turn, so that a backlog in one does not hold up the others; what the limit
# cuts off is the tail of each topic, never a record before one that is returned.

_AT_TIME = """(SELECT coalesce(min(r."offset"), (SELECT max(next_offset) FROM platform.topics o
WHERE o.topic = t.topic), 0) FROM platform.records r WHERE r.topic = t.topic AND r.appended_at >= :position)"""
_AT_OFFSET = """LEAST(GREATEST(CAST(:position AS bigint), 0), coalesce((SELECT max(next_offset)
FROM platform.topics o WHERE o.topic = t.topic), 0))"""
_AT_PLACE = """(SELECT p.at FROM unnest(CAST(:topics AS text[]), CAST(:position AS bigint[])) AS p(topic, at)
WHERE p.topic = t.topic)"""


class TableLog:
    """See the module. One partition per topic; one active consumer per group, others stand by."""

    def __init__(self, database_url: str) -> None:
        self._engine: AsyncEngine = make_engine(database_url, PLATFORM, pool_size=4)
        self._sessions: AsyncEngine = session_engine(database_url, PLATFORM)

    async def start(self) -> None:
        """Nothing to prepare: the tables come with the migrations."""

    async def stop(self) -> None:
        await self._engine.dispose()

    async def append(self, records: Sequence[Record]) -> None:
        if any(len(record.value) > RECORD_LIMIT for record in records):
            raise RecordTooLarge(f"a record is larger than {RECORD_LIMIT} bytes")
        async with _as_unavailable(), self._engine.begin() as connection:
            await connection.execute(
                _INSERT,
                {
                    "topics": [record.topic for record in records],
                    "keys": [record.key for record in records],
                    "headers": [json.dumps(dict(record.headers)) for record in records],
                    "values": [record.value for record in records],
                },
            )

    async def move(self, connection: AsyncConnection, limit: int) -> int:
        moved: int = sum((await driver.run(connection, _MOVE, {"limit": limit})).scalars())
        if moved:
            failpoints.reached("relay.after-append")
        return moved

    def consumer(self, group: str, topics: Sequence[str]) -> "TableConsumer":
        return TableConsumer(self._sessions, group, list(topics))

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        async with _as_unavailable(), connected(self._engine) as connection:
            found = await connection.execute(
                text(
                    "SELECT coalesce(sum(t.next_offset - coalesce(c.next_offset, 0)), 0) "
                    "FROM platform.topics t "
                    'LEFT JOIN platform.cursors c ON c.topic = t.topic AND c."group" = :group '
                    "WHERE t.topic = ANY(:topics)"
                ),
                {"group": group, "topics": list(topics)},
            )
            return int(found.scalar_one())

    async def reset(self, group: str, topics: Sequence[str], position: Position) -> None:
        at: object = position
        place = _AT_OFFSET
        if isinstance(position, datetime):
            place = _AT_TIME
        elif isinstance(position, Mapping):
            place, at = _AT_PLACE, [position.get((topic, 0), 0) for topic in topics]
        async with _as_unavailable(), self._engine.begin() as connection:
            # A consumer at work would commit its batch later, and undo what is set here.
            free = await connection.execute(
                text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": session_lock_key("group", group)}
            )
            if not free.scalar_one():
                raise GroupInUse(f"the group {group} still has consumers: stop them first")
            await connection.execute(
                text(
                    'INSERT INTO platform.cursors ("group", topic, next_offset) '
                    f"SELECT :group, t.topic, {place} FROM unnest(CAST(:topics AS text[])) AS t(topic) "
                    'ON CONFLICT ("group", topic) DO UPDATE SET next_offset = excluded.next_offset'
                ),
                {"group": group, "topics": list(topics), "position": at},
            )

    async def ends(self, topics: Sequence[str]) -> Places:
        async with _as_unavailable(), connected(self._engine) as connection:
            found = await connection.execute(
                text("SELECT topic, next_offset FROM platform.topics WHERE topic = ANY(:topics)"),
                {"topics": list(topics)},
            )
            return {(topic, 0): offset for topic, offset in found}

    def read(self, topics: Sequence[str], until: Places, share: Share) -> AsyncGenerator[list[Record], None]:
        return read_table(self._engine, topics, until, share)


class TableConsumer:
    """A member of a group. The one that holds the group's lock reads; the others stand by."""

    def __init__(self, engine: AsyncEngine, group: str, topics: list[str]) -> None:
        self._engine = engine
        self._group = group
        self._topics = topics
        self._connection: AsyncConnection | None = None
        self._leads = False
        self._woken = asyncio.Event()
        self._behind = True
        """The last read may not have reached the end of the log."""

    async def start(self) -> None:
        async with _as_unavailable():
            await self._connect()

    async def stop(self) -> None:
        if self._connection is not None:
            connection, self._connection, self._leads = self._connection, None, False
            await close_session(connection)

    async def poll(self, limit: int, timeout: float) -> list[Record]:  # noqa: ASYNC109 - nothing within it is an answer
        async with _as_unavailable(self):
            records = await self._read(limit) if self._behind or self._woken.is_set() else []
            if not records:
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout):
                        await self._woken.wait()
                records = await self._read(limit)
            return records

    async def commit(self, records: Sequence[Record]) -> None:
        ends: dict[str, int] = {}
        for record in records:
            ends[record.topic] = max(ends.get(record.topic, 0), record.offset + 1)
        async with _as_unavailable(self):
            if self._connection is None:
                raise LogUnavailable("the connection to the log was lost; the records come again")
            await driver.run(
                self._connection,
                sql(
                    "UPDATE platform.cursors c SET next_offset = e.next_offset "
                    "FROM unnest(CAST(:topics AS text[]), CAST(:ends AS bigint[])) AS e(topic, next_offset) "
                    'WHERE c."group" = :group AND c.topic = e.topic'
                ),
                {"group": self._group, "topics": list(ends), "ends": list(ends.values())},
            )

    async def _connect(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await open_session(self._engine)
            self._behind = True
            # A position need not wait for the disk: if a crash undoes it, the records come again.
            await self._connection.execute(text("SET SESSION synchronous_commit = off"))
            await listen(self._connection, WAKE_CHANNEL, self._wake)
        return self._connection

    def _wake(self, topic: str) -> None:
        if topic in self._topics:
            self._woken.set()

    async def _read(self, limit: int) -> list[Record]:
        connection = await self._connect()
        self._woken.clear()
        if not self._leads:
            # Reading and committing happen on the connection that holds the lock, so that a consumer which
            # lost the lock cannot move the group's cursors any more.
            got = await connection.execute(
                text("SELECT pg_try_advisory_lock(:key)"), {"key": session_lock_key("group", self._group)}
            )
            if not got.scalar_one():
                return []
            await connection.execute(
                text(
                    'INSERT INTO platform.cursors ("group", topic, next_offset) '
                    "SELECT :group, topic, 0 FROM unnest(CAST(:topics AS text[])) AS t(topic) "
                    "ON CONFLICT DO NOTHING"
                ),
                {"group": self._group, "topics": self._topics},
            )
            self._leads = True
        given = {"group": self._group, "topics": self._topics, "limit": limit}
        rows = await driver.run(connection, _READ, given)
        records = [
            Record(topic, key, headers, value, offset=offset)
            for topic, offset, key, headers, value in rows  # by place: by name takes longer
        ]
        self._behind = len(records) == limit
        return records


class _as_unavailable:  # noqa: N801 - reads as a statement where it is used
    """Turn a lost connection into LogUnavailable, and let the consumer connect anew next time."""

    def __init__(self, consumer: TableConsumer | None = None) -> None:
        self._consumer = consumer

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and is_transient(error) and not isinstance(error, LogUnavailable):
            if self._consumer is not None:
                await self._consumer.stop()
            raise LogUnavailable(str(error)) from error
