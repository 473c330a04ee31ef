"""A raw mail taken apart: who, what, in answer to what, with which files. Pure, and bounded in every direction."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from typing import Any, cast

from services.intake.channels import headers
from services.intake.channels.headers import Part
from services.intake.channels.landing import File
from services.intake.channels.markup import as_text
from services.intake.channels.words import cleaned

HEADER_LIMIT = 256 * 1024
DEEPEST = 20
MOST_PARTS = 200
MOST_TEXT = 1_000_000
"""Characters of a mail's text that are read."""

_BOUNDARY = re.compile(rb"boundary[*0-9]*\s*=", re.IGNORECASE)
_NESTED = re.compile(rb"message/(?:rfc822|global|partial|external-body)", re.IGNORECASE)
_DASHES = re.compile(rb"[\r\n]--")
_HEAD_END = re.compile(rb"\r?\n\r?\n|\r\r")
_HEADER = re.compile(rb"^(?:from|to|subject|date|message-id|received|return-path)[ \t]*:", re.I | re.M)
_STATUS = re.compile(r"^Status:\s*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)


class Unreadable(ValueError):
    """It is no mail, or one that is built to break its reader."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.english, self.chinese = english, chinese


@dataclass(slots=True)
class Mail:
    """What is to be known of a mail. Addresses are in lower case."""

    top: Part = field(repr=False)
    message_id: str
    sender: str
    name: str
    subject: str
    sent_at: datetime | None
    answers: list[str]
    """Message ids that it says it answers."""
    text: str
    files: list[File]
    report: str | None = None
    """Kind of a multipart/report, such as `delivery-status`."""
    status: str | None = None
    """Status code of a delivery report, such as `5.1.1`."""
    reported: list[str] = field(default_factory=list)
    """Message ids of the mail that a report is about, and of what that one answered."""


def parsed(content: bytes) -> Mail:
    """Raises Unreadable."""
    _check(content)
    try:
        top = message_from_bytes(content, policy=policy.default)
        reading = _Reading()
        text = reading.read(top, 0)
    except Unreadable:
        raise
    except Exception:  # what the standard library raises on a hostile mail is not written down anywhere
        raise Unreadable("Its structure cannot be read.", "邮件结构无法解析。") from None
    name, sender = headers.address(top, "From")
    if re.match(r"(no|do.?not).?reply\b", sender) and headers.address(top, "Reply-To")[1]:
        name, sender = headers.address(top, "Reply-To")  # a form on a web site that mails what was typed
    return Mail(
        top=top,
        message_id=next(iter(headers.ids(top, "Message-ID")), ""),
        sender=sender,
        name=name,
        subject=headers.first(top, "Subject")[:500],
        sent_at=headers.date(top),
        answers=headers.ids(top, "In-Reply-To", "References"),
        text=cleaned(text[:MOST_TEXT]),
        files=reading.files,
        report=reading.report,
        status=reading.status,
        reported=reading.reported,
    )


def _check(content: bytes) -> None:
    """What would cost the parser its memory or its stack is refused before it begins."""
    end = _HEAD_END.search(content[: HEADER_LIMIT + 4])
    head = content[: end.start()] if end else content
    if len(head) > HEADER_LIMIT:
        raise Unreadable("Its headers are too long.", "邮件头过长。")
    if not _HEADER.search(head):
        raise Unreadable(
            "It has no headers of a mail: send it raw, as it arrived.", "没有邮件头，请提交原始邮件。"
        )
    counts = (
        (_BOUNDARY, 100),
        (_NESTED, 100),
        (_DASHES, 20_000),
    )
    for pattern, most in counts:
        if sum(1 for _ in pattern.finditer(content)) > most:
            raise Unreadable("It has too many parts.", "邮件部分过多。")


class _Reading:
    """One walk over the parts of a mail."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.report: str | None = None
        self.status: str | None = None
        self.reported: list[str] = []
        self._parts = 0

    def read(self, part: Part, depth: int) -> str:
        """The text of a part; files are put aside. Raises Unreadable."""
        self._parts += 1
        if depth > DEEPEST or self._parts > MOST_PARTS:
            raise Unreadable("Its parts are nested too deep, or too many.", "邮件嵌套过深或部分过多。")
        kind = part.get_content_type()
        if kind == "multipart/report":
            return self._read_report(part, depth)
        if kind == "multipart/alternative":
            return self._read_alternative(part, depth)
        if kind.startswith("multipart/"):
            if not part.is_multipart():  # it announces parts and has none
                return _text(part, "text/plain")
            texts = [self.read(each, depth + 1) for each in _children(part)]
            return "\n\n".join(text for text in texts if text.strip())
        name = _safely(part.get_filename)
        if kind in ("text/plain", "text/html") and not name and _disposition(part) != "attachment":
            return _text(part, kind)
        self._put_aside(part, kind, name)
        return ""

    def _read_alternative(self, part: Part, depth: int) -> str:
        """The plain text, unless it is blank; pictures of the other form are kept."""
        texts = [(each.get_content_type(), self.read(each, depth + 1)) for each in _children(part)]
        said = [(kind, text) for kind, text in texts if text.strip()]
        plain = [text for kind, text in said if kind == "text/plain"]
        return plain[0] if plain else said[-1][1] if said else ""

    def _read_report(self, part: Part, depth: int) -> str:
        self.report = str(_safely(lambda: part.get_param("report-type")) or "unknown").lower()
        children = _children(part)
        for each in children[1:]:
            content = _flat(each)[:65536].decode("utf-8", "replace")
            if found := _STATUS.search(content):
                self.status = found[1]
            original = message_from_bytes(content.encode(), policy=policy.default)
            self.reported += headers.ids(original, "Message-ID", "In-Reply-To", "References")
        return self.read(children[0], depth + 1) if children else ""

    def _put_aside(self, part: Part, kind: str, name: str | None) -> None:
        content = _flat(part)
        if content:
            given = headers.text(name) if name else None
            if given is None and kind == "message/rfc822":
                given = "forwarded.eml"
            self.files.append(File(given, kind[:100], content))


def _children(part: Part) -> list[Part]:
    return cast(list[Part], part.get_payload()) if part.is_multipart() else []


def _flat(part: Part) -> bytes:
    """The decoded content of a part; of a mail inside of a mail: the mail."""
    if children := _children(part):
        return b"\r\n".join(
            _safely(lambda each=each: each.as_bytes(policy.compat32)) or b"" for each in children
        )
    content = _safely(lambda: part.get_payload(decode=True))
    return content if isinstance(content, bytes) else b""


def _text(part: Part, kind: str) -> str:
    content = _flat(part)[: 4 * MOST_TEXT]
    text = headers.decoded(content, _safely(part.get_content_charset))
    return as_text(text) if kind == "text/html" else text


def _disposition(part: Part) -> str | None:
    found = _safely(part.get_content_disposition)
    return found if isinstance(found, str) else None


def _safely(read: Any) -> Any:
    """The standard library's parser of headers raises whatever it likes on what nobody would send by accident."""
    try:
        return read()
    except Exception:
        return None
