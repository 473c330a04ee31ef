"""The scanner against the real ClamAV daemon, with one signature of its own: EICAR's test file."""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import AsyncIterator

import pytest

from services.intake.attachments.scanner import ClamAV, ScanFailed
from tests.fleet import free_port
from tests.services.clamd import EICAR
from tests.services.clamd import clamd as plain_clamd
from tests.world import eventually

pytestmark = pytest.mark.slow

CLAMD = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
LIMIT = 2_000_000


async def chunks(content: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.fixture(scope="module")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    if CLAMD is None:
        pytest.skip("there is no clamd on this machine (Debian: clamav-daemon)")
    folder, port = tmp_path_factory.mktemp("clamd"), free_port()
    folder.chmod(0o755)
    (folder / "test.hdb").write_text(f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Eicar-Test-Signature\n")
    config = folder / "clamd.conf"
    config.write_text(
        f"TCPSocket {port}\nTCPAddr 127.0.0.1\nDatabaseDirectory {folder}\nForeground yes\n"
        f"StreamMaxLength {LIMIT}\n"
    )
    log = folder / "log"
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(CLAMD, "-c", str(config), stdout=said, stderr=said)
    try:

        async def listens() -> bool:
            assert process.returncode is None, log.read_text()
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return True
            return False

        await eventually(listens, 60, "clamd to listen")
        yield f"tcp://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture(params=["clamd itself", "the one that the other tests use"])
async def url(request: pytest.FixtureRequest, daemon: str) -> AsyncIterator[str]:
    if request.param == "clamd itself":
        yield daemon
        return
    async with plain_clamd() as scanner:
        scanner.limit = LIMIT
        yield scanner.url


@pytest.mark.requirement("P-05")
async def test_the_daemon_tells_clean_from_infected(url: str) -> None:
    scanner = ClamAV(url)
    assert await scanner.scan(chunks(b"harmless " * 100_000)) is None
    assert await scanner.scan(chunks(EICAR)) in ("Eicar-Test-Signature.UNOFFICIAL", "Eicar-Test-Signature")


@pytest.mark.requirement("P-05")
async def test_what_is_longer_than_the_daemon_takes_has_no_verdict(url: str) -> None:
    with pytest.raises(ScanFailed):
        await ClamAV(url).scan(chunks(bytes(20 * LIMIT)))


async def test_a_daemon_that_says_nothing_is_not_waited_for_for_ever() -> None:
    async with plain_clamd() as scanner:
        scanner.answers = False
        with pytest.raises(ScanFailed, match="without an answer"):
            await ClamAV(scanner.url).scan(chunks(b"x"))

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ScanFailed, match="no answer within"):
            await ClamAV(f"tcp://127.0.0.1:{port}", seconds=0.2).scan(chunks(b"x"))
