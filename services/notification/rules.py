"""Who can be told what: audiences, channels, and the messages that the model knows how to say.

Who is told which of them, by which ways and how urgently is a rulebook (`hearing/`). Whether the moment has come is
decided in `model.py` (an acknowledgement, for example, needs two facts); what is said is in
`templates/<language>/<template>.txt.jinja`.
"""

from enum import StrEnum
from typing import NamedTuple

from shared import events
from shared.events import NOTICES, Event


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
    LOG = "log"
    """A file on the developer's own machine: nobody was reached."""
    SAME_ADDRESS = "same-address"
    """Nothing was sent: another letter about the same thing went to the same person."""
    ANSWERED = "answered"
    """Nothing was sent: what it asks for was answered while it waited, or is out of date."""


class Hearer(StrEnum):
    """Who hears of a fact."""

    CUSTOMER = "customer"
    FOLLOWER = "follower"
    """Whoever reported a complaint that was merged into this one."""
    STAFF = "staff"
    """The people of the company whom a notice or a task names."""

    @property
    def audience(self) -> Audience:
        return Audience.STAFF if self is Hearer.STAFF else Audience.CUSTOMER


class Nature(StrEnum):
    """What a message is for the person who gets it. Nobody can opt out of the first two."""

    SAFETY = "safety"
    SERVICE = "service"
    """The law or good service demands it: acknowledgement, decision, result, questions, somebody's own words."""
    PROGRESS = "progress"
    OPINION = "opinion"

    @property
    def may_be_declined(self) -> bool:
        return self in {Nature.PROGRESS, Nature.OPINION}


class Urgency(StrEnum):
    """How soon it must be read, the most urgent first."""

    IMMEDIATE = "immediate"
    """At any hour of the day."""
    USUAL = "usual"
    CAN_WAIT = "can_wait"
    """For the next digest."""


ACKNOWLEDGEMENT = "acknowledgement"
"""The first message of every conversation; the others wait for it."""

FIELD_ACTION = "field-action"
"""To whoever is affected, whether they complained or not."""

STAFF_NOTICE = "staff-notice"
STAFF_TASK = "staff-task"
WEBHOOK_DISABLED = "webhook-disabled"
"""To the owner of a webhook that Redress switched off."""

DIGEST = "digest"
"""Several messages to one person in one letter. No fact leads to it."""


class Message(NamedTuple):
    """Something that can be said: words that fit a fact."""

    fact: str
    template: str
    hearers: tuple[Hearer, ...]
    owed: Nature | None = None
    """What it must be at least, when it cannot be switched off."""


_TO_CUSTOMER = (Hearer.CUSTOMER,)
_FOLLOWED = (Hearer.CUSTOMER, Hearer.FOLLOWER)
"""Offers and opinions are between the company and the leading customer; followers are told the rest."""


def _said(
    fact: type[Event], template: str, hearers: tuple[Hearer, ...] = _TO_CUSTOMER, owed: Nature | None = None
) -> Message:
    return Message(fact.type, template, hearers, owed)


MESSAGES: tuple[Message, ...] = (
    _said(events.ComplaintRegistered, ACKNOWLEDGEMENT, owed=Nature.SERVICE),
    _said(events.ComplaintSupplemented, "restatement"),
    _said(events.ComplaintMerged, "merged"),
    _said(events.ComplaintSeparated, "separated"),
    _said(events.ComplaintAssigned, "assigned", _FOLLOWED),
    _said(events.CaseAccepted, "accepted", _FOLLOWED),
    _said(events.PromiseBroken, "interim", _FOLLOWED, Nature.SERVICE),
    _said(events.CustomerTold, "told", _FOLLOWED),
    _said(events.CustomerAsked, "asked", owed=Nature.SERVICE),
    _said(events.ResolutionExtended, "extended", _FOLLOWED, Nature.SERVICE),
    _said(events.ValidityJudged, "judged-not-valid", _FOLLOWED, Nature.SERVICE),
    _said(events.OffersMade, "offers", owed=Nature.SERVICE),
    _said(events.OfferAgreed, "agreed"),
    _said(events.SolutionCarriedOut, "result", _FOLLOWED, Nature.SERVICE),
    _said(events.FollowUpRequested, "survey"),
    _said(events.CaseResumed, "resumed", _FOLLOWED),
    _said(events.CaseReopened, "reopened", _FOLLOWED),
    _said(events.CaseClosed, "closed", _FOLLOWED, Nature.SERVICE),
    _said(events.CaseWithdrawn, "withdrawn"),
    _said(events.HandlerWrote, "message"),
    _said(events.FieldActionCustomerAddressed, FIELD_ACTION, owed=Nature.SAFETY),
    # They may be read in a digest where an administrator says so.
    *(_said(notice, STAFF_NOTICE, (Hearer.STAFF,), Nature.PROGRESS) for notice in NOTICES.values()),
    _said(events.NoticeOverdue, STAFF_NOTICE, (Hearer.STAFF,), Nature.SERVICE),
    _said(events.TaskSet, STAFF_TASK, (Hearer.STAFF,), Nature.SERVICE),
)
