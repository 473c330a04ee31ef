"""A file while it arrives: its size, its hash, how it is encoded; and what is refused before it is whole."""

import codecs
import hashlib
from collections.abc import AsyncIterable, AsyncIterator

from shared.problems import Problem

LINES_LIMIT = 2_000_000
_LINE = 1024 * 1024
"""Bytes without a line break that are looked at together."""
_NO_TEXT = (
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b",
    b"%PDF",
)


class Arriving:
    """Raises Problem as soon as it is clear that the file will not be taken."""

    def __init__(self, stream: AsyncIterable[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.size = 0
        self.digest = hashlib.sha256()
        self.lines = 0
        self._rest = b""
        self._votes = {True: 0, False: 0}
        """Lines that are not ASCII: are they UTF-8?"""

    @property
    def encoding(self) -> str:
        """GB18030 if most lines cannot be UTF-8: one broken line must not turn all others into nonsense."""
        return "gb18030" if self._votes[False] > self._votes[True] else "utf-8"

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            if not chunk:
                continue
            if not self.size and chunk.startswith(_NO_TEXT):
                raise _no_text()
            self.size += len(chunk)
            if self.size > self._limit:
                raise _too_large(f"At most {self._limit} bytes", f"文件不得超过 {self._limit} 字节")
            self.lines += chunk.count(b"\n")
            if self.lines > LINES_LIMIT:
                raise _too_large(f"At most {LINES_LIMIT} lines", f"文件不得超过 {LINES_LIMIT} 行")
            self.digest.update(chunk)
            self._look_at(chunk)
            yield chunk
        self._vote(self._rest)
        if not self.size:
            raise Problem(
                422,
                "empty-file",
                "The file is empty",
                "Choose the file again. 文件为空,请重新选择。",
                field="body/file",
            )

    def _look_at(self, chunk: bytes) -> None:
        if chunk.isascii() and self._rest.isascii():
            self._rest = b""
            return
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            self._vote(line)
        if len(self._rest) > _LINE:
            self._vote(self._rest)
            self._rest = b""

    def _vote(self, line: bytes) -> None:
        if line.isascii():
            return
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            self._votes[False] += 1
        else:
            self._votes[True] += 1


def _no_text() -> Problem:
    return Problem(
        415,
        "unsupported-content",
        "The file is not text",
        "Save it as CSV (UTF-8), and send that. 请另存为 CSV(UTF-8)格式后上传。",
        field="body/file",
    )


def _too_large(english: str, chinese: str) -> Problem:
    return Problem(
        413,
        "import-too-large",
        "The file is too large",
        f"{english} are taken in one file; part it. {chinese},请拆分后上传。",
        field="body/file",
    )
