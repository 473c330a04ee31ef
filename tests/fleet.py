"""Redress as it really runs: child processes, started with an environment, watched, started again when they die.

Processes are started from a nursery: one process that has imported everything and forks (`python -m tests.fleet`).
It saves seconds of importing at every start; from `redress serve` on it is the same.
"""

import asyncio
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import traceback
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, Protocol

import httpx

from services import catalogue
from tests.world import SECRET, eventually

ROOT = Path(__file__).resolve().parents[1]
REDRESS = (sys.executable, "-m", "services")

# Below the range from which the system draws the ports of outgoing connections: a client that knocks at the port
# of a dead child could otherwise be given that very port, connect to itself, and keep the child from coming back.
_PORTS = range(12_000, 19_000)
_ENDS_WITH_ITS_PARENT = 1  # PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildFailed(AssertionError):
    """A child ended in a way that nobody asked for; the message shows the end of its log."""


@dataclass(frozen=True)
class Death:
    """A child that was killed at a failpoint."""

    child: str
    failpoint: str


class Life(Protocol):
    """One process."""

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


async def _execute(arguments: Sequence[str], environment: Mapping[str, str], out: Path, err: Path) -> Life:
    with out.open("ab") as told, err.open("ab") as said:
        return await asyncio.create_subprocess_exec(
            *REDRESS,
            *arguments,
            cwd=ROOT,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=told,
            stderr=said,
            preexec_fn=_end_with_parent,
        )


Begin = Callable[[Sequence[str], Mapping[str, str], Path, Path], Awaitable[Life]]
"""Starts `redress` with arguments and an environment; its standard output and error are appended to files."""


@dataclass
class Child:
    """One process of Redress, over all its lives."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    begin: Begin = _execute
    failpoints: deque[str] = field(default_factory=deque)
    """Armed one per life, from the left; the life after the last has none."""
    armed: str = ""
    process: Life | None = None
    wanted: bool = False
    """It shall run; if it does not, it is started again or the test fails."""

    async def start(self) -> None:
        self.armed = self.failpoints.popleft() if self.failpoints else ""
        environment = {**self.environment, "REDRESS_FAILPOINT": self.armed}
        self.process = await self.begin(self.arguments, environment, self.log, self.log)

    def tail(self, lines: int = 25) -> str:
        """The end of what it said."""
        said = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(said[-lines:])


class _Forked:
    """A process that the nursery forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if not self.ended.done():
            os.kill(self.pid, number)


class Nursery:
    """Forks processes that have imported everything already."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._lives: dict[int, _Forked] = {}
        self._births: deque[asyncio.Future[_Forked]] = deque()

    async def begin(
        self, arguments: Sequence[str], environment: Mapping[str, str], out: Path, err: Path
    ) -> Life:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.fleet",
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                preexec_fn=_end_with_parent,
            )
            self._reader = asyncio.create_task(self._read(), name="nursery")
        assert self._process.stdin is not None
        born: asyncio.Future[_Forked] = asyncio.get_running_loop().create_future()
        self._births.append(born)
        wanted = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "out": str(out),
            "err": str(err),
        }
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        return await born

    async def close(self) -> None:
        if self._process is not None and self._reader is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()
            await self._reader
            self._process = self._reader = None

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            pid, status = json.loads(line)
            if status is None:
                self._lives[pid] = _Forked(pid)
                self._births.popleft().set_result(self._lives[pid])
            else:
                self._lives.pop(pid).ended.set_result(status)


def nurse() -> None:
    """The nursery's own program: forks for every line of standard input, tells who was born and who ended."""
    for module in (
        "services.__main__",
        "shared.eventlog.kafka",
        "shared.eventlog.table",
        "uvloop",
        "httptools",
    ):
        importlib.import_module(module)
    catalogue.load()
    gc.collect()
    gc.freeze()
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.01)
        if ready:
            line = sys.stdin.readline()
            if not line:
                return
            pid = os.fork()
            if pid == 0:
                _live(json.loads(line))
            print(json.dumps([pid, None]), flush=True)
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                print(json.dumps([pid, os.waitstatus_to_exitcode(status)]), flush=True)


def _live(wanted: Mapping[str, Any]) -> NoReturn:
    from services.__main__ import main

    status: object = 1
    try:
        _end_with_parent()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        for name, descriptor in (("out", 1), ("err", 2)):
            file = os.open(wanted[name], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.dup2(file, descriptor)
            os.close(file)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        sys.argv = ["redress", *wanted["arguments"]]
        main()
        status = 0
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1)


def _end_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_ENDS_WITH_ITS_PARENT, signal.SIGKILL)


NURSERY = Nursery()
"""Of this process; whoever has used it closes it at the end."""


