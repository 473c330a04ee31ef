"""A dispute before somebody outside."""

from collections.abc import Iterator
from typing import Any

from dev.samples.story import COMPLAINT, after, id_of
from shared.events import (
    CaseFileRead,
    DisputeAnswered,
    DisputeDeadlineMissed,
    DisputeDeadlineNear,
    DisputeDecided,
    DisputeHandedOver,
    Event,
)
from shared.events.dispute import Favour


def events() -> Iterator[Event]:
    dispute: dict[str, Any] = {
        "complaint_id": COMPLAINT,
        "dispute_id": id_of(62),
        "body": "consumer-association",
    }
    yield DisputeHandedOver(
        **dispute,
        answer_due_at=after(300 + 15 * 24),
        decision_due_at=after(300 + 60 * 24),
        handed_over_by="key:5f0c1a9be27d",
        handed_over_at=after(300),
    )
    yield DisputeDeadlineNear(**dispute, due_at=after(300 + 15 * 24), noticed_at=after(300 + 12 * 24))
    yield DisputeDeadlineMissed(
        **dispute, by_company=True, due_at=after(300 + 15 * 24), missed_at=after(300 + 15 * 24)
    )
    yield DisputeAnswered(**dispute, answered_by="key:5f0c1a9be27d", answered_at=after(300 + 16 * 24))
    yield DisputeDecided(**dispute, favour=Favour.CUSTOMER, ends_case=True, decided_at=after(300 + 40 * 24))
    yield CaseFileRead(complaint_id=COMPLAINT, format="pdf", read_by="key:5f0c1a9be27d", read_at=after(300))
