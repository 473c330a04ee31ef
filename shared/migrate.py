"""Schemas, roles and tables: made and upgraded by one command, whoever runs it first.

Every service has an Alembic environment in its folder (`services/<name>/migrations`), a schema and a role of
its own; the role owns the schema and sees no other. `platform` holds what all may use.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.database import PLATFORM, make_engine, role_of, session_lock_key

ROOT = Path(__file__).resolve().parent.parent


class CannotPrepareDatabase(RuntimeError):
    """The database user may not create what Redress needs."""


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
            async with engine.connect() as connection:
                await connection.run_sync(_upgrade, name, revision)
        finally:
            await engine.dispose()
        report(name)
    if revision != "base":
        await _grant_platform(platform_url, list(service_urls))


def configuration(name: str) -> Config:
    """Alembic's configuration for one service's environment."""
    config = Config(str(ROOT / "alembic.ini"), ini_section=name)
    config.set_main_option("script_location", str(folder(name)))
    return config


def folder(name: str) -> Path:
    return ROOT / ("shared/platform" if name == PLATFORM else f"services/{name}/migrations")


def run_environment(metadata: MetaData) -> None:
    """What every `env.py` does: run the revisions on the connection it was given."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=False)
    with context.begin_transaction():
        context.run_migrations()


def _upgrade(connection: Connection, name: str, revision: str) -> None:
    config = configuration(name)
    config.attributes["connection"] = connection
    with connection.begin():
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:key)"), {"key": session_lock_key("migrate", name)}
        )
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
            may_use = await connection.execute(
                text("SELECT pg_has_role(current_user, :role, 'SET')"), {"role": role}
            )
            if not may_use.scalar():
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


async def _grant_platform(url: str, services: list[str]) -> None:
    """The services read keys and use the table log; they own nothing in the platform schema."""
    engine = make_engine(url, PLATFORM, pool_size=1)
    try:
        async with engine.begin() as connection:
            for service in services:
                role = role_of(service)
                exists = await connection.execute(
                    text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
                )
                if exists.scalar() is None:
                    continue
                await connection.execute(text(f'GRANT USAGE ON SCHEMA platform TO "{role}"'))
                await connection.execute(
                    text(f'GRANT SELECT, INSERT, UPDATE ON platform.topics, platform.records TO "{role}"')
                )
    finally:
        await engine.dispose()
