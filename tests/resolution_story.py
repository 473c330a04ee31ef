"""What the other services tell resolution, made up: one complaint's events, and records of events."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import TypeVar
from uuid import UUID

from shared.envelope import headers_of
from shared.eventlog import Record
from shared.events import ComplaintAssigned, ComplaintRegistered, ComplaintTriaged, Event, OpinionGiven
from shared.events.intake import MaskedStatement
from shared.events.routing import Decider
from shared.events.vocabulary import (
    Against,
    Channel,
    ComplainantType,
    Form,
    Kind,
    Language,
    Outcome,
    Severity,
    Visibility,
)
from shared.ids import derived_id

T = TypeVar("T")

NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday, 9 o'clock in Shanghai: eight working hours later it is 18:00."""
HOUR = timedelta(hours=1)


def registered(complaint_id: UUID, at: datetime = NINE) -> ComplaintRegistered:
    return ComplaintRegistered(
        complaint_id=complaint_id,
        reference="RD-7K2M9QXA3",
        registered_at=at,
        kind=Kind.COMPLAINT,
        medium=Channel.WEB_FORM.medium,
        channel=Channel.WEB_FORM,
        language=Language.EN,
        form=Form.WRITTEN,
        against=Against.ORGANISATION,
        visibility=Visibility.PRIVATE,
        complainant_type=ComplainantType.EXTERNAL,
        customer_id=derived_id("customer", complaint_id),
        statement=MaskedStatement(what_went_wrong="The motor shows alarm R4."),
        completeness=0.5,
    )


def triaged(
    complaint_id: UUID, severity: Severity = Severity.GENERAL, at: datetime = NINE + HOUR / 60
) -> ComplaintTriaged:
    return ComplaintTriaged(
        complaint_id=complaint_id,
        category="function",
        severity=severity,
        decided_by=Decider.RULES,
        reasons=("alarm",),
        triaged_at=at,
    )


def assigned(
    complaint_id: UUID, handler_id: str = "e-1007", at: datetime = NINE + HOUR / 30
) -> ComplaintAssigned:
    return ComplaintAssigned(
        complaint_id=complaint_id,
        department="after-sales",
        handler_id=handler_id,
        handler_name="Li Wei",
        reasons=(),
        assigned_at=at,
    )


def opinion(complaint_id: UUID, outcome: Outcome, at: datetime, solution: int = 1) -> OpinionGiven:
    follow_up_id = derived_id("follow-up", complaint_id, solution)
    return OpinionGiven(complaint_id=complaint_id, follow_up_id=follow_up_id, outcome=outcome, given_at=at)


def records(events: Iterable[Event], after: Counter[tuple[str, UUID]] | None = None) -> list[Record]:
    """The events as the log would hold them; the same event always has the same id."""
    numbers: Counter[tuple[str, UUID]] = after if after is not None else Counter()
    made = []
    for event in events:
        numbers[event.topic, event.complaint_id] += 1
        event_id = derived_id("event", event.wire_type(), event.model_dump_json())
        headers = json.loads(headers_of(event, event_id, "elsewhere", NINE, None))
        headers["ce_sequence"] = str(numbers[event.topic, event.complaint_id])
        value = event.model_dump_json(exclude_none=True).encode()
        made.append(Record(event.topic, str(event.complaint_id), headers, value))
    return made


def interleavings(one: list[T], other: list[T]) -> Iterable[list[T]]:
    """Every order of both that keeps the order of each."""
    total = len(one) + len(other)
    for places in combinations(range(total), len(one)):
        first, second = iter(one), iter(other)
        yield [next(first) if place in places else next(second) for place in range(total)]
