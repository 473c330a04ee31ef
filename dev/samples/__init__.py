"""One sample of every event: the story of a complaint about a servo motor, told to its end.

Fixed ids and times, so that the files in `docs/events` change only when an event does. A new event gets its
sample here.
"""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from dev.samples import (
    approvals,
    clocks,
    disputed,
    fairness,
    field_action,
    improvement,
    insights,
    intake,
    listened,
    notification,
    resolution,
    routing,
    surveys,
)
from shared.events import Event

PARTS = (
    intake,
    routing,
    resolution,
    approvals,
    improvement,
    field_action,
    clocks,
    listened,
    disputed,
    fairness,
    surveys,
    notification,
    insights,
)


def events() -> Iterator[Event]:
    """One part of the story after the other; within a part in the order in which they happen."""
    return chain.from_iterable(part.events() for part in PARTS)


def samples() -> dict[str, dict[str, Any]]:
    """The values as they stand on the wire, by wire type."""
    return {event.wire_type(): json.loads(event.model_dump_json(exclude_none=True)) for event in events()}
