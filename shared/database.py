"""Connections, and the one place where a transaction begins and ends.

`Database.transaction()` is the only way to write: what happens inside, and the events that tell of it, become
durable together or not at all. `Database.reading()` is for plain reads.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import Executable, MetaData, Result, TextClause, event, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as SQLTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared import driver, failpoints, outbox
from shared.events import Event

T = TypeVar("T")

PLATFORM = "platform"
"""Schema that every service may use: the table log's records, the API keys."""


def role_of(service: str) -> str:
    """Database role that owns the service's schema, and as which the service works."""
    return f"redress_{service}"


def make_engine(url: str, service: str, pool_size: int) -> AsyncEngine:
    """An engine that sees only the service's own schema, as the service's own role."""
    # No overflow: such a connection would be made, and prepare its statements, for a single use.
    return _engine(url, service, pool_size=pool_size, max_overflow=0)


def session_engine(url: str, service: str) -> AsyncEngine:
    """The same without a pool and without transactions, for `shared.sessions`."""
    return _engine(url, service, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _engine(url: str, service: str, **options: Any) -> AsyncEngine:
    parsed = make_url(url)
    settings = {"search_path": service, "application_name": f"redress-{service}", "timezone": "UTC"}
    # A question to several tables reads some thousand rows of each: to start processes for it takes longer.
    settings["enable_parallel_append"] = "off"
    if service != PLATFORM and parsed.query.get("role") != "own":
        settings["role"] = role_of(service)
    engine = create_async_engine(
        parsed.difference_update_query(["role"]),
        **options,
        json_deserializer=from_json,  # several times faster than the standard library's
        hide_parameters=True,  # statements in error messages must not show what customers wrote
        connect_args={"server_settings": settings, "timeout": 10},
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """The driver hears when the server goes: the pool then makes a new connection, and none fails first."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Finish what must not be left half-done, such as closing a connection, even when the caller is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):  # whoever stops us may ask more than once
                await asyncio.wait([task])
        raise


async def connect(engine: AsyncEngine) -> AsyncConnection:
    """A connection from the engine's pool. A cancellation meanwhile leaves none open."""
    connecting = asyncio.ensure_future(_connected(engine))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        while not connecting.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([connecting])
        if connecting.exception() is None:
            await uninterrupted(connecting.result().close())
        raise


async def _connected(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """`connect` for the length of a block."""
    connection = await connect(engine)
    try:
        yield connection
    finally:
        await uninterrupted(connection.close())


@cache
def sql(statement: str) -> TextClause:
    """`text`, made once for each statement: SQLAlchemy takes 50 us to read it and to find its compiled form."""
    return text(statement)


def session_lock_key(*names: str) -> int:
    """A 64-bit advisory lock key for a name: session locks (relay, consumer group)."""
    digest = hashlib.blake2b("/".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def is_transient(error: BaseException) -> bool:
    """Is a part away, so that the same work may succeed in a moment: a connection, a deadlock, a full server?"""
    if isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, InterfaceError)):
        return True
    state = sqlstate(error)
    if state[:2] in _TRANSIENT_CLASSES or state == "55P03":
        return True
    return isinstance(error, (OSError, TimeoutError, SQLTimeoutError))


def is_of_surroundings(error: BaseException) -> bool:
    """Would any other work fail in the same way here: is this no fault of the work?

    It is wider than `is_transient`: a service that runs ahead of its migration, a schema that is not there or
    may not be used, a broken server. Waiting alone mends none of these, an operator does, and then the work
    must still be there to be done.
    """
    return is_transient(error) or sqlstate(error)[:2] in _UNFIT_CLASSES


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of the error, or nothing."""
    # What fails while a connection is made comes from asyncpg as it is, without SQLAlchemy's wrapping.
    origin = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(origin, "sqlstate", None) or "")


# PostgreSQL's error classes: connection, transaction state (a standby is read only), authorization, no such
# database, rollback (deadlock, serialization), resources, operator's doing, system (disk).
_TRANSIENT_CLASSES = {"08", "25", "28", "3D", "40", "53", "57", "58"}
# No such schema; no such table or column, or no right to it; the server's own fault.
_UNFIT_CLASSES = {"3F", "42", "XX"}


def _holding(service: str, complaint_ids: Iterable[object]) -> str:
    """The statement that holds these complaints of the service until the end of the transaction.

    An advisory lock and not a row lock, because the row may not exist yet: two topics can bring the first news
    of a complaint at the same time. Taken in one order everywhere, so no deadlock.
    """
    keys = sorted({session_lock_key("complaint", service, str(i)) for i in complaint_ids})
    given = ",".join(map(str, keys))
    return f"SELECT pg_advisory_xact_lock(k) FROM unnest('{{{given}}}'::bigint[]) AS k" if keys else ""  # noqa: S608 - numbers of our own making


_HOLD = text("SELECT pg_advisory_xact_lock(:key)")
_TRY_HOLD = text("SELECT pg_try_advisory_xact_lock(:key)")


class Transaction:
    """A write in progress: statements, and the events that will be told if it commits."""

    def __init__(self, connection: AsyncConnection, service: str) -> None:
        self.connection = connection
        self.service = service
        self._events: list[outbox.Outgoing] = []

    async def execute(self, statement: Executable, parameters: Any = None) -> Result[*tuple[Any, ...]]:
        if isinstance(statement, TextClause) and not isinstance(parameters, list):
            return await driver.run(self.connection, statement, parameters)
        return await self.connection.execute(statement, parameters)

    def publish(
        self, event: Event, *, at: datetime, event_id: UUID | None = None, trace: str | None = None
    ) -> None:
        """Tell of a fact: it reaches the log if, and only if, this transaction commits.

        `trace` is the W3C traceparent it belongs to, if not the present one.
        """
        self._events.append(outbox.outgoing(event, self.service, at, event_id, trace))

    async def lock(self, complaint_ids: Iterable[object]) -> None:
        """Hold these complaints of this service until the end of the transaction; see `_holding`. Of none, nothing is
        sent."""
        if statement := _holding(self.service, complaint_ids):
            await driver.send(self.connection, statement)

    async def hold(self, *names: str) -> None:
        """Hold what is called so in this service until the end of the transaction: one at a time works on it."""
        await self.execute(_HOLD, {"key": session_lock_key(self.service, *names)})

    async def try_hold(self, *names: str) -> bool:
        """The same without waiting; False when somebody else holds it."""
        held = await self.execute(_TRY_HOLD, {"key": session_lock_key(self.service, *names)})
        return bool(held.scalar_one())

    async def flush(self) -> bool:
        events, self._events = self._events, []
        if events:
            await outbox.write(self, events)
        return bool(events)


class Database:
    """One service's database."""

    def __init__(self, url: str, service: str, pool_size: int = 8) -> None:
        self.service = service
        self.engine = make_engine(url, service, pool_size)
        self.sessions = session_engine(url, service)
        # SQLAlchemy opens no transactions here: reading needs none, and `transaction` asks the driver for them.
        self._plain = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.options: dict[str, Any] = {}
        self.on_publish: Callable[[], None] = lambda: None
        """Called after a commit that wrote to the outbox: wakes the relay of this process."""

    def equip(self, **options: Any) -> None:
        """Give every connection from now on what the service's stores need; they find it among its options."""
        self.options |= options
        self._plain = self._plain.execution_options(**options)

    @asynccontextmanager
    async def transaction(self, *, of: Iterable[object] = ()) -> AsyncIterator[Transaction]:
        """The transaction boundary. Nobody else commits. It holds the complaints that it is `of`."""
        async with connected(self._plain) as connection:
            try:
                async with driver.transaction(connection, _holding(self.service, of)):
                    transaction = Transaction(connection, self.service)
                    yield transaction
                    told = await transaction.flush()
                    failpoints.reached("transaction.before-commit")
            finally:
                await self._leave_clean(connection)
            failpoints.reached("transaction.after-commit")
        if told:
            self.on_publish()

    async def at_once(self, statement: TextClause, parameters: Mapping[str, Any]) -> Result[Any]:
        """One statement that is a transaction of its own: one round trip where `transaction` takes three.

        Whoever writes to the outbox this way calls `on_publish`.
        """
        async with connected(self._plain) as connection:
            try:
                return await driver.run(connection, statement, parameters)
            finally:
                await self._leave_clean(connection)

    async def _leave_clean(self, connection: AsyncConnection) -> None:
        """The pool must not get back what is unfit for the next one."""
        if connection.invalidated:
            return  # by SQLAlchemy, which found it lost
        raw = driver.driver_of(connection)
        if raw.is_closed() or raw.is_in_transaction():  # lost, or cancelled while it was rolled back
            await uninterrupted(connection.invalidate())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for plain reads; every statement sees what is committed when it starts."""
        async with connected(self._plain) as connection:
            yield connection

    async def close(self) -> None:
        await self.engine.dispose()


def service_metadata(service: str) -> MetaData:
    """Metadata with the tables that every service needs, in the service's own schema."""
    from shared import deadletters, idempotency, inbox

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    for part in (outbox, inbox, deadletters, idempotency):
        part.add_tables(metadata)
    metadata.info["service"] = service
    return metadata
