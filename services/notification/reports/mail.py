"""Mails that report on our mails (RFC 3464), and what servers send that know no such thing. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from email.utils import getaddresses
from hashlib import sha256
from typing import Any

from services.notification.channels import marks
from services.notification.reports.model import What

LONGEST = 256 * 1024
"""Bytes that are read: what is reported stands before the mail that came back."""
MOST_PARTS = 100
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ANSWER = re.compile(r"\b[45]\d\d[ -]#?([45]\.\d{1,3}\.\d{1,3})\b")
"""How a mail server answers; the code alone might be a version of something."""
_HEAD = re.compile(rb"\A[!-9;-~]+[ \t]*:")
_RECIPIENTS = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
_ACTIONS = {"failed": What.LOST, "delayed": What.DELAYED, "delivered": What.ARRIVED, "relayed": What.ARRIVED}


class NoMail(ValueError):
    """It has no headers, or is built to break its reader."""


@dataclass(frozen=True, slots=True)
class MailReport:
    """What a mail says of one of ours."""

    marks: Sequence[str]
    """What may be the mark of a delivery, wherever it stands."""
    what: What | None
    """None: it says nothing that can be understood."""
    status: str | None
    """Enhanced status code (RFC 3463), such as `5.1.1`."""
    digest: bytes


def read(content: bytes, recipient: str | None = None) -> MailReport:
    """`recipient`: the envelope's, to which it was sent back. Raises NoMail."""
    content = content[:LONGEST]
    if not _HEAD.match(content.lstrip(b"\r\n")):
        raise NoMail("it has no headers")
    try:
        top = message_from_bytes(content, policy=policy.compat32)
        parts = list(_walk(top))
        what, status = _outcome(parts)
        found = list(_marks(top, parts, recipient))
    except NoMail:
        raise
    except Exception:  # what the standard library raises on a hostile mail is not written down anywhere
        raise NoMail("its structure cannot be read") from None
    return MailReport(found, what, status, sha256(content).digest())


def _walk(top: "Message[Any, Any]") -> Iterator["Message[Any, Any]"]:
    for number, part in enumerate(top.walk()):
        if number >= MOST_PARTS:
            raise NoMail("it has too many parts")
        yield part


def _outcome(parts: Sequence["Message[Any, Any]"]) -> tuple[What | None, str | None]:
    """The gravest that is said of a recipient; without a machine-readable part a server's answer is sought."""
    said: list[tuple[What | None, str | None]] = []
    for part in parts:
        if (action := part.get("Action")) or part.get("Final-Recipient"):
            status = _STATUS.search(str(part.get("Status", "")))
            said.append((_ACTIONS.get(str(action).strip().lower()), status[1] if status else None))
    if not said:
        text = next((p for p in parts if p.get_content_type() == "text/plain"), None)
        body = text.get_payload(decode=True) if text is not None else b""
        status = _ANSWER.search(body.decode("utf-8", "replace") if isinstance(body, bytes) else "")
        code = status[1] if status else None
        return ({"5": What.LOST, "4": What.DELAYED}.get(code[0]) if code else None), code
    gravest = [What.LOST, What.DELAYED, What.ARRIVED, None]
    return min(said, key=lambda each: gravest.index(each[0]))


def _marks(
    top: "Message[Any, Any]", parts: Sequence["Message[Any, Any]"], recipient: str | None
) -> Iterator[str]:
    sent_to = [str(value) for name in _RECIPIENTS for value in top.get_all(name, [])]
    for address in [recipient or "", *(found for _, found in getaddresses(sent_to))]:
        if mark := marks.mark_in(address):
            yield mark
    for part in parts:
        yield from (str(value).strip() for value in part.get_all("Original-Envelope-Id", []))
        if part is not top:
            yield from (str(value).strip() for value in part.get_all(marks.HEADER, []))
        if part.get_content_type() == "text/rfc822-headers":
            headers = part.get_payload(decode=True)
            returned = message_from_bytes(headers if isinstance(headers, bytes) else b"")
            yield from (str(value).strip() for value in returned.get_all(marks.HEADER, []))
