"""CloudEvents 1.0 in the Kafka binary binding: attributes are `ce_` headers, the value is plain JSON.

Extensions used: `partitionkey`, `sequence` (numbers a complaint's events in a topic from 1, without gaps),
`traceparent` (W3C trace context).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json

from shared.eventlog.protocol import Record
from shared.events import Event, MalformedEvent, registry
from shared.ids import derived_id

CONTENT_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Received:
    """An event as a handler gets it, with the attributes that a handler may need."""

    id: UUID
    wire_type: str
    key: str
    sequence: int
    time: datetime
    traceparent: str | None
    event: Event


def headers_of(event: Event, event_id: UUID, service: str, time: datetime, traceparent: str | None) -> str:
    """The record's headers as JSON; `ce_sequence` is added where the number is drawn (outbox)."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event_id),
        "ce_source": f"/redress/{service}",
        "ce_type": event.wire_type(),
        "ce_subject": str(event.complaint_id),
        "ce_partitionkey": str(event.complaint_id),
        "ce_time": time.isoformat().replace("+00:00", "Z"),
        "content-type": CONTENT_TYPE,
    }
    if traceparent:
        headers["ce_traceparent"] = traceparent
    return to_json(headers).decode()


def record_id(record: Record) -> UUID:
    """The event's id; for a record without a readable one, an id made of its place in the log."""
    try:
        return UUID(record.headers.get("ce_id", ""))
    except ValueError:
        return derived_id("record", record.topic, record.partition, record.offset)


def open_envelope(record: Record) -> Received:
    """Read a record. Raises MalformedEvent when it is not an event that this version can read."""
    headers: Mapping[str, str] = record.headers
    try:
        wire_type = headers["ce_type"]
        event_id = UUID(headers["ce_id"])
        sequence = int(headers["ce_sequence"])
        time = datetime.fromisoformat(headers["ce_time"])
    except KeyError as missing:
        raise MalformedEvent(f"the record has no header {missing}") from None
    except ValueError as error:
        raise MalformedEvent(f"unreadable header: {error}") from error
    event = registry.decode(wire_type, record.value)
    if record.key != str(event.complaint_id):
        raise MalformedEvent("the record's key is not the complaint's id")
    traceparent = headers.get("ce_traceparent")
    return Received(event_id, registry.current(wire_type), record.key, sequence, time, traceparent, event)
