"""Facts that routing publishes of a complaint's way; those of transfer are in `transfer.py`."""

from datetime import datetime
from enum import StrEnum

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Severity


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
