"""Who hears what: the facts that are told, to whom, by which ways, in which words.

One row is one message. Whether the moment has come is decided in `model.py` (an acknowledgement, for example,
needs two facts); what is said is in `templates/<language>/<template>.txt.jinja`.
"""

from enum import StrEnum
from typing import NamedTuple

from shared import events
from shared.events import Event


class Audience(StrEnum):
    """Who is told. Each audience has a queue and couriers of its own."""

    CUSTOMER = "customer"
    STAFF = "staff"
    SUBSCRIBER = "subscriber"


class Channel(StrEnum):
    """By which way somebody is told."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    INBOX = "inbox"
    WEBHOOK = "webhook"
    SAME_ADDRESS = "same-address"
    """Nothing was sent: another letter about the same thing went to the same person."""


class Rule(NamedTuple):
    fact: type[Event]
    audience: Audience
    template: str
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    """The first of them that leads to the receiver is taken."""

    @property
    def id(self) -> str:
        """The delivery log names the rule by it."""
        return f"{self.audience}/{self.template}"


ACKNOWLEDGEMENT = "acknowledgement"
"""The first message of every conversation; the others wait for it."""

FIELD_ACTION = "field-action"
"""To whoever is affected, whether they complained or not."""

STAFF_NOTICE = "staff-notice"
STAFF_TASK = "staff-task"
WEBHOOK_DISABLED = "webhook-disabled"
"""To the owner of a webhook that Redress switched off."""

RULES: tuple[Rule, ...] = tuple(
    Rule(fact, Audience.CUSTOMER, template)
    for fact, template in (
        (events.ComplaintRegistered, ACKNOWLEDGEMENT),
        (events.ComplaintSupplemented, "restatement"),
        (events.ComplaintMerged, "merged"),
        (events.ComplaintSeparated, "separated"),
        (events.ComplaintAssigned, "assigned"),
        (events.CaseAccepted, "accepted"),
        (events.PromiseBroken, "interim"),
        (events.CustomerTold, "told"),
        (events.CustomerAsked, "asked"),
        (events.ResolutionExtended, "extended"),
        (events.ValidityJudged, "judged-not-valid"),
        (events.OffersMade, "offers"),
        (events.OfferAgreed, "agreed"),
        (events.SolutionCarriedOut, "result"),
        (events.FollowUpRequested, "survey"),
        (events.CaseResumed, "resumed"),
        (events.CaseReopened, "reopened"),
        (events.CaseClosed, "closed"),
        (events.CaseWithdrawn, "withdrawn"),
        (events.HandlerWrote, "message"),
    )
)

FOLLOWED = frozenset(
    {
        *("assigned", "accepted", "interim", "told", "extended"),
        *("judged-not-valid", "result", "resumed", "reopened", "closed"),
    }
)
"""What the reporters of merged complaints are told, too. Offers and opinions are between the company and the
leading customer."""


def rules_for(fact: type[Event]) -> list[Rule]:
    return [rule for rule in RULES if rule.fact is fact]
