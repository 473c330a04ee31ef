"""A file on its way in over HTTP: as the whole body, or as the part `file` of a form. Nothing is held in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from shared.problems import Problem

ENVELOPE = 16 * 1024
"""Bytes that a form may need around the file."""
HEADERS = 4096
"""Bytes of the headers of a part."""


@dataclass(frozen=True, slots=True)
class Incoming:
    name: str | None
    declared_type: str | None
    chunks: AsyncIterator[bytes]
    """Raises a Problem where the body turns out to be broken or cut off."""


def _malformed(detail: str, field: str = "body") -> Problem:
    chinese = "上传内容无法读取,请用表单字段 file 上传一个文件,或直接以请求正文上传。"
    return Problem(422, "malformed-upload", "The upload cannot be read", f"{detail} {chinese}", field=field)


def _incomplete() -> Problem:
    return Problem(
        400,
        "upload-incomplete",
        "The upload is incomplete",
        "The body ended before the file did. Send it again. 文件没有上传完整,请重新上传。",
        field="body",
    )


async def incoming(request: Request, name: str | None) -> Incoming:
    """The file that a request brings; `name` counts more than the one in the form. Raises Problem."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Problem(
            415,
            "unsupported-encoding",
            "Compressed uploads are not taken",
            "Send the file as it is, without Content-Encoding. 请直接上传原文件。",
            field="header/Content-Encoding",
        )
    declared = request.headers.get("content-type")
    kind, options = parse_options_header(declared)
    if kind != b"multipart/form-data":
        return Incoming(name, _media_type(declared), _body(request))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _malformed("The Content-Type of a form names its boundary.", "header/Content-Type")
    try:
        form = _Form(boundary, _body(request))
    except FormParserError:
        raise _malformed("The boundary is too long.", "header/Content-Type") from None
    await form.reach_file()
    return Incoming(name or form.name, form.declared_type, form.chunks())


async def _body(request: Request) -> AsyncIterator[bytes]:
    declared, read = request.headers.get("content-length", ""), 0
    try:
        async for chunk in request.stream():
            read += len(chunk)
            yield chunk
    except ClientDisconnect:
        raise _incomplete() from None
    if declared.isdigit() and int(declared) != read:
        raise _incomplete()


class _Form:
    """A form with one part, `file`; anything else in it is refused."""

    def __init__(self, boundary: bytes, body: AsyncIterator[bytes]) -> None:
        self.name: str | None = None
        self.declared_type: str | None = None
        self._body = body
        self._headers: dict[str, bytes] = {}
        self._field, self._value = b"", b""
        self._arrived: list[bytes] = []
        self._reached = self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_begin": self._header_begins,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._part,
                "on_part_data": self._data,
                "on_end": self._end,
            },
            max_header_size=HEADERS,
        )

    async def reach_file(self) -> None:
        while not self._reached:
            await self._read_on()

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            arrived, self._arrived = self._arrived, []
            for chunk in arrived:
                yield chunk
            if self._ended:
                async for _ in self._body:  # what stands behind the form is nobody's business
                    pass
                return
            await self._read_on()

    async def _read_on(self) -> None:
        chunk = await anext(self._body, None)
        if chunk is None:
            raise _incomplete()
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _malformed(
                "It is not the form that its Content-Type announces. Send the file in a part `file`, or send it "
                "as the body."
            ) from None
        if self._ended and not self._reached:
            raise _malformed("The form has no part `file`.", "body/file")

    def _header_begins(self) -> None:
        self._field, self._value = b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value

    def _part(self) -> None:
        headers, self._headers = self._headers, {}
        # Browsers send names in UTF-8; the parser takes the bytes for Latin-1, and gives them back as such.
        _, options = parse_options_header(headers.get("content-disposition", b"").decode("latin-1"))
        field = options.get(b"name", b"").decode("utf-8", "replace")
        if field != "file" or self._reached:
            raise _malformed(
                "A form brings one file, in the part `file`. Everything else is said in the query.",
                "body/file",
            )
        self._reached = True
        self.name = options[b"filename"].decode("utf-8", "replace") if b"filename" in options else None
        self.declared_type = _media_type(headers.get("content-type", b"").decode("latin-1"))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._arrived.append(data[start:end])

    def _end(self) -> None:
        self._ended = True


def _media_type(declared: str | None) -> str | None:
    """The bare type, bounded and in plain characters; it is recorded as what the sender said, no more."""
    bare = (declared or "").partition(";")[0].strip().lower()[:100]
    return bare if bare and bare.isascii() and bare.isprintable() else None
