"""The private PostgreSQL: a real server that Redress starts itself, so that nothing has to be installed.

It is a child of Redress, listens on a unix socket only, and ends when Redress ends, however Redress ends.
What it has on disk (user, binaries, cluster, socket folder) is in `shared/postgres_cluster.py`.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import quote

from platformdirs import user_data_path

from shared.postgres_cluster import (
    DATABASE,
    PORT,
    ROLE,
    Account,
    DataFolderInUse,
    PostgresError,
    SocketFolder,
    binaries,
    make_cluster,
    make_data_folder,
    server_account,
    tail,
)

__all__ = ["DataFolderInUse", "PostgresError", "PrivatePostgres", "default_data_dir"]

_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",  # short statements: compiling them costs more than it saves
    "timezone": "UTC",
    # The log is for what happens to the server. A failed statement goes to its caller (its role is set to
    # log fatal errors only), and no line shows a statement or a row: they may hold personal data.
    "log_timezone": "UTC",
    "log_min_messages": "error",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_POLL = 0.01  # seconds between two looks at a server that starts or ends
_START_PATIENCE = 180.0  # seconds; the first start after a crash replays up to 1 GB of write-ahead log
# Backends of a killed server end by themselves, but the busy ones not at once. In seconds.
_BACKEND_PATIENCE = 30.0
_BACKEND_POLL = 0.1
_STOPPING = (  # signal, seconds to wait for its effect
    (signal.SIGINT, 30.0),  # fast: roll back what is open, write a checkpoint
    (signal.SIGQUIT, 10.0),  # immediate: no checkpoint, the next start recovers
    (signal.SIGKILL, 10.0),
)
_LOG_LIMIT = 10_000_000  # bytes; a larger log is put aside at the next start, replacing the one before

# Waits until the other end of its standard input closes, which it does however Redress ends, then asks the
# server for a fast shutdown. A line of input dismisses it. Not PR_SET_PDEATHSIG: that is Linux only, needs
# code between fork and exec, and fires when the *thread* that started the server ends.
_WATCHER = 'read -r word || kill -INT "$0"'


def default_data_dir() -> Path:
    """Where Redress keeps its data unless told otherwise: `/var/lib/redress` for root, else in the home."""
    # Not root's home: PostgreSQL refuses to run as root, and its user may not enter there.
    return Path("/var/lib/redress") if os.geteuid() == 0 else user_data_path("redress", appauthor=False)


class PrivatePostgres:
    """One server on one data folder. Not for several threads at once.

    `durable=False` trades safety in a power cut for speed: tests only. `settings` are PostgreSQL settings
    that go before the default ones.

    A second process may ask for `url` without starting anything, and so reach the server of the process
    that holds the data folder.
    """

    def __init__(
        self, data_dir: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        self._folder = data_dir.expanduser().resolve()
        self._pgdata = self._folder / "pgdata"
        self._log = self._folder / "postgres.log"
        self._sockets = SocketFolder(self._folder)
        self._durable = durable
        self._settings = {**_SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}
        self._lock: int | None = None  # descriptor of the locked file
        self._server: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    @property
    def socket_dir(self) -> Path:
        """The folder of the server's unix socket; raises PostgresError while it is not known.

        It is known before the first start, too, except where the data folder's path is too long for a socket.
        """
        return self._sockets.path

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of Redress's database; raises PostgresError as `socket_dir` does."""
        # The port stands there so that a PGPORT in the environment of Redress does not lead astray.
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql+asyncpg://{ROLE}@/{DATABASE}?host={host}&port={PORT}"

    @property
    def running(self) -> bool:
        """Whether the server that `start` started is still alive."""
        if self._server is not None and self._server.poll() is not None:
            self._forget_server()
        return self._server is not None

    def start(self) -> None:
        """Start the server and wait until it accepts connections; does nothing if it is running.

        Makes the data folder and the cluster where they are missing, ends a server that outlived its
        Redress, recovers after a crash. Raises DataFolderInUse, or PostgresError for everything else.
        """
        if self.running:
            return
        try:
            account = server_account(self._pgdata)
            if self._lock is None:
                make_data_folder(self._folder, account)
                self._lock = _lock(self._folder)
            self._end_stale_server()
            bin_dir = binaries(self._folder, account)
            make_cluster(bin_dir, self._pgdata, account, durable=self._durable)
            self._sockets.make(account)
            self._launch(bin_dir, account)
        except OSError as error:
            self.stop()
            raise PostgresError(
                f"The private PostgreSQL cannot start in {self._folder}: {error}. Make that possible for the "
                f"user who runs Redress, or set REDRESS_DATA_DIR to another folder."
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server (fast shutdown, sterner if that takes over 30 s) and release the data folder."""
        if self._server is not None:
            server = self._server
            _end(server.pid, server.send_signal, lambda: server.poll() is not None)
            self._forget_server()
        if self._lock is not None:
            self._sockets.remove()
            os.close(self._lock)  # releases it; the file stays, because removing a lock file makes races
            self._lock = None

    def kill(self) -> None:
        """Kill the server's main process (kill -9); the data folder stays held. For tests of recovery."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._forget_server()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, bin_dir: Path, account: Account) -> None:
        """Start the server process and wait for it; raises PostgresError with the end of its log."""
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size > _LOG_LIMIT:
                self._log.replace(self._log.with_name(f"{self._log.name}.1"))
        begun = time.monotonic()
        while True:
            self._forget_server()
            with _open_log(self._log) as log:
                begin = log.tell()
                self._server = self._spawn(bin_dir, account, log)
            self._watcher = subprocess.Popen(  # noqa: S603 - a constant script, the number is an argument
                ["/bin/sh", "-c", _WATCHER, str(self._server.pid)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                **account.spawn(),
            )
            if self._wait_until_ready(bin_dir, account):
                return
            output = self._log.read_bytes()[begin:].decode(errors="replace")
            in_use = "is still in use" in output
            if in_use and time.monotonic() < begun + _BACKEND_PATIENCE:
                time.sleep(_BACKEND_POLL)
                continue
            remedy = (
                f"End the processes of an earlier server on {self._pgdata}, then start again."
                if in_use
                else "If the disk is full, free some space and start again."
            )
            raise PostgresError(
                f"PostgreSQL ended while starting (exit code {self._server.returncode}). The end of "
                f"{self._log}:\n{tail(output)}\n{remedy}"
            )

    def _spawn(self, bin_dir: Path, account: Account, log: BinaryIO) -> subprocess.Popen[bytes]:
        settings = {
            **self._settings,
            "listen_addresses": "",
            "port": str(PORT),
            # A list of folders: quoted, because of paths with spaces and commas.
            "unix_socket_directories": '"' + str(self.socket_dir).replace('"', '""') + '"',
        }
        command = [str(bin_dir / "postgres"), "-D", str(self._pgdata)]  # _is_our_server() looks for this
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]

        # A recycled process id in a stale postmaster.pid makes PostgreSQL believe that another server runs.
        # We know that none does. Deleting the file would be wrong: it also names the shared memory by which
        # PostgreSQL notices backends that are still writing after their main process was killed. So we say
        # that the id belongs to an ancestor of the new server, which PostgreSQL takes as proof of staleness.
        stale = self._recorded_pid()
        return subprocess.Popen(  # noqa: S603 - an argument list, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for Redress, which ends its work and then the server
            **account.spawn(**({"PG_GRANDPARENT_PID": str(stale)} if stale else {})),
        )

    def _wait_until_ready(self, bin_dir: Path, account: Account) -> bool:
        """True once the server accepts connections, False if it has ended; PostgresError if neither."""
        assert self._server is not None
        deadline = time.monotonic() + _START_PATIENCE
        address = ["-h", str(self.socket_dir), "-p", str(PORT), "-d", DATABASE]
        probe = [str(bin_dir / "pg_isready"), "-q", *address]
        while self._server.poll() is None:
            # Its own word first, as pg_ctl does it: each knock before that is a line in the server's log.
            lines = self._pid_file()
            if len(lines) > 7 and lines[0] == str(self._server.pid) and lines[7].strip() == "ready":
                knock = subprocess.run(probe, check=False, **account.spawn())  # noqa: S603 - no shell
                if knock.returncode == 0:
                    return True
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"PostgreSQL did not accept connections within {_START_PATIENCE:.0f} s. See {self._log}; "
                    f"if it says that a recovery was going on, start again: it continues."
                )
            time.sleep(_POLL)
        return False

    def _forget_server(self) -> None:
        """Clear away a server process that has ended, and dismiss its watcher."""
        # At once, because the number of a process that ended may soon be that of another one.
        if self._watcher is not None:
            self._watcher.communicate(b"\n")
        self._server = self._watcher = None

    def _end_stale_server(self) -> None:
        """End a server on our cluster whose Redress is gone: it was killed together with the watcher."""
        # Ended rather than adopted: this process could not supervise it, and its settings may be old ones.
        pid = self._recorded_pid()
        if pid is not None and self._is_our_server(pid):
            _end(pid, partial(os.kill, pid), lambda: not self._is_our_server(pid))

    def _recorded_pid(self) -> int | None:
        """The process id in postmaster.pid; a file without one, left by a crash, is removed."""
        lines = self._pid_file()
        pid = lines[0].removeprefix("-") if lines else ""  # a server in single-user mode writes -pid
        if pid.isdecimal() and int(pid) > 0:
            return int(pid)
        (self._pgdata / "postmaster.pid").unlink(missing_ok=True)
        return None

    def _pid_file(self) -> list[str]:
        """The lines of the file by which a server marks its cluster as in use; none if there is no file."""
        try:
            return (self._pgdata / "postmaster.pid").read_text(errors="replace").split("\n")
        except FileNotFoundError:
            return []

    def _is_our_server(self, pid: int) -> bool:
        """Whether the process `pid` is a live PostgreSQL server on our cluster."""
        # By its command line: a process id alone may have been given to another program since.
        if Path("/proc/self/cmdline").exists():
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:
                command = b""
        else:
            ps = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
            command = subprocess.run(ps, capture_output=True, check=False).stdout  # noqa: S603 - constant
        return b"postgres -D " + os.fsencode(self._pgdata) + b" " in command


def _lock(folder: Path) -> int:
    """Lock the data folder for the life of this process; returns the descriptor that holds the lock.

    Raises DataFolderInUse if another process (or another PrivatePostgres of this one) holds it.
    """
    # flock, not a pid file: the kernel releases it however the process ends, so it is never stale.
    descriptor = os.open(folder / "redress.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).strip()
            raise DataFolderInUse(folder, int(holder) if holder.isdigit() else None) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _end(pid: int, send: Callable[[int], object], ended: Callable[[], bool]) -> None:
    """Stop the server `pid`, politely at first, until `ended()`; raises PostgresError if nothing helps."""
    for number, patience in _STOPPING:
        with contextlib.suppress(ProcessLookupError):
            send(number)
        deadline = time.monotonic() + patience
        while not ended():
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL)
        else:
            return
    raise PostgresError(
        f"The PostgreSQL process {pid} cannot be ended, not even by SIGKILL: its disk does not answer. "
        f"See to the disk, then start Redress again."
    )


def _open_log(path: Path) -> BinaryIO:
    """Open the server's log to append; only the user who runs Redress can read it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
