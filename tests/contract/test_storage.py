"""One contract, two storages: a folder, and a bucket of an S3-compatible server over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.intake.attachments.bucket import PART, Bucket, BucketUnreachable
from services.intake.attachments.storage import Folder, Storage, open_storage
from shared.config import Settings
from tests.conftest import NewDatabase
from tests.services.s3 import S3, s3_server
from tests.unit.test_attachments import picture
from tests.world import open_world

pytestmark = pytest.mark.slow

WHERE = "02/0190b7a4-0000-7000-8000-000000000002"
LARGE = bytes(range(256)) * (2 * PART // 256 + 1)
"""More than two parts."""


@pytest.fixture(scope="module")
async def s3() -> AsyncIterator[S3]:
    async with s3_server() as server:
        yield server


@dataclass
class Kept:
    storage: Storage
    folder: Path | None
    s3: S3 | None

    async def leftovers(self) -> list[str]:
        """Files and parts of files, whether the storage shows them or not."""
        if self.folder is not None:
            return [str(p) for p in self.folder.rglob("*") if p.is_file()]
        assert self.s3 is not None
        return [t for t in (await self.s3.text(), await self.s3.text("uploads")) if WHERE in t]


@pytest.fixture(params=["folder", "bucket"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path, s3: S3) -> AsyncIterator[Kept]:
    if request.param == "folder":
        yield Kept(Folder(tmp_path), tmp_path, None)
        return
    storage = Bucket(s3.url, s3.options)
    yield Kept(storage, None, s3)
    await storage.remove(WHERE)


async def chunks(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(storage: Storage, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in await storage.get(WHERE, start, stop)])


@pytest.mark.requirement("P-05")
@pytest.mark.parametrize("content", [b"x", b"some bytes", LARGE], ids=["one byte", "small", "several parts"])
async def test_what_goes_in_comes_out(kept: Kept, content: bytes) -> None:
    await kept.storage.put(WHERE, chunks(content))
    assert await read(kept.storage) == content
    await kept.storage.remove(WHERE)
    assert await kept.leftovers() == []
    with pytest.raises(FileNotFoundError):
        await kept.storage.get(WHERE)


async def test_a_part_can_be_read(kept: Kept) -> None:
    await kept.storage.put(WHERE, chunks(LARGE))
    assert await read(kept.storage, 1000, 1010) == LARGE[1000:1010]
    assert await read(kept.storage, len(LARGE) - 5) == LARGE[-5:]
    assert await read(kept.storage, PART - 5, PART + 500_000) == LARGE[PART - 5 : PART + 500_000]


async def test_removing_what_is_not_there_is_no_error(kept: Kept) -> None:
    await kept.storage.remove(WHERE)


@pytest.mark.requirement("P-05")
async def test_what_breaks_off_is_not_there(kept: Kept) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise KeyError("cut")

    with pytest.raises(KeyError):
        await kept.storage.put(WHERE, broken())
    with pytest.raises(FileNotFoundError):
        await kept.storage.get(WHERE)
    assert await kept.leftovers() == []


@pytest.mark.requirement("P-05")
async def test_who_is_cancelled_leaves_no_file(kept: Kept) -> None:
    under_way = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield LARGE
        under_way.set()
        await asyncio.Event().wait()

    putting = asyncio.create_task(kept.storage.put(WHERE, endless()))
    await under_way.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    with pytest.raises(FileNotFoundError):
        await kept.storage.get(WHERE)


async def test_a_bucket_that_is_not_there_is_trouble_of_the_surroundings(s3: S3) -> None:
    nowhere = Bucket(s3.url, s3.options | {"endpoint": "http://127.0.0.1:9"})
    for call in (nowhere.put(WHERE, chunks(b"x")), nowhere.get(WHERE), nowhere.remove(WHERE)):
        with pytest.raises(BucketUnreachable) as error:
            await call
        assert "tests" not in str(error.value), "no credentials in errors"


async def test_the_settings_choose_the_storage(tmp_path: Path, s3: S3) -> None:
    def chosen(**settings: object) -> Storage:
        return open_storage(Settings(data_dir=tmp_path, **settings))  # type: ignore[arg-type]

    for storage in (chosen(), chosen(attachments_url=f"file://{tmp_path}/there")):
        await storage.put(WHERE, chunks(b"x"))
    assert (tmp_path / "attachments" / WHERE).read_bytes() == b"x"
    assert (tmp_path / "there" / WHERE).read_bytes() == b"x"
    assert isinstance(chosen(attachments_url=s3.url, attachments_options=s3.options), Bucket)


@pytest.mark.requirement("P-05")
async def test_the_whole_way_through_a_bucket(s3: S3, new_database: NewDatabase, tmp_path: Path) -> None:
    settings = {"attachments_url": s3.url, "attachments_options": s3.options}
    async with open_world(await new_database(), tmp_path, ["intake"], **settings) as world:
        path = f"/intake/v1/complaints/{(await world.register())['id']}/attachments"
        content = picture("PNG", (300, 200)) + bytes(6_000_000)
        sent = await world.http.post(path, files={"file": ("a.png", content)})
        assert sent.status_code == 201, sent.text
        url = f"{path}/{sent.json()['id']}/content"
        assert (await world.http.get(url)).content == content
        part = await world.http.get(url, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, content[100:200])
        assert sent.json()["id"] in await s3.text()
        assert not any(tmp_path.iterdir()), "nothing of it is on this machine"  # noqa: ASYNC240 - one look
