"""A fact as webhooks get it, in full or thin. Pure."""

from datetime import datetime
from uuid import UUID

from pydantic_core import from_json, to_json

from shared.envelope import Received

PING = "redress.webhook.ping"


def cloud_event(fact: Received) -> str:
    """The fact as CloudEvents 1.0 in structured JSON; the same bytes for every webhook and every attempt."""
    attributes = {
        "specversion": "1.0",
        "id": str(fact.id),
        "source": "/redress/" + fact.event.topic.removeprefix("redress."),
        "type": fact.wire_type,
        "subject": fact.key,
        "time": fact.time,
        "datacontenttype": "application/json",
        "partitionkey": fact.key,
        "sequence": str(fact.sequence),
        **({"traceparent": fact.traceparent} if fact.traceparent else {}),
    }
    return f'{to_json(attributes).decode()[:-1]},"data":{fact.event.model_dump_json(exclude_none=True)}}}'


def ping(event_id: UUID, webhook_id: UUID, now: datetime) -> str:
    """An event that tells nothing."""
    return to_json(
        {
            "specversion": "1.0",
            "id": str(event_id),
            "source": "/redress/notification",
            "type": f"{PING}.v1",
            "subject": str(webhook_id),
            "time": now,
            "datacontenttype": "application/json",
            "data": {},
        }
    ).decode()


def thin(body: str, link: str) -> str:
    """The event without its data: what happened to which complaint, and (`dataref`) where to read the rest."""
    event = from_json(body)
    del event["data"]
    return to_json(event | {"dataref": link}).decode()
