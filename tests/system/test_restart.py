"""Stopped and started again, rebuilt, migrated: what was kept is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from services import catalogue
from services.insights.rebuild import READ_TABLES
from shared.database import PLATFORM, make_engine
from shared.migrate import configuration, migrate, prepare
from shared.platform import metadata as platform_metadata
from shared.postgres import PrivatePostgres
from tests.fleet import environment_for, free_port, open_fleet, run_redress
from tests.recording import Recording, rows
from tests.system.test_five_processes import create_database
from tests.world import TOLD, eventually, open_world

pytestmark = pytest.mark.slow

# Start and stop


def lasting(case: dict[str, Any]) -> dict[str, Any]:
    """What no later fact about the case changes: letters and calendars may come at any time."""
    names = (
        "id",
        "reference",
        "registered_at",
        "category",
        "severity",
        "department",
        "handler_id",
        "promise",
    )
    return {name: case[name] for name in names} | {"opened": case["timeline"][0]}


@pytest.mark.slow
@pytest.mark.requirement("N-O")
async def test_stopped_and_started_nothing_is_forgotten(scratch: Path) -> None:
    folder, port = scratch / "again", free_port()
    base = f"http://127.0.0.1:{port}"
    environment = environment_for(None, folder, port)
    del environment["REDRESS_SECRET"]
    async with open_fleet(folder) as fleet, httpx.AsyncClient(base_url=base, timeout=20) as http:
        fleet.add("up", ["up"], environment)
        await fleet.start()
        key = (folder / "admin.key").read_text().strip()
        http.headers["Authorization"] = f"Bearer {key}"
        told = (
            await http.post("/intake/v1/complaints", json=TOLD, headers={"Idempotency-Key": "once"})
        ).json()
        case = f"/resolution/v1/cases/{told['id']}"

        async def assigned() -> Any:
            answer = await http.get(case)
            return answer.status_code == 200 and answer.json()["handler_id"] and answer.json()

        before = await eventually(assigned, what="the case")

        # A second one on the same folder is told so, and does no harm.
        status, _, said = await run_redress(
            "up", environment={**environment, "REDRESS_PORT": str(free_port())}
        )
        assert status == 1
        assert str(folder) in said
        assert "Traceback" not in said
        assert lasting((await http.get(case)).json()) == lasting(before)

        await fleet.stop()
        fleet.check()
        await fleet.start()
        assert (folder / "admin.key").read_text().strip() == key
        assert lasting((await http.get(case)).json()) == lasting(before)
        page = await http.get(
            f"/intake/v1/tracking/{told['reference']}", headers={"X-Tracking-Token": told["tracking_token"]}
        )
        assert page.json()["statement"] == TOLD["statement"]
        again = await http.post("/intake/v1/complaints", json=TOLD, headers={"Idempotency-Key": "once"})
        assert (again.json(), again.headers["Idempotent-Replayed"]) == (told, "true")
        accepted = await http.post(f"{case}/accept", json={})
        assert accepted.json()["state"] == "accepted"


# Rebuild


@pytest.mark.requirement("002-10")
async def test_insights_dropped_and_read_again_from_the_log_are_the_same(
    recording: Recording, scratch: Path
) -> None:
    before = recording.evidence.tables["insights"]
    environment = environment_for(recording.url, scratch)
    status, _, said = await run_redress("replay", "insights", "--rebuild", environment=environment)
    assert status == 0, said
    for _ in range(2):
        empty = set()
        for table in READ_TABLES:
            found = await rows(recording.url, f"SELECT * FROM insights.{table.name}")
            assert sorted(map(repr, found)) == sorted(repr(tuple(row.values())) for row in before[table.name])
            if not found:
                empty.add(table.name)
        assert empty <= {"accusations", "improvements"}, "of all others the recording tells something"
        async with open_world(recording.url, scratch, ["insights"]) as world:  # and goes on from there
            await world.settled()


# Migrations


METADATA: dict[str, MetaData] = {PLATFORM: platform_metadata} | {s.name: s.metadata for s in catalogue.load()}


def revisions(name: str) -> list[str]:
    """From the first to the head."""
    script = ScriptDirectory.from_config(configuration(name))
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]


@pytest.mark.parametrize("name", METADATA)
async def test_migrations_lead_to_the_tables_of_the_code_from_every_revision(
    name: str, postgres: PrivatePostgres
) -> None:
    assert len(ScriptDirectory.from_config(configuration(name)).get_heads()) == 1
    made = await create_database(postgres, f"made_{name}")
    await prepare(made, name)
    async with schema(made, name) as connection:
        await connection.run_sync(METADATA[name].create_all)
        await connection.commit()
        wanted = await catalogue_of(connection, name)
    for start in [None, *revisions(name)]:
        url = await create_database(postgres, f"migrated_{name}_{start or 'empty'}")
        others = {} if name == PLATFORM else {name: url}
        if start is not None:
            await migrate(url, others, revision=start) if name == PLATFORM else await _to(url, name, start)
        await migrate(url, others)
        async with schema(url, name) as connection:
            assert await connection.run_sync(_differences, METADATA[name]) == []
            found = await catalogue_of(connection, name)
        only_made, only_migrated = sorted(wanted - found), sorted(found - wanted)
        assert only_made == [], f"from {start or 'empty'}: the code has what the migrations do not make"
        triggers = {what for what in only_migrated if what.startswith("trigger ") or " TRIGGER " in what}
        assert set(only_migrated) == triggers


async def _to(url: str, name: str, revision: str) -> None:
    """The platform at its head, the service at a revision."""
    from shared.migrate import _upgrade

    await migrate(url, {})
    await prepare(url, name)
    async with schema(url, name) as connection:
        await connection.run_sync(_upgrade, name, revision)


@asynccontextmanager
async def schema(url: str, name: str) -> AsyncIterator[Any]:
    """A connection of the service's own role, in its own schema."""
    engine = make_engine(url, name, pool_size=1)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def _differences(connection: Connection, metadata: MetaData) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    found: list[Any] = compare_metadata(context, metadata)
    return [difference for difference in found if "alembic_version" not in repr(difference)]


