"""Real parts for every test: one private PostgreSQL for the session, a fresh database for whoever asks."""

import os
import shutil
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine.url import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services import catalogue
from shared.migrate import migrate
from shared.postgres import PrivatePostgres
from tests.fleet import NURSERY
from tests.kafka import kafka_bootstrap, kafka_broker
from tests.recording import Recording, record
from tests.world import World, open_world

__all__ = ["kafka_bootstrap", "kafka_broker"]  # fixtures

NewDatabase = Callable[[], Awaitable[str]]

DATABASES_KEPT = 60
"""Each is about 20 MB."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker of pytest-xdist makes the recording for all (`--dist loadgroup`)."""
    for item in items:
        if "recording" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("recording"))


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder where the private PostgreSQL's own user may go (it does not run as root)."""
    memory = Path("/dev/shm")  # a hundred databases are many small files
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * 2**30:
        root = memory
    else:
        root = Path("/var/lib") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    folder = root / f"redress-tests-{os.getpid()}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(scratch: Path) -> Iterator[PrivatePostgres]:
    server = PrivatePostgres(scratch, durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
async def nursery() -> AsyncIterator[None]:
    yield
    await NURSERY.close()


@pytest.fixture(scope="session")
async def template(postgres: PrivatePostgres) -> str:
    """A database that is migrated, to copy from."""
    url = await _create(postgres.url, "template_redress", template=None)
    await migrate(url, dict.fromkeys(catalogue.NAMES, url))
    return "template_redress"


@pytest.fixture(scope="session")
def new_database(postgres: PrivatePostgres, template: str) -> NewDatabase:
    """Call it for the URL of a fresh, migrated database. Of those made long before, the ones that nobody is connected
    to are dropped: all together they would fill the memory that they lie in."""
    made: deque[str] = deque()

    async def make() -> str:
        if len(made) >= DATABASES_KEPT:
            await _drop_unused(postgres.url, made)
        made.append(f"t_{uuid4().hex[:12]}")
        return await _create(postgres.url, made[-1], template)

    return make


@pytest.fixture(scope="session")
async def recording(postgres: PrivatePostgres, template: str, scratch: Path) -> Recording:
    """Whole journeys and what they left behind; a test leaves it as it was."""
    url = await _create(postgres.url, f"recording_{uuid4().hex[:12]}", template)  # kept to the end
    return await record(url, scratch)


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    return await new_database()


@pytest.fixture(scope="module")
async def shared_world(new_database: NewDatabase, scratch: Path) -> AsyncIterator[World]:
    """All five services in this process, on the table log, started: for all tests of a module."""
    async with open_world(await new_database(), scratch) as opened:
        yield opened


@pytest.fixture
async def empty_world(new_database: NewDatabase, scratch: Path) -> AsyncIterator[World]:
    """The same for one test, on a fresh database."""
    async with open_world(await new_database(), scratch) as opened:
        yield opened


@pytest.fixture
async def guest(shared_world: World) -> AsyncIterator[World]:
    """The shared world with an administrator's key of the test's own: idempotency keys are the caller's."""
    async with shared_world.visited() as world:
        yield world


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Where other tests register complaints, too, unless the test is marked `empty_world`."""
    alone = request.node.get_closest_marker("empty_world") is not None
    found: World = request.getfixturevalue("empty_world" if alone else "guest")
    return found


async def _drop_unused(url: str, made: "deque[str]") -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        used = set(
            (await connection.execute(sa.text("SELECT DISTINCT datname FROM pg_stat_activity"))).scalars()
        )
        for _ in range(DATABASES_KEPT // 2):
            name = made.popleft()
            if name in used:
                made.append(name)
            else:
                await connection.execute(sa.text(f'DROP DATABASE "{name}"'))
    await engine.dispose()


async def _create(url: str, name: str, template: str | None) -> str:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    copy = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    async with engine.connect() as connection:
        await connection.execute(sa.text(f'CREATE DATABASE "{name}"{copy}'))
    await engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)
