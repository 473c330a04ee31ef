"""Facts about disputes before an outside body, and about the file that it is given. Resolution publishes them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS


class Favour(StrEnum):
    """For whom an outside body decided."""

    CUSTOMER = "customer"
    COMPANY = "company"
    BOTH = "both"


@registry.event("redress.dispute.handed-over", topic=TOPICS.resolution)
class DisputeHandedOver(Event):
    """The complaint lies before an outside body.

    投诉已转交外部争议处理机构。
    """

    dispute_id: UUID
    body: str
    """Code of the body in the rulebook."""
    answer_due_at: datetime
    """By then the company has answered the body."""
    decision_due_at: datetime
    handed_over_by: str
    handed_over_at: datetime


@registry.event("redress.dispute.deadline-near", topic=TOPICS.resolution)
class DisputeDeadlineNear(Event):
    """The company has not answered the outside body yet, and its time runs out.

    答复外部机构的期限将至。
    """

    dispute_id: UUID
    body: str
    due_at: datetime
    noticed_at: datetime


@registry.event("redress.dispute.deadline-missed", topic=TOPICS.resolution)
class DisputeDeadlineMissed(Event):
    """The time passed by which the company should have answered, or the body should have decided.

    答复或裁决期限已过。
    """

    dispute_id: UUID
    body: str
    by_company: bool
    """True: the company has not answered. False: the body has not decided."""
    due_at: datetime
    missed_at: datetime


@registry.event("redress.dispute.answered", topic=TOPICS.resolution)
class DisputeAnswered(Event):
    """The company answered the outside body.

    已向外部机构答复。
    """

    dispute_id: UUID
    body: str
    answered_by: str
    answered_at: datetime


@registry.event("redress.dispute.decided", topic=TOPICS.resolution)
class DisputeDecided(Event):
    """The outside body decided.

    外部机构已作出决定。
    """

    dispute_id: UUID
    body: str
    favour: Favour
    ends_case: bool
    """The case closes by this decision; otherwise work goes on, and what was promised stays promised."""
    decided_at: datetime


@registry.event("redress.case.file-read", topic=TOPICS.resolution)
class CaseFileRead(Event):
    """Somebody took out the whole file of a case.

    已调阅投诉案卷。
    """

    format: str
    """`json` or `pdf`."""
    read_by: str
    read_at: datetime
