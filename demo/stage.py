"""The stage: a whole Redress as `redress up` starts it, in a folder of its own that is gone afterwards."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from services.launch import CannotStart
from shared.config import Settings
from shared.keys import create_key
from shared.postgres import PrivatePostgres

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
"""Seconds that anything may take before the demo gives it up."""

# Ends Redress when the demo ends, however it ends: its standard input closes then.
_WATCHER = 'read -r word || kill -TERM "$0"'


class Vain(Exception):
    """Something did not happen in time."""


async def eventually(
    condition: Callable[[], Awaitable[T]], what: str, within: float = PATIENCE, pause: float = 0.05
) -> T:
    """The first true value of the condition. Raises Vain, naming it, when there is none in time."""
    end = asyncio.get_running_loop().time() + within
    while not (value := await condition()):
        if asyncio.get_running_loop().time() > end:
            raise Vain(f"waited {within:.0f} s in vain for {what}")
        await asyncio.sleep(pause)
    return value


@dataclass
class Stage:
    url: str
    database_url: str
    log: Path
    """What the services logged: warnings and worse."""

    def warnings(self) -> list[str]:
        """What the services logged, but for the launcher's own news."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return [line for line in lines if " services.launch: " not in line]

    async def key(self, name: str, *scopes: str) -> str:
        """An API key that may do this and nothing else."""
        return await create_key(self.database_url, f"demo: {name}", scopes)


@asynccontextmanager
async def opened(settings: Settings, smtp_port: int | None) -> AsyncIterator[Stage]:
    """Redress, started and ready. Raises CannotStart."""
    # PostgreSQL does not run as root, so its user must be let in; only `data` below is Redress's own.
    root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="redress-demo-", dir="/var/lib" if root else None))
    try:
        if root:
            await asyncio.to_thread(folder.chmod, 0o711)
        stage = Stage(
            f"http://127.0.0.1:{_free_port()}", PrivatePostgres(folder / "data").url, folder / "redress.log"
        )
        process, watcher = _start(
            stage, folder, _environment(settings, stage.url, folder / "data", smtp_port)
        )
        try:
            await _ready(stage, process)
            yield stage
        except httpx.TransportError as error:
            if process.poll() is None:
                raise
            raise CannotStart(f"The demo's Redress ended.\n{tail(stage.log)}") from error
        finally:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, 30)
            except subprocess.TimeoutExpired:
                process.kill()
            watcher.communicate(b"\n")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(
    stage: Stage, folder: Path, environment: dict[str, str]
) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    # In its own folder, so that no redress.toml of the user's is read.
    with stage.log.open("wb") as log:
        command = [sys.executable, "-m", "services", "up"]
        process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    watch = ["/bin/sh", "-c", _WATCHER, str(process.pid)]
    return process, subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603


def _environment(settings: Settings, url: str, data_dir: Path, smtp_port: int | None) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    return plain | {
        "PYTHONPATH": str(ROOT),
        "REDRESS_DATA_DIR": str(data_dir),
        "REDRESS_PORT": url.rpartition(":")[2],
        "REDRESS_PUBLIC_URL": url,
        "REDRESS_ORGANISATION": settings.organisation,
        "REDRESS_TIME_ZONE": settings.time_zone,
        "REDRESS_LOG_FORMAT": "text",
        "REDRESS_LOG_LEVEL": "WARNING",
        "REDRESS_ALLOW_PRIVATE_TARGETS": "true",  # the webhook's receiver is on this machine
        "REDRESS_RATE_LIMIT": "1000000/second",  # all customers come from one address
        "REDRESS_RATE_LIMIT_ANONYMOUS": "1000000/second",
        **({"REDRESS_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}"} if smtp_port else {}),
    }


async def _ready(stage: Stage, process: subprocess.Popen[bytes]) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:

        async def answers() -> bool:
            if process.poll() is not None:
                raise CannotStart(f"The demo's Redress ended while starting.\n{tail(stage.log)}")
            try:
                return (await http.get(f"{stage.url}/readyz")).is_success
            except httpx.TransportError:
                return False

        try:
            await eventually(answers, "Redress to be ready", 180)
        except Vain as vain:
            raise CannotStart(f"The demo {vain}.\n{tail(stage.log)}") from None


def tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
