"""What every measurement stands on: a private PostgreSQL (durable), fresh databases, child processes."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bench import machine
from bench.child import PATIENCE
from services import catalogue
from shared.keys import create_key
from shared.migrate import migrate
from shared.postgres import PrivatePostgres

T = TypeVar("T")

ROOT = Path(__file__).parents[1]
SECRET = "a-secret-for-benches-of-32-characters"
CAPACITY = "UPDATE routing.people SET capacity = 1000000"
"""Nobody's desk is ever full, or a long run would measure the waiting queue instead."""


@dataclass
class Child:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


class Rig:
    """The private PostgreSQL and a folder; both are gone when the block ends."""

    def __init__(self) -> None:
        root = Path("/var/lib") if os.geteuid() == 0 else Path(tempfile.gettempdir())
        self.folder = root / f"redress-bench-{os.getpid()}"
        self.postgres = PrivatePostgres(self.folder, durable=True)
        self._made = 0

    def __enter__(self) -> Self:
        self.postgres.start()
        try:
            asyncio.run(self._make_template())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.postgres.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _make_template(self) -> None:
        url = await self._create("template_redress", None)
        await migrate(url, dict.fromkeys(catalogue.NAMES, url))
        await execute(url, CAPACITY)

    async def _create(self, name: str, template: str | None) -> str:
        copy = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
        await execute(self.postgres.url, f'CREATE DATABASE "{name}"{copy}')
        return make_url(self.postgres.url).set(database=name).render_as_string(hide_password=False)

    def database(self, template: str = "template_redress") -> str:
        """The URL of a fresh database: migrated, or a copy of another one that nobody uses."""
        self._made += 1
        return asyncio.run(self._create(f"bench_{self._made}", template))

    def drop(self, url: str) -> None:
        """Free the space; what cannot be dropped now (autovacuum is at work there) goes with the folder."""
        with suppress(DBAPIError):
            asyncio.run(execute(self.postgres.url, f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)'))

    def key(self, url: str) -> str:
        """An administrator's key."""
        return asyncio.run(create_key(url, "bench", ["admin"]))

    def without_durability(self, work: Callable[[], T]) -> T:
        """Do `work` while PostgreSQL does not care for power cuts and writes its log sparingly; then it is
        durable again, and everything is on the disk."""
        self.postgres.stop()
        bulk = {
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_wal_size": "16GB",
            "maintenance_work_mem": "256MB",
        }
        with PrivatePostgres(self.folder, durable=False, settings=bulk):
            done = work()
        self.postgres.start()
        return done

    def settings(self) -> dict[str, str]:
        """The settings of PostgreSQL that matter here."""
        names = "server_version fsync synchronous_commit full_page_writes shared_buffers max_wal_size wal_sync_method"
        return asyncio.run(_show(self.postgres.url, names.split()))

    def postgres_pids(self) -> list[int]:
        lines = (self.folder / "pgdata" / "postmaster.pid").read_text().split("\n")
        return machine.family(int(lines[0]))

    @contextmanager
    def redress(self, names: Sequence[str], url: str, **settings: str) -> Iterator[Child]:
        """`redress serve NAMES` against that database."""
        port = _free_port()
        given = {
            "data_dir": str(self.folder / "data"),
            "database_url": url,
            "port": str(port),
            "secret": SECRET,
            "rate_limit": "1000000/second",
            "rate_limit_anonymous": "1000000/second",
            "log_level": "ERROR",
            **settings,
        }
        environment = {f"REDRESS_{name.upper()}": value for name, value in given.items()}
        with self.child(["services", "serve", *names], port, "/readyz", environment) as child:
            yield child

    @contextmanager
    def fleet(self, groups: Sequence[Sequence[str]], url: str) -> Iterator[list[Child]]:
        """A process for each group of services, on the table log; intake is in the first."""
        with ExitStack() as stack:
            first = stack.enter_context(self.redress(groups[0], url))
            where = json.dumps({"intake": f"http://127.0.0.1:{first.port}"})
            others = [stack.enter_context(self.redress(g, url, service_urls=where)) for g in groups[1:]]
            yield [first, *others]

    @contextmanager
    def baseline(self, url: str, pool: int) -> Iterator[Child]:
        port = _free_port()
        arguments = [
            "uvicorn", "bench.baseline:app", "--port", str(port), "--no-access-log", "--log-level", "error",
        ]  # fmt: skip
        environment = {"BASELINE_DSN": dsn(url), "BASELINE_POOL": str(pool)}
        with self.child(arguments, port, "/docs", environment) as child:
            yield child

    @contextmanager
    def child(
        self, arguments: Sequence[str], port: int, ready: str, environment: dict[str, str]
    ) -> Iterator[Child]:
        compiled = {"PYTHONPYCACHEPREFIX": str(self.folder / "pycache"), "PYTHONDONTWRITEBYTECODE": ""}
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.child", *arguments],
            stdin=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, **compiled, **environment},
        )
        child = Child(process, port)
        try:
            _wait_until_ready(child, ready)
            yield child
        finally:
            _stop(process)


def _wait_until_ready(child: Child, path: str, within: float = 60.0) -> None:
    end = time.monotonic() + within
    while True:
        if child.process.poll() is not None:
            raise RuntimeError(f"the server ended at once, with status {child.process.returncode}")
        try:
            if child.get(path)[0] == 200:
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError(f"the server did not become ready within {within} s")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(PATIENCE + 5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_load(plan: dict[str, Any]) -> dict[str, Any]:
    """Run `bench.load` in a process of its own, with the plan on its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        out, _ = process.communicate(json.dumps(plan).encode(), timeout=plan["seconds"] + 60)
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise RuntimeError(f"the load process ended with status {process.returncode}")
    result: dict[str, Any] = json.loads(out)
    return result


def dsn(url: str) -> str:
    """The same database for asyncpg itself."""
    return url.replace("postgresql+asyncpg://", "postgresql://")


async def execute(url: str, *statements: str) -> None:
    """Run statements outside of any transaction."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()


async def _show(url: str, names: Sequence[str]) -> dict[str, str]:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return {n: str((await connection.execute(sa.text(f"SHOW {n}"))).scalar_one()) for n in names}
    finally:
        await engine.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