class Fleet:
    """Children by name. One that dies at an armed failpoint is started again; any other end is a failure."""

    def __init__(self, folder: Path, begin: Begin) -> None:
        self._begin = begin
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.children: dict[str, Child] = {}
        self.deaths: list[Death] = []
        self.failure: ChildFailed | None = None
        self._watchers: dict[str, asyncio.Task[None]] = {}

    def add(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
        child = Child(name, tuple(arguments), environment, self.folder / f"{name}.log", self._begin)
        self.children[name] = child
        return child

    async def start(self, names: Iterable[str] | None = None) -> None:
        """Start children (all that are not running) and wait until each answers that it is ready."""
        chosen = [self.children[name] for name in names or self.children]
        chosen = [child for child in chosen if not child.wanted]
        for child in chosen:
            child.wanted = True
            await child.start()
            self._watchers[child.name] = asyncio.create_task(self._watch(child), name=f"watch {child.name}")
        await asyncio.gather(*(self.ready(child.name) for child in chosen))

    async def ready(self, name: str, within: float = 60.0) -> None:
        """Wait until the child answers /readyz with 200."""
        url = f"http://127.0.0.1:{self.children[name].environment['REDRESS_PORT']}/readyz"
        async with httpx.AsyncClient(timeout=5) as client:

            async def answers() -> bool:
                self.check()
                with contextlib.suppress(httpx.HTTPError):
                    return (await client.get(url)).status_code == 200
                return False

            await eventually(answers, within, f"{name} to be ready:\n{self.children[name].tail()}")

    async def stop(self, names: Iterable[str] | None = None) -> None:
        """SIGTERM, and wait for the clean end; a child that does not end in 30 s is killed and is a failure."""
        chosen = [self.children[name] for name in names or self.children]
        for child in chosen:
            child.wanted = False
            if child.process is not None and child.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.process.terminate()
        for child in chosen:
            if child.process is None:
                continue
            try:
                async with asyncio.timeout(30):
                    status = await child.process.wait()
            except TimeoutError:
                child.process.kill()
                await child.process.wait()
                self._fail(child, "did not end within 30 s after SIGTERM")
            else:
                if status != 0 and not (status == -signal.SIGKILL and child.armed):
                    self._fail(child, f"ended with status {status} after SIGTERM")
            watcher = self._watchers.pop(child.name, None)
            if watcher is not None:
                await watcher

    async def kill(self, name: str) -> None:
        """kill -9; it is started again at once, with its next failpoint if there is one."""
        child = self.children[name]
        assert child.process is not None
        child.armed = child.armed or "kill"
        with contextlib.suppress(ProcessLookupError):
            child.process.kill()

    def check(self) -> None:
        """Raises ChildFailed if a child ended in a way that nobody asked for."""
        if self.failure is not None:
            raise self.failure

    @property
    def still_armed(self) -> list[str]:
        """Failpoints that no child has died at yet."""
        return [
            p for c in self.children.values() for p in ([c.armed] if c.armed else []) + list(c.failpoints)
        ]

    async def _watch(self, child: Child) -> None:
        while True:
            assert child.process is not None
            status = await child.process.wait()
            if not child.wanted:
                return
            if status != -signal.SIGKILL or not child.armed:
                self._fail(child, f"ended by itself with status {status}")
                return
            self.deaths.append(Death(child.name, child.armed))
            await child.start()
            if not child.wanted:  # told to stop meanwhile
                child.process.terminate()

    def _fail(self, child: Child, what: str) -> None:
        self.failure = ChildFailed(f"{child.name} {what}. The end of its log:\n{child.tail()}")


@asynccontextmanager
async def open_fleet(folder: Path, *, forked: bool = True) -> AsyncIterator[Fleet]:
    """An empty fleet; on leaving, all of it is stopped, and must have been well. Not `forked`: as a shell would."""
    fleet = Fleet(folder, NURSERY.begin if forked else _execute)
    try:
        yield fleet
    finally:
        await fleet.stop()
    fleet.check()


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def environment_for(
    database_url: str | None, data_dir: Path, port: int | None = None, **settings: str
) -> dict[str, str]:
    """What a child needs; `settings` are names without `REDRESS_`, in any case."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    given = {
        "data_dir": str(data_dir),
        "secret": SECRET,
        "port": str(port or free_port()),
        "poll_interval": "0.2",
        "rate_limit": "1000000/second",
        "rate_limit_anonymous": "1000000/second",
        "tracking_attempts": "1000000/second",
        "allow_private_targets": "true",
        "database_pool_size": "4",
        "log_format": "text",
        **({"database_url": database_url} if database_url else {}),
        **settings,
    }
    return clean | {f"REDRESS_{name.upper()}": value for name, value in given.items()}


def one_process(fleet: Fleet, database_url: str, data_dir: Path, **settings: str) -> dict[str, str]:
    """All five services in one child, named `all`; returns where each service answers."""
    port = free_port()
    environment = environment_for(
        database_url, data_dir, port, public_url=f"http://127.0.0.1:{port}", **settings
    )
    fleet.add("all", ["serve", *catalogue.NAMES], environment)
    return dict.fromkeys(catalogue.NAMES, f"http://127.0.0.1:{port}")


def five_processes(fleet: Fleet, database_url: str, data_dir: Path, **settings: str) -> dict[str, str]:
    """One child for each service; returns where each answers."""
    ports = {name: free_port() for name in catalogue.NAMES}
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    given = {"service_urls": json.dumps(urls), "public_url": urls["intake"], **settings}
    for name, port in ports.items():
        fleet.add(name, ["serve", name], environment_for(database_url, data_dir, port, **given))
    return urls


async def run_redress(
    *arguments: str, environment: Mapping[str, str], within: float = 120.0
) -> tuple[int, str, str]:
    """Run one `redress` command to its end: status, standard output, standard error."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = await NURSERY.begin(arguments, environment, out, err)
        try:
            async with asyncio.timeout(within):
                status = await process.wait()
        except TimeoutError:
            process.kill()
            raise
        return status, _text(out), _text(err)


def _text(file: Path) -> str:
    return file.read_text(errors="replace")


if __name__ == "__main__":
    nurse()
