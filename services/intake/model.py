"""What the customer sees of a case, and answers. Pure: no I/O, no clock."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.aggregate import Aggregate, NotPossible
from shared.events import ComplaintWithdrawn, OfferChosen, OffersDeclined, OpinionGiven, ReopenAsked
from shared.events.vocabulary import Outcome

CLOSED = (
    "closed",
    "The case is closed: there is nothing left to withdraw.",
    "投诉已办结，无需撤回。",
)


TOO_LATE = (
    "too-late-to-reopen",
    "The case closed too long ago to be taken up again. Register a further complaint and give the reference of this "
    "one; or turn to a consumers' association or another outside body.",
    "结案时间已久，无法重新处理。请另行登记投诉并注明本投诉编号，也可以向消费者协会等外部机构反映。",
)


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
    round_id: UUID | None = None
    """The first request for an opinion on the present result."""
    early: dict[str, Any] | None = None
    """What a survey told of a result before the request for an opinion was heard of: `round_id`, `outcome`,
    `trust_restored`, `at`."""
    withdrawn_at: datetime | None = None
    """When the customer withdrew the complaint."""
    reopen_until: datetime | None = None
    """Of a closed case: until then the customer can have it taken up again."""
    reopening_asked_at: datetime | None = None
    """When they asked for it."""
    steps: list[Step] = field(default_factory=list)
    """Entries that this change adds."""

    def choose(self, offer_id: UUID, at: datetime) -> None:
        """Agree to one of the offers on the table. Repeating the same choice changes nothing."""
        if self.offers_answer == str(offer_id):
            return
        self._answer_offers()
        if not any(offer["offer_id"] == str(offer_id) for offer in self.offers):
            raise self.refusal("unknown-offer", "There is no such offer on the table.", "没有这个方案。")
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

    def give_opinion(
        self, outcome: Outcome, masked_comment: str | None, at: datetime, trust_restored: bool | None = None
    ) -> None:
        """Say what the result is worth. The first answer to each request counts."""
        if self.outcome is outcome and not self.opinion_asked:
            return
        self.must_not_be_withdrawn()
        if not self.opinion_asked:
            raise self.refusal(
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
            trust_restored=trust_restored,
            given_at=at,
        )
        self.record(given, at)

    def ask_opinion(self, follow_up_id: UUID) -> None:
        """An opinion on the result is asked for; it may have been given in a survey already."""
        self.opinion_asked, self.follow_up_id = True, follow_up_id
        self.round_id = self.round_id or follow_up_id
        if self.early is not None and self.early["round_id"] == str(self.round_id):
            told, self.early = self.early, None
            self.hear_of_survey(
                self.round_id,
                Outcome(told["outcome"]),
                told["trust_restored"],
                datetime.fromisoformat(told["at"]),
            )

    def hear_of_survey(
        self, round_id: UUID, outcome: Outcome, trust_restored: bool | None, at: datetime
    ) -> None:
        """The customer judged the result in a survey. It counts as their opinion, unless they gave one before."""
        if round_id != self.round_id:
            self.early = {
                "round_id": str(round_id),
                "outcome": outcome.value,
                "trust_restored": trust_restored,
                "at": at.isoformat(),
            }
        elif self.opinion_asked and self.withdrawn_at is None:
            self.give_opinion(outcome, None, at, trust_restored)

    def ask_reopening(self, masked_reason: str, at: datetime) -> datetime:
        """Ask that the closed case be taken up again; returns when that was. To repeat it changes nothing.

        Raises NotPossible, when it is too late with the other ways to complain.
        """
        self.must_not_be_withdrawn()
        if self.status != "closed":
            raise self.refusal(
                "not-closed",
                "The case is not closed: write to whoever handles it.",
                "投诉尚未办结，请直接给受理人留言。",
            )
        if self.reopening_asked_at is not None:
            return self.reopening_asked_at
        if self.reopen_until is None or at > self.reopen_until:
            raise self.refusal(*TOO_LATE)
        self.reopening_asked_at = at
        self.record(ReopenAsked(complaint_id=self.id, reason=masked_reason, asked_at=at), at)
        return at

    def may_withdraw(self) -> None:
        """Raises NotPossible when the case is closed."""
        if self.status == "closed":
            raise self.refusal(*CLOSED)

    def withdraw(self, masked_reason: str | None, at: datetime) -> datetime:
        """Take the complaint back; returns when that was. To repeat it changes nothing. Raises NotPossible."""
        self.may_withdraw()
        if self.withdrawn_at is None:
            self.status, self.withdrawn_at = "withdrawn", at
            withdrawn = ComplaintWithdrawn(complaint_id=self.id, reason=masked_reason, withdrawn_at=at)
            self.record(withdrawn, at)
        return self.withdrawn_at

    def refusal(self, code: str, english: str, chinese: str) -> NotPossible:
        """What to raise when a change does not fit the present status."""
        return NotPossible(code, english, chinese, status_now=self.status)

    def follow(self) -> None:
        """Show it to somebody whose complaint follows this one: the progress, but nothing to choose or judge."""
        self.offers, self.offers_answer = [], None
        self.opinion_asked, self.outcome = False, None
        self.reopen_until = None

    def must_not_be_withdrawn(self) -> None:
        if self.withdrawn_at is not None:
            raise self.refusal(
                "withdrawn",
                "You have withdrawn this complaint: tell what is new as another one.",
                "您已撤回该投诉，如有新情况请另行登记。",
            )

    def _answer_offers(self) -> None:
        self.must_not_be_withdrawn()
        if not self.offers:
            raise self.refusal("no-offers", "No solution is offered at present.", "目前没有待选择的方案。")
        if self.offers_answer is not None:
            raise self.refusal(
                "already-answered",
                "You have already answered these offers. Your handler can change it.",
                "您已经答复过这些方案,如需更改请联系受理人。",
            )
