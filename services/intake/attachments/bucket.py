"""Attachments in a bucket of an S3-compatible store."""

from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from services.intake.attachments.storage import CHUNK

if TYPE_CHECKING:
    from obstore import GetOptions  # exists for type checkers only

PART = 5 * 1024 * 1024
"""Bytes of one part: the least that S3 takes. At most two of them are in memory."""


class BucketUnreachable(OSError):
    """The bucket did not do what it was asked. Look at REDRESS_ATTACHMENTS_URL and _OPTIONS, and at the store."""


class Bucket:
    """`s3://bucket/prefix`, with the options of obstore's S3Store (endpoint, region, access_key_id ...)."""

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        plain = options.get("endpoint", "").startswith("http://")
        self._store = S3Store.from_url(
            url,
            config=dict(options),  # type: ignore[arg-type]  # the names come from the settings
            client_options={"allow_http": plain},
            retry_config={"max_retries": 3},
        )

    async def put(self, path: str, chunks: AsyncIterable[bytes]) -> None:
        with _told():
            await obstore.put_async(self._store, path, _plain(chunks), chunk_size=PART, max_concurrency=1)

    async def get(self, path: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        options: GetOptions = {}
        if start or stop is not None:
            options["range"] = (start, stop) if stop is not None else {"offset": start}
        with _told():
            found = await obstore.get_async(self._store, path, options=options)
        return _read(found.stream(min_chunk_size=CHUNK))

    async def remove(self, path: str) -> None:
        with _told():
            try:
                await obstore.delete_async(self._store, path)
            except FileNotFoundError:  # some stores tell, S3 does not
                return


async def _plain(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield chunk


async def _read(stream: AsyncIterable[Any]) -> AsyncIterator[bytes]:
    with _told():
        async for chunk in stream:
            yield bytes(chunk)


@contextmanager
def _told() -> Iterator[None]:
    """obstore's errors as OSError, without the request and its answer, which they would show."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, PermissionError) as error:
        raise BucketUnreachable(type(error).__name__) from None
