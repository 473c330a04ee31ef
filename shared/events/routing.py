"""Facts that routing publishes, and the notices of the transfer topics."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Audience, Severity, transfer_topic


class Decider(StrEnum):
    RULES = "rules"
    PERSON = "person"


@registry.event("redress.complaint.triaged", topic=TOPICS.routing)
class ComplaintTriaged(Event):
    """Category and severity were decided.

    投诉已分类、定级。
    """

    category: str
    severity: Severity
    decided_by: Decider
    reasons: tuple[str, ...]
    """Ids of the rules that spoke, or what the person gave as the reason."""
    triaged_at: datetime


@registry.event("redress.complaint.referred", topic=TOPICS.routing)
class ComplaintReferred(Event):
    """The rules were not sure; a person at the triage desk decides.

    规则无法判定，转人工分类。
    """

    severity: Severity
    reasons: tuple[str, ...]
    referred_at: datetime


@registry.event("redress.complaint.assigned", topic=TOPICS.routing)
class ComplaintAssigned(Event):
    """A department and a person became responsible.

    已分派责任部门和处理人。
    """

    department: str
    handler_id: str
    handler_name: str
    """The name under which the person signs: a work name, not personal data."""
    reasons: tuple[str, ...]
    assigned_at: datetime


class NoticeIssued(Event):
    """Somebody must know something, and say by a time that they do."""

    audience: ClassVar[Audience]

    notice_id: UUID
    reason: str
    fact_type: str
    """Wire type of the fact that the notice points to."""
    fact_id: UUID
    """CloudEvents id of that fact."""
    reference: str | None = None
    department: str | None = None
    severity: Severity
    issued_at: datetime
    acknowledge_by: datetime


def _notice(audience: Audience) -> type[NoticeIssued]:
    name = "".join(word.title() for word in audience.value.split("-")) + "Notice"
    about = {"__module__": __name__, "__doc__": f"A notice for {audience.value}.", "audience": audience}
    cls: type[NoticeIssued] = type(name, (NoticeIssued,), about)
    return registry.event(f"redress.notice.{audience.value}", topic=transfer_topic(audience))(cls)


NOTICES: dict[Audience, type[NoticeIssued]] = {audience: _notice(audience) for audience in Audience}


@registry.event("redress.notice.acknowledged", topic=TOPICS.routing)
class NoticeAcknowledged(Event):
    """Somebody of the audience said that they know.

    须知方已确认知悉。
    """

    notice_id: UUID
    audience: Audience
    acknowledged_by: str
    acknowledged_at: datetime