async def catalogue_of(connection: Any, name: str) -> set[str]:
    """Everything that PostgreSQL knows of the schema: columns, defaults, constraints, indexes, triggers, comments.

    Alembic compares no check constraints, no conditions of indexes and no exclusions; this does.
    """
    found = await connection.execute(
        text(
            """
SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || ' identity ' || CAST(a.attidentity AS text)
       || ' default ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
       || ' comment ' || coalesce(col_description(c.oid, a.attnum), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d
     ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = CAST(CAST(:name AS text) AS regnamespace) AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint ' || CAST(CAST(conrelid AS regclass) AS text) || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = CAST(CAST(:name AS text) AS regnamespace)
UNION ALL
SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = CAST(:name AS text)
UNION ALL
SELECT 'table ' || relname || ' ' || coalesce(obj_description(oid, 'pg_class'), '')
FROM pg_class WHERE relnamespace = CAST(CAST(:name AS text) AS regnamespace) AND relkind = 'r'
UNION ALL
SELECT 'trigger ' || CAST(CAST(tgrelid AS regclass) AS text) || ' ' || tgname
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = CAST(CAST(:name AS text) AS regnamespace) AND NOT tgisinternal
"""
        ),
        {"name": name},
    )
    return {what for what in found.scalars() if "alembic_version" not in what}


async def test_what_was_told_cannot_be_changed(recording: Recording) -> None:
    """A trigger that the migrations make, and that no metadata shows."""
    with pytest.raises(Exception, match="complaint"):
        await rows(recording.url, "UPDATE intake.complaints SET sealed = 'nothing'")


@pytest.mark.slow
@pytest.mark.requirement("P-31")
async def test_letters_are_replayed_beside_a_redress_with_its_own_database(scratch: Path) -> None:
    folder = scratch / "beside"
    environment = environment_for(None, folder)
    async with open_fleet(folder) as fleet:
        fleet.add("up", ["up"], environment)
        await fleet.start()
        status, out, said = await run_redress("replay", "routing", "--json", environment=environment)
        assert (status, out.strip()) == (0, "[]"), said
        # Moving a consumer back is another matter: the one that runs would undo it.
        status, _, said = await run_redress(
            "replay", "routing", "--from-offset", "0", environment=environment
        )
        assert status == 1
        assert "still has consumers" in said
