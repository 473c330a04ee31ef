"""Malware scanning by ClamAV's daemon, over TCP, by its INSTREAM command.

`zINSTREAM`, then chunks of a length (four bytes, big-endian) and so many bytes, an empty one for the end; the
answer is `stream: OK`, `stream: <signature> FOUND` or `... ERROR`. (clamd's manual, section COMMANDS)
"""

import asyncio
from collections.abc import AsyncIterable
from contextlib import suppress
from urllib.parse import urlsplit

PORT = 3310
SECONDS = 120.0
"""Within which one file must be scanned."""
_ANSWER_LIMIT = 4096


class ScanFailed(OSError):
    """The scanner gave no verdict. The file stays in quarantine, and is scanned again later."""


class ClamAV:
    """A clamd at `tcp://host:port`. Its StreamMaxLength must not be less than `attachment_limit`."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or PORT
        self._seconds = seconds

    async def scan(self, chunks: AsyncIterable[bytes]) -> str | None:
        """The name of what was found; None when the file is clean. Raises ScanFailed."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._ask(chunks)
        except TimeoutError:
            raise ScanFailed(f"no answer within {self._seconds:g} s") from None
        except ConnectionError as error:
            raise ScanFailed(type(error).__name__) from None
        verdict = answer.removeprefix("stream: ")
        if verdict == "OK":
            return None
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")
        raise ScanFailed(answer or "the connection ended without an answer")

    async def _ask(self, chunks: AsyncIterable[bytes]) -> str:
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=_ANSWER_LIMIT)
        try:
            with suppress(ConnectionError):  # it stops listening when it has enough, and its answer says why
                writer.write(b"zINSTREAM\0")
                async for chunk in chunks:
                    writer.write(len(chunk).to_bytes(4) + chunk)
                    await writer.drain()
                writer.write(bytes(4))
                await writer.drain()
            answer = await reader.read(_ANSWER_LIMIT)
            while answer and not answer.endswith(b"\0") and len(answer) < _ANSWER_LIMIT:
                more = await reader.read(_ANSWER_LIMIT)
                if not more:
                    break
                answer += more
            return answer.rstrip(b"\0\n").decode("utf-8", "replace")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
