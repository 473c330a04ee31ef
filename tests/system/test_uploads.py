"""Uploads into a process as it really runs: cut off on the wire, killed half-way, larger than its memory grows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from shared.database import Database
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.fleet import Fleet, one_process, open_fleet
from tests.unit.test_attachments import picture
from tests.world import TOLD, eventually

pytestmark = pytest.mark.slow

JPEG = picture("JPEG")
MIB = 1024 * 1024


class Target:
    """A running process, a complaint in it, and what its storage and its table of uploads hold."""

    def __init__(self, fleet: Fleet, base: str, url: str, folder: Path, key: str) -> None:
        self.fleet, self.base, self.folder = fleet, base, folder
        self.database = Database(url, "intake")
        self.headers = {"Authorization": f"Bearer {key}"}
        self.path = ""

    async def register(self) -> None:
        async with httpx.AsyncClient(base_url=self.base, headers=self.headers) as http:
            told = (await http.post("/intake/v1/complaints", json=TOLD)).json()
        self.path = f"/intake/v1/complaints/{told['id']}/attachments"

    async def uploads(self) -> int:
        async with self.database.reading() as connection:
            return int((await connection.execute(text("SELECT count(*) FROM uploads"))).scalar_one())

    def files(self) -> list[str]:
        return [p.name for p in self.folder.rglob("*") if p.is_file()]

    async def half_an_upload(self) -> asyncio.StreamWriter:
        """Announce a megabyte, send a part of it, and wait until it is on disk."""
        host, port = self.base.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"POST {self.path} HTTP/1.1\r\nHost: x\r\nAuthorization: {self.headers['Authorization']}\r\n"
        writer.write(f"{head}Content-Type: image/jpeg\r\nContent-Length: {MIB}\r\n\r\n".encode())
        writer.write(JPEG + bytes(100_000))
        await writer.drain()

        async def arrived() -> bool:
            return await self.uploads() == 1 and len(self.files()) == 1

        await eventually(arrived, what="the first half")
        return writer

    async def nothing_left(self) -> bool:
        return await self.uploads() == 0 and not self.files()


@pytest.fixture
async def target(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Target]:
    url = await new_database()
    async with open_fleet(tmp_path / "fleet") as fleet:
        settings = {"attachments_url": (tmp_path / "kept").as_uri(), "attachment_limit": str(200 * MIB)}
        where = one_process(fleet, url, tmp_path / "data", **settings)
        await fleet.start()
        target = Target(
            fleet, where["intake"], url, tmp_path / "kept", await create_key(url, "up", ["admin"])
        )
        await target.register()
        yield target
        await target.database.close()


@pytest.mark.requirement("P-05")
async def test_a_caller_who_hangs_up_leaves_nothing(target: Target) -> None:
    writer = await target.half_an_upload()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    await eventually(target.nothing_left, what="the half to be removed")
    said = target.fleet.children["all"].tail(200)
    assert "failed" not in said, "a caller's hanging up is no fault of ours"


@pytest.mark.requirement("P-05", "N-A")
async def test_killed_half_way_the_rest_is_swept_up_after_the_start(target: Target) -> None:
    writer = await target.half_an_upload()
    process = target.fleet.children["all"].process
    await target.fleet.kill("all")
    assert process is not None
    await process.wait()
    writer.close()
    assert await target.uploads() == 1
    async with target.database.transaction() as transaction:  # an hour passes
        await transaction.execute(text("UPDATE uploads SET started_at = started_at - interval '2 hours'"))
    await target.fleet.ready("all")
    await eventually(target.nothing_left, 90, "the sweeper")


@pytest.mark.requirement("P-05")
async def test_a_file_is_never_whole_in_memory(target: Target) -> None:
    """As a form and as a body; up and down again."""
    size = 120 * MIB
    child = target.fleet.children["all"]

    def peak() -> int:
        """Bytes, Linux's VmHWM."""
        assert child.process is not None
        status = Path(f"/proc/{child.process.pid}/status").read_text()  # type: ignore[attr-defined]
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    async def content(before: bytes = b"", after: bytes = b"") -> AsyncIterator[bytes]:
        yield before + JPEG
        for _ in range(size // MIB):
            yield bytes(MIB)
        yield after

    async with httpx.AsyncClient(base_url=target.base, headers=target.headers, timeout=120) as http:
        warm = await http.post(target.path, content=JPEG)
        assert warm.status_code == 201
        before = peak()
        part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        answers = [
            await http.post(target.path, content=content(part, b"\r\n--b--\r\n"), headers=form),
            await http.post(target.path, content=content()),
        ]
        assert [a.status_code for a in answers] == [201, 201], [a.text for a in answers]
        assert {a.json()["size"] for a in answers} == {size + len(JPEG)}
        got = 0
        content_of = f"{target.path}/{answers[0].json()['id']}/content"
        async with http.stream("GET", content_of, headers={"X-Purpose": "to measure memory"}) as answer:
            assert answer.status_code == 200
            async for chunk in answer.aiter_bytes():
                got += len(chunk)
        assert got == size + len(JPEG)
    grown = peak() - before
    assert grown < size / 3, f"{grown / MIB:.0f} MiB more at the peak"
