"""What the feed makes of a record of the log. Pure.

An event goes through as it is on the log, whether this version knows its type or not: only what filters and row rules
ask for is read.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard
from uuid import UUID

from pydantic_core import to_json

from shared.envelope import record_id
from shared.eventlog.protocol import Record
from shared.events import ComplaintRegistered, ComplaintSupplemented, ComplaintTriaged, CustomerErased
from shared.events.vocabulary import Kind
from shared.strictjson import read_json

_ATTRIBUTE = re.compile(r"ce_([a-z0-9]+)")
_OURS = {"data", "position"}
"""Members of the event that no header may name."""
_VERSION = re.compile(r"\.v[0-9]+$")
_TRANSFER = "redress.transfer."
_REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type")
_ACCUSING = {ComplaintRegistered.type, ComplaintSupplemented.type}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, ready for the feed."""

    event_id: UUID
    type: str
    """Without its version: `redress.case.closed`."""
    complaint_id: UUID | None
    audience: str | None
    """Of a notice; None: a fact."""
    recipients: tuple[str, ...]
    attributes: str
    data: str | None
    """`"data":...` or `"data_base64":...`; None when there is none."""
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What the feed must know of a complaint."""

    complaint_id: UUID
    category: str | None = None
    accused: tuple[str, ...] = ()
    erased: bool = False


def entry_of(record: Record) -> Entry | None:
    """None: it is no CloudEvent."""
    headers = record.headers
    if not all(headers.get(name) for name in _REQUIRED):
        return None
    named = ((_ATTRIBUTE.fullmatch(name), value) for name, value in headers.items())
    attributes = {found[1]: value for found, value in named if found and found[1] not in _OURS}
    if kind := headers.get("content-type"):
        attributes["datacontenttype"] = kind
    audience = record.topic.removeprefix(_TRANSFER) if record.topic.startswith(_TRANSFER) else None
    meant = _members(record.value).get("recipients", ()) if audience else ()
    return Entry(
        record_id(record),
        _VERSION.sub("", headers["ce_type"]),
        _uuid(record.key),
        audience,
        tuple(filter(_is_name, meant)) if isinstance(meant, list) else (),
        to_json(attributes).decode(),
        _data(record.value),
    )


def learn(subject: Subject, entry: Entry, value: bytes) -> Subject:
    """The complaint, as it is known after this event."""
    if entry.type == ComplaintTriaged.type:
        category = _members(value).get("category")
        return replace(subject, category=category if _is_name(category) else subject.category)
    if entry.type in _ACCUSING:
        told = _members(value)
        accused = told.get("accused_id")
        if _is_name(accused) and told.get("kind") != Kind.PRAISE and accused not in subject.accused:
            return replace(subject, accused=(*subject.accused, accused))
    if entry.type == CustomerErased.type:
        return replace(subject, erased=True)
    return subject


def stamped(entry: Entry, subject: Subject) -> Entry:
    """As it is kept: with the category, and without its words where the customer is erased."""
    forgotten = subject.erased and entry.type != CustomerErased.type
    return replace(entry, category=subject.category, data=None if forgotten else entry.data)


def _data(value: bytes) -> str | None:
    if not value:
        return None
    try:
        read_json(value)
    except ValueError:
        return f'"data_base64":"{b64encode(value).decode()}"'
    # Between the values of JSON a line break says as much as a blank; in server-sent events it would end the line.
    return f'"data":{value.decode().translate(_ONE_LINE)}'


_ONE_LINE = {ord("\n"): " ", ord("\r"): " "}


def _members(value: bytes) -> Mapping[str, Any]:
    try:
        found = read_json(value)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_name(value: object) -> TypeGuard[str]:
    """An id or a word, which PostgreSQL can keep; what a stranger put on the log may be anything."""
    return isinstance(value, str) and value.isprintable()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
