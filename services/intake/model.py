"""What the customer sees of a case, and answers. Pure: no I/O, no clock."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.aggregate import Aggregate
from shared.events import OfferChosen, OffersDeclined, OpinionGiven
from shared.events.vocabulary import Outcome


class NotPossible(Exception):
    """The customer's answer does not fit the present state of the case."""

    def __init__(self, code: str, english: str, chinese: str) -> None:
        super().__init__(code)
        self.code, self.english, self.chinese = code, english, chinese


@dataclass
class Step:
    """One entry of what the customer sees happening."""

    event_id: UUID
    at: datetime
    step: str
    data: dict[str, Any]


@dataclass(kw_only=True)
class View(Aggregate):
    """The customer's view of a case, built from what the other services tell."""

    status: str = "registered"
    department: str | None = None
    category: str | None = None
    severity: str | None = None
    handler_name: str | None = None
    promise_id: UUID | None = None
    promised_at: datetime | None = None
    round: int | None = None
    """Of the newest offers."""
    offers: list[dict[str, Any]] = field(default_factory=list)
    offers_answer: str | None = None
    """Id of the chosen offer, or `declined`; None while the customer has not answered the present offers."""
    explanation: str | None = None
    result: str | None = None
    outcome: Outcome | None = None
    opinion_asked: bool = False
    follow_up_id: UUID | None = None
    """The newest request for an opinion."""
    steps: list[Step] = field(default_factory=list)
    """Entries that this change adds."""

    def choose(self, offer_id: UUID, at: datetime) -> None:
        """Agree to one of the offers on the table. Repeating the same choice changes nothing."""
        if self.offers_answer == str(offer_id):
            return
        self._answer_offers()
        if not any(offer["offer_id"] == str(offer_id) for offer in self.offers):
            raise NotPossible("unknown-offer", "There is no such offer on the table.", "没有这个方案。")
        self.offers_answer = str(offer_id)
        self.record(OfferChosen(complaint_id=self.id, offer_id=offer_id, chosen_at=at), at)

    def decline(self, masked_reason: str | None, at: datetime) -> None:
        """Object to all the offers on the table."""
        if self.offers_answer == "declined":
            return
        self._answer_offers()
        self.offers_answer = "declined"
        declined = OffersDeclined(
            complaint_id=self.id, round=self.round, reason=masked_reason, declined_at=at
        )
        self.record(declined, at)

    def give_opinion(self, outcome: Outcome, masked_comment: str | None, at: datetime) -> None:
        """Say what the result is worth. The first answer to each request counts."""
        if self.outcome is outcome and not self.opinion_asked:
            return
        if not self.opinion_asked:
            raise NotPossible(
                "opinion-not-asked",
                "There is no result yet that you could judge.",
                "目前还没有处理结果可供评价。",
            )
        self.opinion_asked = False
        self.outcome = outcome
        given = OpinionGiven(
            complaint_id=self.id,
            follow_up_id=self.follow_up_id,
            outcome=outcome,
            comment=masked_comment,
            given_at=at,
        )
        self.record(given, at)

    def follow(self) -> None:
        """Show it to somebody whose complaint follows this one: the progress, but nothing to choose or judge."""
        self.offers, self.offers_answer = [], None
        self.opinion_asked, self.outcome = False, None

    def _answer_offers(self) -> None:
        if not self.offers:
            raise NotPossible("no-offers", "No solution is offered at present.", "目前没有待选择的方案。")
        if self.offers_answer is not None:
            raise NotPossible(
                "already-answered",
                "You have already answered these offers. Your handler can change it.",
                "您已经答复过这些方案,如需更改请联系受理人。",
            )
