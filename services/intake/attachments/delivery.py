"""Handing a file out: always as a download, never as something that a browser would show or run."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse

from services.intake.attachments import thumbnails
from services.intake.attachments.model import Attachment, path_of, thumbnail_path
from services.intake.attachments.storage import Storage
from shared import problems
from shared.events.vocabulary import Scan
from shared.problems import Problem

HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Even on a browser that ignores one of them the content stays without effect and without traces."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def disposition(name: str) -> str:
    """Content-Disposition with the name twice: in ASCII for old clients, as it is by RFC 5987 for the others."""
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def check_served(attachment: Attachment) -> None:
    """Raises a 409 problem that tells why the file is not handed out."""
    if attachment.served:
        return
    infected = attachment.scan is Scan.INFECTED
    raise problems.conflict(
        "The file is infected and is not handed out. 文件含有病毒,不能下载。"
        if infected
        else "The file has not been scanned yet. 文件正在进行安全检查。",
        "Ask the sender for a clean one. 请让对方重新提供。"
        if infected
        else "It is in quarantine until the scanner has found it clean. Try again in a moment. 请稍后再试。",
        code="infected" if infected else "in-quarantine",
        scan=attachment.scan.value,
    )


async def download(
    storage: Storage, attachment: Attachment, wanted: str | None, unless: str | None
) -> Response:
    """The file, or one range of it (`wanted`, RFC 9110; `unless` is If-Range). Raises Problem."""
    check_served(attachment)
    tag = f'"{attachment.sha256.hex()}"'
    headers = HARMLESS | {
        "Content-Disposition": disposition(attachment.name),
        "ETag": tag,
        "Accept-Ranges": "bytes",
    }
    start, stop = 0, attachment.size
    status = 200
    if wanted is not None and (unless is None or unless.strip() == tag):
        part = _range(wanted, attachment.size)
        if part is not None:
            start, stop = part
            status = 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{attachment.size}"
    headers["Content-Length"] = str(stop - start)
    chunks = await _opened(storage, path_of(attachment.id), start, stop)
    return StreamingResponse(chunks, status, headers, attachment.media_type)


async def picture(storage: Storage, attachment: Attachment) -> Response:
    """The thumbnail. Raises Problem."""
    check_served(attachment)
    if not attachment.thumbnail:
        raise problems.not_found("thumbnail", "path/attachment_id")
    chunks = await _opened(storage, thumbnail_path(attachment.id), 0, None)
    return StreamingResponse(chunks, 200, HARMLESS, thumbnails.MEDIA_TYPE)


async def _opened(storage: Storage, path: str, start: int, stop: int | None) -> AsyncIterator[bytes]:
    try:
        return await storage.get(path, start, stop)
    except FileNotFoundError:
        raise Problem(
            410,
            "content-gone",
            "The content of this file is gone",
            "It is recorded, but the storage does not have it; an operator must restore it. "
            "文件内容已丢失,请联系管理员。",
            field="path/attachment_id",
        ) from None


def _range(wanted: str, size: int) -> tuple[int, int] | None:
    """Start and stop of a single range; None for whatever else, which asks for nothing special."""
    match = _RANGE.fullmatch(wanted.strip().lower())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < int(first):
        return None
    if start >= size or stop <= start:
        raise Problem(
            416,
            "range-not-satisfiable",
            "The file has no such range",
            f"It has {size} bytes. 文件共 {size} 字节。",
            field="header/Range",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, stop
