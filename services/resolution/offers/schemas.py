"""Shapes of judgement, offers and what they are worth in the HTTP interface."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.resolution.judgement import Judgement, Need, Origin
from services.resolution.offers.offering import Solution
from services.resolution.offers.remedies import Supply
from services.resolution.offers.suggesting import Suggestion
from services.resolution.offers.value import money
from services.resolution.views import Bilingual, View
from shared.events.vocabulary import Money, Outcome, Remedy
from shared.masking import mask
from shared.pages import WrittenMoment
from shared.reply_policy.answering import WordsToCustomer
from shared.text import LongText, ShortText


class Via(StrEnum):
    """How the customer said it, when not by tracking."""

    PHONE = "phone"
    EMAIL = "email"
    COUNTER = "counter"


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class JudgementGiven(WordsToCustomer):
    model_config = _example(
        reason_sufficient=True,
        demand_reasonable=True,
        explanation="The spindle alarm is a fault of the delivered batch; an exchange is due to you.",
        cause="The encoders of batch 2026-41 lose contact when warm.",
        impact="The line stood still for a day.",
        origin="supplier",
        needs=["valued", "certainty"],
    )

    reason_sufficient: bool
    demand_reasonable: bool
    explanation: LongText
    """What the customer is told; tactful above all when the complaint is not valid. It blames nobody."""
    cause: LongText | None = None
    """Why it happened. It stays within the company, as do the following."""
    impact: LongText | None = None
    """What it did to the customer."""
    origin: Origin | None = None
    """Where the cause lies."""
    needs: Annotated[list[Need], Field(max_length=len(Need), default_factory=list)]
    """What the customer needs beside the thing itself."""

    def judgement(self) -> Judgement:
        return Judgement(
            self.reason_sufficient,
            self.demand_reasonable,
            self.cause and mask(self.cause),
            self.impact and mask(self.impact),
            self.origin,
            tuple(dict.fromkeys(self.needs)),
        )


class OfferProposed(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    remedies: Annotated[list[Remedy], Field(min_length=1, max_length=len(Remedy))]
    description: LongText
    value: Money | None = None
    """What the solution is worth to the customer."""
    solution: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}$")] | None = None
    """Its code, if it was suggested."""

    def proposed(self) -> Solution:
        return Solution(tuple(dict.fromkeys(self.remedies)), self.description, self.value, self.solution)


class OffersProposed(WordsToCustomer):
    model_config = _example(
        offers=[
            {
                "remedies": ["exchange", "apology"],
                "description": "We exchange the machine within five days.",
                "value": {"amount": "12000.00", "currency": "CNY"},
            },
            {"remedies": ["repair", "discount"], "description": "We repair it on site and take 10 % off."},
        ]
    )

    offers: Annotated[list[OfferProposed], Field(min_length=1, max_length=4)]
    """In order: the best that the company can do first."""
    approval_id: UUID | None = None
    """Of a permit that was granted, for offers beyond your limits."""


class Consent(BaseModel):
    model_config = _example(offer_id="0b9f7f3e-6a55-5ad5-a3d2-2f2f3f8e4f10", via="phone")

    offer_id: UUID
    via: Via


class Objection(BaseModel):
    model_config = _example(reason="The customer wants their money back.", via="phone")

    reason: LongText
    via: Via


class FirstValue(BaseModel):
    model_config = _example(
        value={"amount": "12800.00", "currency": "CNY"},
        reason="The price by the contract, with the mounting.",
    )

    value: Money
    """V1: what the customer expected to have."""
    reason: LongText
    approval_id: UUID | None = None
    """Of a permit that was granted, for less than the customer told."""


class NewVisit(BaseModel):
    model_config = _example(
        people=["zhao.lin"],
        starts_at="2026-03-04T09:00:00+08:00",
        vehicle="van with lift",
        purpose="Look at the spindle while it is warm; take an encoder along.",
    )

    people: Annotated[list[ShortText], Field(min_length=1, max_length=20)]
    """Who goes, by their ids in the directory."""
    starts_at: WrittenMoment
    vehicle: ShortText | None = None
    """Not its number plate."""
    purpose: LongText


class VisitShown(View):
    id: UUID
    people: list[str]
    starts_at: datetime
    vehicle: str | None = None
    purpose: str
    planned_by: str
    planned_at: datetime


class SuggestedOffer(View):
    """A solution that fits, as it could be offered."""

    rank: int
    solution: str
    """Its code in the rulebook of remedies: send it with the offer."""
    title: Bilingual
    description: Bilingual
    """A draft: make it concrete."""
    remedies: list[Remedy]
    value: Money | None = None
    """What to say that it is worth; absent when nothing in it is material."""
    second_value: Money
    """V2: what it is worth to the customer with what is not material."""
    cost: Money
    """What it costs the company."""
    enough: bool
    """Is V2 at least V1 + C?"""
    asked_for: bool
    """Did the customer ask for something in it?"""
    fits: bool
    """Is it meant for such a matter? Otherwise it is there because little else is left."""
    needs: dict[Remedy, Supply]
    """What must be there before it is promised."""

    @classmethod
    def of(cls, rank: int, each: Suggestion, needs: dict[Remedy, Supply], currency: str) -> "SuggestedOffer":
        row = each.row
        return cls(
            rank=rank,
            solution=row.code,
            title=Bilingual(en=row.title_en, zh=row.title_zh),
            description=Bilingual(en=row.description_en, zh=row.description_zh),
            remedies=list(row.remedies),
            value=None if each.value is None else money(each.value, currency),
            second_value=money(each.worth.total, currency),
            cost=money(each.worth.cost, currency),
            enough=each.reaches,
            asked_for=each.asked_for,
            fits=each.fits,
            needs=needs,
        )


class SuggestedOffers(View):
    first_value: Money | None
    """V1; absent when nobody told it. Then only the cost of complaining has to be made good."""
    cost: Money
    """C."""
    rulebook_version: int
    offers: list[SuggestedOffer]
    """The best first; nothing that the customer was offered before."""


class SuggestedExplanation(View):
    occasion: str
    text: Bilingual
    """A draft, to be made concrete."""


class SimilarCase(View):
    """A case about the same sort of matter that ended well."""

    id: UUID
    reference: str
    category: str | None
    same_product: bool
    same_batch: bool
    cause: str | None
    remedies: list[Remedy]
    """What the customer agreed to."""
    result: str
    """What helped, as that customer was told."""
    outcome: Outcome
    closed_at: datetime
