"""Shapes of intake's HTTP interface."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import Url

from services.intake.record.asking import Question
from services.intake.record.customer import Customer, Statement
from services.intake.record.parts import (
    Accused,
    Body,
    ClaimedLosses,
    Compensations,
    Expectation,
    Facts,
    Order,
    Product,
    PublicLink,
    Remedies,
    Sale,
    TakenBy,
)
from services.intake.record.seen import (
    AccusedShown,
    ClaimedLossShown,
    ExpectationShown,
    FactsShown,
    OrderShown,
    ProductShown,
    SaleShown,
    StatementShown,
    TakenByShown,
)
from shared.events.vocabulary import (
    About,
    Against,
    Channel,
    Compensation,
    ComplainantType,
    Emotion,
    Form,
    Kind,
    Language,
    Money,
    Remedy,
    Valence,
    Visibility,
)

EXAMPLE: dict[str, Any] = {
    "channel": "web_form",
    "language": "en",
    "about": "goods",
    "statement": {
        "what_went_wrong": "The motor shows alarm R4 after ten minutes and our line stands still.",
        "feeling": "We feel left alone: the third time this year.",
        "wanted": "A replacement this week, and an explanation.",
    },
    "customer": {"external_id": "C-1042", "name": "Ann Example", "email": "ann@example.com"},
    "order": {"id": "SO-2026-118"},
    "product": {"id": "M-7", "name": "Servo motor", "model": "M7-400", "batch": "2026-41"},
    "desired_remedies": ["exchange", "explanation"],
}


class NewComplaint(Body):
    """What is known so far. Only `channel` and `statement.what_went_wrong` are required."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    kind: Kind = Kind.COMPLAINT
    channel: Channel
    language: Language | None = None
    """In which we answer; that of `statement.what_went_wrong` when left out."""
    about: About | None = None
    form: Form | None = None
    """Written or oral; follows from the channel when left out."""
    against: Against | None = None
    """The organisation when left out, unless a person is named."""
    visibility: Visibility | None = None
    """Private when left out, unless there is a public link."""
    statement: Statement
    customer: Customer = Customer()
    order: Order | None = None
    product: Product | None = None
    facts: Facts | None = None
    expectation: Expectation | None = None
    sale: Sale | None = None
    desired_remedies: Remedies = ()
    desired_amount: Money | None = None
    desired_compensation: Compensations = ()
    """Moral or material; follows from the desired remedies when left out."""
    estimated_loss: Money | None = None
    claimed_losses: ClaimedLosses = ()
    emotion: Emotion | None = None
    """How the customer came across in this first contact."""
    taken_by: TakenBy | None = None
    """Left out when the customer wrote it themselves."""
    accused: Accused | None = None
    """The person complained about; `against` is then `person`."""
    public_link: PublicLink | None = None
    """Where it stands in public; `visibility` is then `public`."""

    @field_validator("accused")
    @classmethod
    def _is_against_a_person(cls, accused: Accused | None, rest: ValidationInfo) -> Accused | None:
        if accused is not None and rest.data.get("against") is Against.ORGANISATION:
            raise ValueError("leave it out, or say that it is against a person 请删除，或将投诉对象改为个人")
        return accused

    @field_validator("public_link")
    @classmethod
    def _is_public(cls, link: Url | None, rest: ValidationInfo) -> Url | None:
        if link is not None and rest.data.get("visibility") is Visibility.PRIVATE:
            raise ValueError(
                "what stands in public is not private: leave one of them out 已公开的投诉不能设为非公开"
            )
        return link


class Registered(BaseModel):
    """The complaint was recorded and cannot be lost any more."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    reference: str
    """What the customer quotes."""
    tracking_token: str
    """With the reference it opens the customer's view. Give it to the customer only."""
    tracking_url: str
    registered_at: datetime
    completeness: float
    missing: list[str]
    next_question: Question | None = None
    """What to ask next; null when nothing is missing."""


class ComplaintSummary(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    reference: str
    registered_at: datetime
    kind: Kind
    channel: Channel
    status: str
    category: str | None = None
    severity: str | None = None
    leading_id: UUID | None = None
    """The complaint that this one was merged into: work goes on there."""


class Mood(BaseModel):
    """The customer's emotion in one contact."""

    at: datetime
    emotion: Emotion
    valence: Valence


class Complaint(ComplaintSummary):
    """A complaint as it is known now, for staff and other systems, with personal data masked.

    The statement is what was told first; of everything else the newest word counts.
    """

    language: Language
    about: About | None = None
    form: Form
    against: Against
    visibility: Visibility
    complainant_type: ComplainantType | None = None
    statement: StatementShown
    customer_id: UUID
    order: OrderShown | None = None
    product: ProductShown | None = None
    facts: FactsShown | None = None
    expectation: ExpectationShown | None = None
    sale: SaleShown | None = None
    desired_remedies: list[Remedy]
    desired_amount: Money | None = None
    desired_compensation: list[Compensation]
    estimated_loss: Money | None = None
    claimed_losses: list[ClaimedLossShown]
    accused: AccusedShown | None = None
    """Without the name."""
    taken_by: TakenByShown | None = None
    additions: int
    """How many later contacts added to it."""
    moods: list[Mood]
    """The customer's emotion from contact to contact."""
    mood_turned: bool
    """It was negative once, and is positive now."""
    completeness: float
    missing: list[str]
    next_question: Question | None = None


class Contact(BaseModel):
    """How to reach the customer: personal data, for services that must tell the customer something."""

    complaint_id: UUID
    customer_id: UUID
    name: str | None
    email: str | None
    phone: str | None
    language: Language
    tracking_url: str
    public_link: str | None = None
    """Where the customer complained in public, and reads an answer."""
    accused_name: str | None = None
    """What the customer calls the person complained about."""
