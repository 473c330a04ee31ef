"""How a complaint is judged, what is offered for it, and how the customer agrees or objects. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.resolution.audit.witnessed import Noted
from services.resolution.dispute.disputing import Disputing
from services.resolution.judgement import Judgement
from services.resolution.lifecycle import Action, NotNow, State, Words
from services.resolution.offers.told import NOTHING_TOLD, Told
from services.resolution.timeline import CUSTOMER, Kind, Source
from shared.events import OfferAgreed, OffersMade, OffersWithdrawn, ValidityJudged
from shared.events.resolution import Offer
from shared.events.vocabulary import Money, Remedy
from shared.ids import derived_id
from shared.masking import mask

TRACKING = "tracking"
"""The customer chose an offer there themselves."""


@dataclass(frozen=True)
class Solution:
    """What a handler proposes to offer."""

    remedies: tuple[Remedy, ...]
    description: str
    value: Money | None = None
    solution: str | None = None
    """Its code in the rulebook of remedies, if it was suggested."""


NOT_ON_THE_TABLE = Words(
    "This offer does not lie before the customer: take an offer_id of the current round.",
    "该方案不在当前提交顾客的方案之中：请使用本轮方案的编号。",
)


@dataclass(kw_only=True)
class Offering(Disputing):
    """Nothing is carried out before the customer has agreed to it."""

    told: Told = NOTHING_TOLD
    offers: tuple[Offer, ...] = ()
    """The offers of the newest round, the best first."""
    agreed_offer_id: UUID | None = None
    agreed_via: str | None = None
    """How the customer agreed: by tracking, phone, email or at the counter."""
    agreed_by: str | None = None
    """Who recorded it: `customer` by tracking, else the caller."""
    agreed_at: datetime | None = None
    new_offers: list[Offer] = field(default_factory=list, repr=False, compare=False)
    """Offers that wait to be saved."""

    @property
    def product(self) -> str | None:
        """What counts as the same product: its name, else its model, else its number."""
        return self.told.product.label

    @property
    def agreed_offer(self) -> Offer | None:
        return next((offer for offer in self.offers if offer.offer_id == self.agreed_offer_id), None)

    # What the customer does by tracking

    def choose(self, offer_id: UUID, at: datetime) -> None:
        """The customer chose an offer; a choice that comes too late changes nothing but is not lost.

        Nothing need be told back: what took the offers from the table (OffersWithdrawn, OfferAgreed) reaches
        intake after the choice was made there, and corrects what the customer sees.
        """
        if self.state is State.OFFERED and self._on_the_table(offer_id):
            self._agree(offer_id, CUSTOMER, TRACKING, at, Source.INTAKE)
        else:
            self._tell(Kind.CHOICE_TOO_LATE, at, CUSTOMER, str(offer_id), Source.INTAKE)

    def decline(self, round_: int | None, reason: str | None, at: datetime) -> None:
        """The customer objected to all offers of the round that they saw.

        The round decides and not the time, because the clocks of two services differ.
        """
        if self.state is State.OFFERED and round_ == self.round:
            self._move(Action.OBJECT)
            self._tell(Kind.DECLINED, at, CUSTOMER, reason, Source.INTAKE)
        else:
            self._tell(Kind.OBJECTION_TOO_LATE, at, CUSTOMER, reason, Source.INTAKE)

    # What people do. `author` is the caller; every action raises NotNow when the lifecycle does not allow it.

    def judge(self, judgement: Judgement, explanation: str, author: str, at: datetime) -> None:
        """Cause, impact and origin stay within the company: only the explanation is told."""
        self._move(Action.JUDGE)
        self.judgement = judgement
        explanation = mask(explanation)
        self._tell(Kind.JUDGED, at, author, explanation)
        self.witness(
            Noted.JUDGEMENT_RECORDED,
            at,
            author,
            reason_sufficient=str(judgement.reason_sufficient).lower(),
            demand_reasonable=str(judgement.demand_reasonable).lower(),
            **({} if judgement.origin is None else {"origin": judgement.origin.value}),
        )
        self.say(explanation, author, at)
        judged = ValidityJudged(
            complaint_id=self.id,
            reason_sufficient=judgement.reason_sufficient,
            demand_reasonable=judgement.demand_reasonable,
            explanation=explanation,
            judged_at=at,
        )
        self.record(judged, at)
        self.judged(judgement.valid, author, at)
        self._replied(at)

    def offer(self, solutions: Sequence[Solution], author: str, at: datetime) -> None:
        """Put solutions before the customer, the best first: a new round."""
        self._move(Action.OFFER)
        self.round += 1
        self._nothing_agreed()
        self.offers = tuple(
            Offer(
                offer_id=derived_id("offer", self.id, self.round, rank),
                rank=rank,
                remedies=solution.remedies,
                description=mask(solution.description),
                value=solution.value,
                solution=solution.solution,
            )
            for rank, solution in enumerate(solutions, 1)
        )
        self.new_offers.extend(self.offers)
        told = "\n".join(f"{o.rank}. {o.description}" for o in self.offers)
        self._tell(Kind.OFFERED, at, author, told)
        self.say(told, author, at)
        self.record(OffersMade(complaint_id=self.id, round=self.round, offers=self.offers, made_at=at), at)
        self._replied(at)

    def consent(self, offer_id: UUID, via: str, author: str, at: datetime) -> None:
        """Record a consent that came another way than by tracking."""
        self._check(Action.CONSENT)
        if not self._on_the_table(offer_id):
            raise NotNow(Action.CONSENT, NOT_ON_THE_TABLE)
        self._agree(offer_id, author, via, at, Source.RESOLUTION)

    def object(self, reason: str, via: str, author: str, at: datetime) -> None:
        """Record an objection that came another way than by tracking, where the offers can still be seen."""
        self._move(Action.OBJECT)
        self._tell(Kind.DECLINED, at, author, f"{via}: {mask(reason)}")
        self.record(OffersWithdrawn(complaint_id=self.id, round=self.round, withdrawn_at=at), at)

    # Steps that several of these share

    def _on_the_table(self, offer_id: UUID) -> bool:
        return any(offer.offer_id == offer_id for offer in self.offers)

    def _agree(self, offer_id: UUID, author: str, via: str, at: datetime, source: Source) -> None:
        self._move(Action.CONSENT)
        self.agreed_offer_id, self.agreed_via, self.agreed_by, self.agreed_at = offer_id, via, author, at
        rank = next(str(offer.rank) for offer in self.offers if offer.offer_id == offer_id)
        self._tell(Kind.AGREED, at, author, f"{rank} · {via}", source)
        agreed = OfferAgreed(
            complaint_id=self.id, offer_id=offer_id, agreed_at=at, via=via, recorded_by=author
        )
        self.record(agreed, at)

    def _nothing_agreed(self) -> None:
        self.agreed_offer_id = self.agreed_via = self.agreed_by = self.agreed_at = None
