"""Fixed statements, straight to the driver.

SQLAlchemy takes about 100 us of CPU time to hand a finished statement to asyncpg and to wrap the answer, asyncpg
itself 20; and most of what a transaction does are finished statements. Results and errors are SQLAlchemy's, so
that nobody has to know which way a statement took.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import Result, TextClause
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncConnection

_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # dialects have no types
_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def driver_of(connection: AsyncConnection) -> Any:
    """The asyncpg connection beneath an open connection."""
    assert connection.sync_connection is not None
    adapted: Any = connection.sync_connection.connection.dbapi_connection
    return adapted.driver_connection


@asynccontextmanager
async def transaction(connection: AsyncConnection, first: str = "") -> AsyncIterator[None]:
    """Commit at the end of the block, or roll back; `first` is sent along with the BEGIN.

    Raises DBAPIError and its kinds, also for what is only checked by the commit.
    """
    raw = driver_of(connection)  # now: SQLAlchemy gives up a connection that it finds lost
    await _send(raw, f"BEGIN; {first}")
    try:
        yield
    except BaseException:
        if not raw.is_closed():
            await _send(raw, "ROLLBACK")
        raise
    await _send(raw, "COMMIT")


async def send(connection: AsyncConnection, query: str) -> None:
    """Statements without parameters and without an answer, in one message. Raises DBAPIError and its kinds."""
    await _send(driver_of(connection), query)


async def _send(raw: Any, query: str) -> None:
    try:
        await raw.execute(query)
    except _ERRORS as error:
        raise _wrapped(raw, query, error) from error


async def run(
    connection: AsyncConnection, statement: TextClause, parameters: Mapping[str, Any] | None = None
) -> Result[*tuple[Any, ...]]:
    """Execute `text(...)`: in the transaction that `transaction` began on the connection, or as one of its own.

    Raises DBAPIError and its kinds.
    """
    raw = driver_of(connection)
    query, names = _numbered(statement)
    try:
        rows = await raw.fetch(query, *[parameters[name] for name in names] if parameters else ())
    except _ERRORS as error:
        raise _wrapped(raw, query, error) from error
    columns = list(rows[0].keys()) if rows else ["nothing"]
    return IteratorResult(SimpleResultMetaData(columns), map(tuple, rows))


async def copy(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY rows into a table, in the transaction that `transaction` began. Raises DBAPIError and its kinds."""
    raw = driver_of(connection)
    try:
        await raw.copy_records_to_table(table, records=rows, columns=columns)
    except _ERRORS as error:
        raise _wrapped(raw, f"COPY {table}", error) from error


@lru_cache(maxsize=512)
def _numbered(statement: TextClause) -> tuple[str, tuple[str, ...]]:
    """The statement with `$1` for `:name`, and the names in that order."""
    compiled = statement.compile(dialect=_DIALECT)
    return compiled.string, tuple(compiled.positiontup or ())


def _wrapped(raw: Any, query: str, error: Exception) -> DBAPIError:
    kind: type[DBAPIError] = DBAPIError
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        kind = IntegrityError
    elif isinstance(error, asyncpg.InternalClientError):  # the server went in the middle of a message
        raw.terminate()
        kind = InterfaceError
    elif isinstance(error, asyncpg.InterfaceError):
        kind = InterfaceError
    closed = raw.is_closed()
    return kind(query, None, error, hide_parameters=True, connection_invalidated=closed)
