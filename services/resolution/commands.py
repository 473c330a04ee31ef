"""What callers send to act on a case."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.resolution.model import Ending, Solution
from shared.events.vocabulary import Money, Outcome, Remedy
from shared.text import LongText, ShortText


class Via(StrEnum):
    """How the customer said it, when not by tracking."""

    PHONE = "phone"
    EMAIL = "email"
    COUNTER = "counter"


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class Acceptance(BaseModel):
    model_config = _example(handler_id="e-1007")

    handler_id: ShortText | None = None
    """Who takes the case up; left out: the person it was assigned to, or else the caller."""


class JudgementGiven(BaseModel):
    model_config = _example(
        reason_sufficient=True,
        demand_reasonable=True,
        explanation="The spindle alarm is a fault of the delivered batch; an exchange is due to you.",
    )

    reason_sufficient: bool
    demand_reasonable: bool
    explanation: LongText
    """What the customer is told; tactful above all when the complaint is not valid."""


class OfferProposed(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    remedies: Annotated[list[Remedy], Field(min_length=1, max_length=len(Remedy))]
    description: LongText
    value: Money | None = None
    """What the solution is worth to the customer."""

    def solution(self) -> Solution:
        return Solution(tuple(dict.fromkeys(self.remedies)), self.description, self.value)


class OffersProposed(BaseModel):
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


class Consent(BaseModel):
    model_config = _example(offer_id="0b9f7f3e-6a55-5ad5-a3d2-2f2f3f8e4f10", via="phone")

    offer_id: UUID
    via: Via


class Objection(BaseModel):
    model_config = _example(reason="The customer wants their money back.", via="phone")

    reason: LongText
    via: Via


class Result(BaseModel):
    model_config = _example(result="The machine was exchanged; the new one runs without alarms.")

    result: LongText
    """What was done and with which measures, as the customer is told."""


class Reply(BaseModel):
    model_config = _example(message="The part is on its way; we mount it on Thursday.")

    message: LongText


class Closing(BaseModel):
    model_config = _example(outcome="satisfied", reason="The customer said so on the telephone.")

    outcome: Outcome
    reason: LongText
    """How the opinion became known, or why the case closes without one."""
    without_opinion: bool = False
    """The customer did not answer when asked: possible after the follow-ups that the rulebook `listening` wants."""
    negative_reason: LongText | None = None
    """Why it closes although the customer's last emotion is negative; without it that is refused."""
    trust_restored: bool | None = None
    """Does the customer trust the company again, by their own word? Left out: they did not say."""

    @property
    def ending(self) -> Ending:
        return Ending(
            without_opinion=self.without_opinion,
            negative_reason=self.negative_reason,
            trust_restored=self.trust_restored,
        )


class Resumption(BaseModel):
    model_config = _example(reason="On the telephone the customer said that the noise came back.")

    reason: LongText
