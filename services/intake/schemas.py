"""Shapes of intake's HTTP interface."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from shared.events.vocabulary import (
    About,
    Against,
    Channel,
    ComplainantType,
    Form,
    Kind,
    Language,
    Money,
    Outcome,
    Remedy,
    Visibility,
)
from shared.text import LongText, ShortText

_ORDINARY_ADDRESS = re.compile(r"(?=.{1,64}@)([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]{1,180})")


def _email(given: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """An ordinary mailbox at a host that is known to be valid needs no second look: it takes half a millisecond."""
    ordinary = _ORDINARY_ADDRESS.fullmatch(given) if isinstance(given, str) else None
    host = ordinary and _mail_host(ordinary[2])
    return f"{ordinary[1]}@{host}" if ordinary and host else validate(given)


@lru_cache(maxsize=4096)
def _mail_host(host: str) -> str | None:
    """The host as it is kept, or None when no mail can go there."""
    try:
        return validate_email(f"x@{host}", check_deliverability=False).domain
    except EmailNotValidError:
        return None


Email = Annotated[EmailStr, WrapValidator(_email)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Statement(Body):
    """The three questions, in the customer's own words."""

    what_went_wrong: LongText
    feeling: LongText | None = None
    """How the customer feels about it."""
    wanted: LongText | None = None
    """Which solution the customer wants."""


class Customer(Body):
    external_id: ShortText | None = None
    """The customer's number in your own system; complaints of the same number belong to one customer."""
    type: ComplainantType = ComplainantType.EXTERNAL
    name: ShortText | None = None
    email: Email | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{4,30}$")] | None = None
    address: ShortText | None = None


class Order(Body):
    id: ShortText | None = None
    contract_id: ShortText | None = None


class Product(Body):
    id: ShortText | None = None
    name: ShortText | None = None
    model: ShortText | None = None
    batch: ShortText | None = None


class Facts(Body):
    """5W2H, quantified as far as possible."""

    who: ShortText | None = None
    what: LongText | None = None
    when: AwareDatetime | None = None
    where: ShortText | None = None
    why: LongText | None = None
    how: LongText | None = None
    how_many: ShortText | None = None
    """For example `12 of 240 pieces`."""


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
    language: Language = Language.ZH
    about: About | None = None
    form: Form | None = None
    """Written or oral; follows from the channel when left out."""
    against: Against = Against.ORGANISATION
    visibility: Visibility = Visibility.PRIVATE
    statement: Statement
    customer: Customer = Customer()
    order: Order | None = None
    product: Product | None = None
    facts: Facts | None = None
    desired_remedies: Annotated[tuple[Remedy, ...], Field(max_length=11)] = ()
    desired_amount: Money | None = None
    estimated_loss: Money | None = None


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


class Complaint(ComplaintSummary):
    """A complaint for staff and other systems, with personal data masked."""

    language: Language
    about: About | None = None
    form: Form
    against: Against
    visibility: Visibility
    statement: Statement
    customer_id: UUID
    order: dict[str, Any] | None = None
    product: dict[str, Any] | None = None
    facts: dict[str, Any] | None = None
    desired_remedies: list[Remedy]
    desired_amount: dict[str, Any] | None = None
    estimated_loss: dict[str, Any] | None = None
    completeness: float
    missing: list[str]


class Contact(BaseModel):
    """How to reach the customer: personal data, for services that must tell the customer something."""

    name: str | None
    email: str | None
    phone: str | None
    language: Language
    tracking_url: str


class StepShown(BaseModel):
    at: datetime
    step: str
    data: dict[str, Any]


class Tracking(BaseModel):
    """Everything that the customer may see of the case."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reference: str
    registered_at: datetime
    status: str
    statement: Statement
    handler_name: str | None = None
    department: str | None = None
    promised_at: datetime | None = None
    """By then a reply goes out, whatever the progress."""
    seconds_to_promise: int | None = None
    """Negative when the promised time has passed."""
    offers: list[dict[str, Any]]
    offers_answer: str | None = None
    explanation: str | None = None
    result: str | None = None
    opinion_asked: bool
    outcome: Outcome | None = None
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
