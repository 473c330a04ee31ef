"""A fact as webhooks get it. Pure."""

from pydantic_core import to_json

from shared.envelope import Received


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
