"""One message to one receiver. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notification.rules import Audience, Channel, Nature, Urgency
from shared.ids import derived_id


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one receiver. Its id follows from its cause, so that it is never made twice."""

    id: UUID
    complaint_id: UUID | None
    """None for a ping."""
    audience: Audience
    rule: str
    """What says that they are to be told."""
    at: datetime
    """When its fact happened."""
    lane: str
    """Deliveries of one lane go one after the other."""
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    """The first of them that leads to the receiver is taken."""
    besides: tuple[Channel, ...] = ()
    """It goes by each of these, too, each time as a delivery of its own."""
    is_copy: bool = False
    """It is such a one: that it fails troubles nobody."""
    rule_version: int = 0
    """Of the rulebook that the rule is in."""
    urgency: Urgency | None = None
    """None, like the nature, for webhooks."""
    nature: Nature | None = None
    template: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    subscription_id: UUID | None = None
    event_id: UUID | None = None
    """The forwarded event, for a webhook."""
    recipient: str | None = None
    """Somebody of the company, by their id in the directory."""
    customer_id: UUID | None = None
    """A customer by their own id, whoever complained: of a field action, or of a digest."""

    def all_ways(self) -> "list[Delivery]":
        """The delivery, and its copies by other ways."""
        copies = [
            replace(self, id=derived_id("copy", self.id, way), channels=(way,), besides=(), is_copy=True)
            for way in self.besides
        ]
        return [self, *copies]

    def for_follower(self, complaint_id: UUID) -> "Delivery":
        """The same message for the reporter of a merged complaint, but for what is the leading customer's own."""
        facts = self.facts | {"followed": True}
        facts |= {name: blank for name, blank in _OWN.items() if name in facts}
        return replace(
            self,
            id=derived_id("message", self.id, complaint_id),
            complaint_id=complaint_id,
            lane=f"{self.audience}/{complaint_id}",
            facts=facts,
        )


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An event as webhooks send it: the CloudEvents JSON is stored once, however many want it."""

    event_id: UUID
    complaint_id: UUID
    event_type: str
    at: datetime
    body: str = field(repr=False)


_OWN: dict[str, Any] = {"solution": None, "waiting": False, "offers": []}
"""What the leading customer chose or has to choose; a follower is told that work goes on."""
