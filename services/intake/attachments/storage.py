"""Where the bytes of attachments are: a local folder, or a bucket of any S3-compatible store (`bucket.py`)."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, ParamSpec, Protocol, TypeVar

from shared.config import Settings
from shared.database import uninterrupted

P = ParamSpec("P")
T = TypeVar("T")

CHUNK = 256 * 1024
"""Bytes that are read at once."""


class Storage(Protocol):
    """Files by path. A file is there whole and for good, or it is not there.

    What raises OSError is trouble of the surroundings: the same call may succeed later.
    """

    async def put(self, path: str, chunks: AsyncIterable[bytes]) -> None:
        """Durable when it returns. When it raises, also what `chunks` raises, no file is there."""
        ...

    async def get(self, path: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `stop`. Raises FileNotFoundError before the first one."""
        ...

    async def remove(self, path: str) -> None:
        """Also what an interrupted `put` may have left. Nothing happens when there is no such file."""
        ...


def open_storage(settings: Settings) -> Storage:
    """The storage that the settings name. Connects to nothing yet."""
    url = settings.attachments_url
    if url is None:
        return Folder(settings.data_dir / "attachments")
    if url.startswith("s3://"):
        from services.intake.attachments.bucket import Bucket

        options = {name: secret.get_secret_value() for name, secret in settings.attachments_options.items()}
        return Bucket(url, options)
    return Folder(Path(url.removeprefix("file://")))


class Folder:
    """A folder on this machine, or one that all machines see. Readable by its owner only."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, path: str, chunks: AsyncIterable[bytes]) -> None:
        target = self._root / path
        opened: list[BinaryIO] = []  # also when we are cancelled while it is opened
        try:
            await _in_thread(lambda: opened.append(_create(target)))
            async for chunk in chunks:
                await _in_thread(opened[0].write, chunk)
            await _in_thread(_settle, opened[0], target)
        except BaseException:
            for file in opened:
                file.close()
            _part(target).unlink(missing_ok=True)
            raise

    async def get(self, path: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        await asyncio.to_thread((self._root / path).stat)
        return _read(self._root / path, start, stop)

    async def remove(self, path: str) -> None:
        target = self._root / path
        for file in (_part(target), target):
            await asyncio.to_thread(file.unlink, missing_ok=True)


async def _in_thread(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """A thread cannot be cancelled: what it does must be done before anybody cleans up behind it."""
    return await uninterrupted(asyncio.to_thread(work, *arguments, **named))


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _create(target: Path) -> BinaryIO:
    _make(target.parent)
    descriptor = os.open(_part(target), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "wb", buffering=0)


def _settle(file: BinaryIO, target: Path) -> None:
    """Make the bytes durable first and their name after them, so that the name never shows half of a file."""
    os.fsync(file.fileno())
    file.close()
    _part(target).rename(target)
    _sync(target.parent)


def _make(folder: Path) -> None:
    """The folder, and those above it, durably."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _read(path: Path, start: int, stop: int | None) -> AsyncIterator[bytes]:
    """Opens it when the first bytes are wanted: whoever never wants them leaves no open file behind."""
    opened: list[BinaryIO] = []  # also when we are cancelled while it is opened
    try:
        await _in_thread(lambda: opened.append(path.open("rb")))
        [file] = opened
        file.seek(start)
        left = stop - start if stop is not None else None
        while left is None or left > 0:
            chunk = await _in_thread(file.read, CHUNK if left is None else min(CHUNK, left))
            if not chunk:
                return
            left = left - len(chunk) if left is not None else None
            yield chunk
    finally:
        for file in opened:
            file.close()
