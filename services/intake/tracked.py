"""Shapes of tracking in HTTP: what the customer sees and answers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.attachments.schemas import AttachmentTracked
from services.intake.record.parts import Body
from services.intake.record.seen import StatementShown
from shared.events.vocabulary import Channel, Money, Outcome, Remedy
from shared.text import LongText


class OfferSeen(BaseModel):
    """One of the solutions on offer."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    offer_id: UUID
    rank: int
    """1 is the best that the company can do."""
    remedies: list[Remedy]
    description: str
    value: Money | None = None


class StepData(BaseModel):
    """What belongs to a step; which of it there is follows from the step."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    category: str | None = None
    handler: str | None = None
    """Work name."""
    department: str | None = None
    reply_by: datetime | None = None
    explanation: str | None = None
    offers: int | None = None
    """How many lie before you."""
    round: int | None = None
    offer_id: UUID | None = None
    message: str | None = None
    result: str | None = None
    outcome: Outcome | None = None
    number: int | None = None
    """Of the addition or the message."""
    channel: Channel | None = None
    restated: bool | None = None
    from_customer: bool | None = None


class StepShown(BaseModel):
    """One entry of what happened."""

    at: datetime
    step: str
    data: StepData


class AdditionSeen(BaseModel):
    """A later contact, as the customer sees it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    at: datetime
    channel: Channel
    said: str | None = None
    restatement: str | None = None
    """What we understood; say whether it is right."""
    confirmed: bool | None = None
    """What you answered; absent while you have not."""


class Tracking(BaseModel):
    """Everything that the customer may see of the case."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reference: str
    registered_at: datetime
    status: str
    statement: StatementShown
    handler_name: str | None = None
    department: str | None = None
    promised_at: datetime | None = None
    """By then a reply goes out, whatever the progress."""
    seconds_to_promise: int | None = None
    """Negative when the promised time has passed."""
    offers: list[OfferSeen]
    offers_answer: str | None = None
    explanation: str | None = None
    result: str | None = None
    opinion_asked: bool
    outcome: Outcome | None = None
    withdrawn_at: datetime | None = None
    """When you withdrew the complaint."""
    reopen_until: datetime | None = None
    """Until then you can have the closed case taken up again."""
    reopening_asked_at: datetime | None = None
    """When you asked for it."""
    additions: list[AdditionSeen]
    attachments: list[AttachmentTracked]
    """What the customer sent, and what was shown to them."""
    merged: bool = False
    """Handled together with another complaint about the same matter: what you see is the progress of both."""
    steps: list[StepShown]


class Answered(BaseModel):
    """The customer's answer was recorded."""

    reference: str
    status: str
    offers_answer: str | None = None
    outcome: Outcome | None = None


class Choice(Body):
    """The answer to the offers: one of them, or an objection to all."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"offer_id": "0190b7a4-0000-7000-8000-000000000001"}]}
    )

    offer_id: UUID | None = None
    decline: Literal[True] | None = None
    reason: LongText | None = None
    """Why none of the offers will do."""


class Opinion(Body):
    """What the result is worth to the customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "satisfied"}]})

    outcome: Outcome
    comment: LongText | None = None
    trust_restored: bool | None = None
    """Do you trust us again?"""
