"""The contract between the services: importing this package declares every event."""

from shared.events.intake import ComplaintRegistered, OfferChosen, OffersDeclined, OpinionGiven
from shared.events.notification import MessageDelivered, MessageFailed
from shared.events.registry import Event, MalformedEvent, Registry, registry
from shared.events.resolution import (
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseResumed,
    CustomerTold,
    FollowUpRequested,
    OfferAgreed,
    OffersMade,
    OffersWithdrawn,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    SolutionCarriedOut,
    ValidityJudged,
)
from shared.events.routing import (
    NOTICES,
    ComplaintAssigned,
    ComplaintReferred,
    ComplaintTriaged,
    NoticeAcknowledged,
    NoticeIssued,
)

__all__ = [
    "NOTICES",
    "CaseAccepted",
    "CaseClosed",
    "CaseOpened",
    "CaseResumed",
    "ComplaintAssigned",
    "ComplaintReferred",
    "ComplaintRegistered",
    "ComplaintTriaged",
    "CustomerTold",
    "Event",
    "FollowUpRequested",
    "MalformedEvent",
    "MessageDelivered",
    "MessageFailed",
    "NoticeAcknowledged",
    "NoticeIssued",
    "OfferAgreed",
    "OfferChosen",
    "OffersDeclined",
    "OffersMade",
    "OffersWithdrawn",
    "OpinionGiven",
    "PromiseBroken",
    "PromiseKept",
    "PromiseMade",
    "Registry",
    "SolutionCarriedOut",
    "ValidityJudged",
    "registry",
]
