"""Headers of mails as they really come: encoded words of any charset, raw GBK, broken syntax. Pure."""

import re
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from services.intake.channels.words import one_line

if TYPE_CHECKING:
    Part = Message[Any, Any]
else:  # a class that takes parameters for the type checker only
    Part = Message

LONGEST = 8192
"""Characters of a header that are read."""
_ID = re.compile(r"<[^<>\s]{1,400}>")
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
}
"""Charsets that mail programs name when they mean the larger one."""


def decoded(content: bytes, charset: str | None) -> str:
    """Text in the charset that it names if that fits, or else in the first that does."""
    named = (charset or "").strip("\"' ").lower()
    for candidate in (_WIDER.get(named, named), "utf-8", "gb18030", "big5hkscs"):
        try:
            return content.decode(candidate or "utf-8")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return content.decode("utf-8", "replace")


def raw(mail: Part, name: str) -> list[str]:
    """All headers of this name, unfolded but not decoded."""
    wanted = name.lower()
    found = (str(value) for key, value in mail.raw_items() if key.lower() == wanted)
    return [re.sub(r"[\r\n]+[ \t]*", " ", value[:LONGEST]).strip() for value in found]


def text(value: str) -> str:
    """A header as a person reads it, on one line."""
    if any("\udc80" <= c <= "\udcff" for c in value):  # bytes that no encoding announced
        value = decoded(value.encode("utf-8", "surrogateescape"), None)
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError):
        return one_line(value, LONGEST)
    words = (decoded(part, charset) if isinstance(part, bytes) else part for part, charset in parts)
    return one_line("".join(words), LONGEST)


def first(mail: Part, name: str) -> str:
    return text(next(iter(raw(mail, name)), ""))


def address(mail: Part, name: str) -> tuple[str, str]:
    """Display name and address of the first mailbox in a header; empty where there is none.

    The structure is read before the encoded words are: what is inside of them cannot add an address.
    """
    try:
        mailboxes = getaddresses(raw(mail, name))
    except RecursionError:  # comments in comments
        return "", ""
    for shown, found in mailboxes:
        if "@" in found and len(found) <= 254:
            return text(shown)[:200].strip("\"' "), one_line(found).lower()
    return "", ""


def ids(mail: Part, *names: str) -> list[str]:
    """Message ids in these headers, in angle brackets, at most fifty."""
    return [found for name in names for value in raw(mail, name) for found in _ID.findall(value)][:50]


def date(mail: Part) -> datetime | None:
    try:
        at = parsedate_to_datetime(next(iter(raw(mail, "Date")), ""))
        at = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if at.year >= 1990 else None
