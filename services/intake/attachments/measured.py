"""A file while it passes: what it is, how large, its hash; and what is refused before it has passed whole."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator

from services.intake.attachments import content
from shared.problems import Problem


class Measured:
    """A file while it passes: its type by its first bytes, its size, its hash. Raises Problem as soon as it is
    clear that it will not be taken."""

    def __init__(self, stream: AsyncIterable[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.size = 0
        self.digest = hashlib.sha256()
        self.media_type = ""

    async def chunks(self) -> AsyncIterator[bytes]:
        head = b""
        async for chunk in self._stream:
            if not chunk:
                continue
            self.size += len(chunk)
            if self.size > self._limit:
                raise _too_large(self._limit)
            self.digest.update(chunk)
            if self.media_type:
                yield chunk
                continue
            head += chunk
            if len(head) >= content.HEAD:
                self.media_type = _taken(head)
                yield head
        if not self.size:
            raise _empty()
        if not self.media_type:
            self.media_type = _taken(head)
            yield head


def _taken(head: bytes) -> str:
    found = content.detected(head[: content.HEAD])
    if found in content.EXTENSIONS:
        return found
    raise Problem(
        415,
        "unsupported-content",
        "Files of this kind are not taken",
        f"By its content the file is {found or 'of an unknown type'}, whatever its name says. Send a picture, a "
        "PDF, an Office document, sound, video or plain text. 不支持此类文件,请上传图片、PDF、Office 文档、"
        "音频、视频或纯文本。",
        field="body/file",
        detected=found,
    )


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "attachment-too-large",
        "The file is too large",
        f"At most {limit} bytes are taken in one file. 文件过大,单个文件不得超过 {limit} 字节。",
        field="body/file",
    )


def _empty() -> Problem:
    return Problem(
        422,
        "empty-file",
        "The file is empty",
        "Choose the file again. 文件为空,请重新选择。",
        field="body/file",
    )
