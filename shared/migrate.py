"""Schemas, roles and tables: made and upgraded by one command, whoever runs it first.

Every service has an Alembic environment in its folder (`services/<name>/migrations`), a schema and a role of
its own; the role owns the schema and sees no other. `platform` holds what all may use.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.database import PLATFORM, make_engine, role_of, session_lock_key, sqlstate

INVALID_PARAMETER_VALUE = "22023"
ROOT = Path(__file__).resolve().parent.parent


class CannotPrepareDatabase(RuntimeError):
    """The database user may not create what Redress needs."""


_alembic = asyncio.Lock()
"""Alembic keeps what it is doing in module globals: one at a time in a process. (The advisory lock that it takes
keeps processes apart.)"""


async def migrate(
    platform_url: str,
    service_urls: Mapping[str, str],
    *,
    revision: str = "head",
    report: Callable[[str], None] = lambda name: None,
) -> None:
    """Bring every schema to `revision`. Waits for anybody else who is migrating. `report` hears each name.

    Raises CannotPrepareDatabase with the statement that an administrator must run.
    """
    for name, url in {PLATFORM: platform_url, **service_urls}.items():
        await prepare(url, name)
        engine = make_engine(url, name, pool_size=1)
        try:
            async with _alembic, engine.connect() as connection:
                await connection.run_sync(_upgrade, name, revision)
        finally:
            await engine.dispose()
        report(name)
    if revision != "base":
        await _grant_platform(platform_url, list(service_urls))


async def pending(platform_url: str, service_urls: Mapping[str, str]) -> list[str]:
    """Names of the schemas that are not at the revision which this version of the code works with."""
    found = []
    for name, url in {PLATFORM: platform_url, **service_urls}.items():
        heads = set(ScriptDirectory.from_config(configuration(name)).get_heads())
        if await _revisions(url, name) != heads:
            found.append(name)
    return found


async def _revisions(url: str, name: str) -> set[str]:
    engine = make_engine(url, name, pool_size=1)
    try:
        async with engine.connect() as connection:
            exists = await connection.execute(text("SELECT to_regclass('alembic_version')"))
            if exists.scalar() is None:
                return set()
            return set((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars())
    except DBAPIError as error:
        if sqlstate(error) == INVALID_PARAMETER_VALUE:  # there is no such role yet
            return set()
        raise
    finally:
        await engine.dispose()


async def hold_migration(connection: AsyncConnection, name: str) -> None:
    """Be the only one who prepares this schema, until the end of the transaction."""
    await connection.execute(_HOLD, {"key": session_lock_key("migrate", name)})


_HOLD = text("SELECT pg_advisory_xact_lock(:key)")


def configuration(name: str) -> Config:
    """Alembic's configuration for one service's environment."""
    config = Config(str(ROOT / "alembic.ini"), ini_section=name)
    config.set_main_option("script_location", str(folder(name)))
    return config


def folder(name: str) -> Path:
    return ROOT / ("shared/platform" if name == PLATFORM else f"services/{name}/migrations")


def run_environment(metadata: MetaData, at_head: Callable[[Connection], None] | None = None) -> None:
    """What every `env.py` does: run the revisions on the connection it was given. `at_head` is done in the same
    transaction when the tables are those of the code."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=False)
    with context.begin_transaction():
        # All revisions are one transaction: a deferred check that is pending after one has changed rows would keep the
        # next one from altering the table.
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        context.run_migrations()
        if at_head is not None and set(context.get_context().get_current_heads()) == set(
            context.script.get_heads()
        ):
            at_head(connection)


def _upgrade(connection: Connection, name: str, revision: str) -> None:
    config = configuration(name)
    config.attributes["connection"] = connection
    with connection.begin():
        connection.execute(_HOLD, {"key": session_lock_key("migrate", name)})
        if revision == "base":
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


async def prepare(url: str, name: str) -> None:
    """Make the schema and the role, unless they are there. Raises CannotPrepareDatabase."""
    parsed = make_url(url)
    own_login = parsed.query.get("role") == "own"
    engine = create_async_engine(parsed.difference_update_query(["role"]), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(
                text("SELECT pg_advisory_lock(:key)"), {"key": session_lock_key("migrate", "prepare")}
            )
            if name == PLATFORM or own_login:
                await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{name}"'))
                return
            role = role_of(name)
            exists = await connection.execute(
                text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
            )
            if exists.scalar() is None:
                await connection.execute(text(f'CREATE ROLE "{role}" NOLOGIN'))
            if not await _may_become(connection, role):
                await connection.execute(text(f'GRANT "{role}" TO CURRENT_USER'))
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{name}" AUTHORIZATION "{role}"'))
    except ProgrammingError as error:
        raise CannotPrepareDatabase(
            f"The database user may not create the schema and role of {name} ({error.orig}). Let an "
            f"administrator run: CREATE ROLE {role_of(name)}; GRANT {role_of(name)} TO <user>; CREATE SCHEMA "
            f"{name} AUTHORIZATION {role_of(name)}; or give the service a login of its own in "
            f"REDRESS_DATABASE_URLS with ?role=own."
        ) from error
    finally:
        await engine.dispose()


async def _may_become(connection: AsyncConnection, role: str) -> bool:
    # By trying it: being a member is not enough since PostgreSQL 16, and before there is no other question.
    try:
        await connection.execute(text(f'SET ROLE "{role}"'))
    except ProgrammingError:
        return False
    await connection.execute(text("RESET ROLE"))
    return True


async def _grant_platform(url: str, services: list[str]) -> None:
    """The services' roles may append to the table log, and that is all: what was told they cannot change, and
    the API keys they cannot see. Authentication and consumers work as the database's user."""
    engine = make_engine(url, PLATFORM, pool_size=1)
    try:
        async with engine.begin() as connection:
            # Two who grant the same at a time would fail with "tuple concurrently updated".
            await hold_migration(connection, PLATFORM)
            for service in services:
                role = role_of(service)
                exists = await connection.execute(
                    text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
                )
                if exists.scalar() is None:
                    continue
                await connection.execute(text(f'GRANT USAGE ON SCHEMA platform TO "{role}"'))
                # A topic's next offset is counted up; a record stays as it was appended.
                await connection.execute(text(f'GRANT SELECT, INSERT, UPDATE ON platform.topics TO "{role}"'))
                await connection.execute(text(f'GRANT SELECT, INSERT ON platform.records TO "{role}"'))
    finally:
        await engine.dispose()
