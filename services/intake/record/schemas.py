"""Shapes of the record's part of the HTTP interface."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.intake.record.asking import Question
from services.intake.record.customer import Email, Phone
from services.intake.record.parts import Body, Told
from services.intake.record.seen import ToldShown
from shared.events.vocabulary import Channel, Emotion, Valence
from shared.reply_policy.answering import WordsToCustomer
from shared.text import LongText, ShortText

EXAMPLE: dict[str, Any] = {
    "channel": "phone",
    "said": "It is five of every hundred, and the line has been standing still since Monday.",
    "emotion": "angry",
    "facts": {"quantity": {"affected": "12", "total": "240", "unit": "pieces"}, "where": "Hall 3"},
    "claimed_losses": [{"kind": "line_stop", "amount": {"amount": "18500.00", "currency": "CNY"}}],
    "restatement": {"text": "12 of 240 motors show R4; your line stands still.", "confirmed": True},
}

Past = Annotated[AwareDatetime, Field(ge=datetime(1990, 1, 1, tzinfo=UTC))]


def _corrected_or_confirmed(confirmed: bool | None, correction: str | None) -> None:
    if confirmed is False and correction is None:
        raise ValueError("say in `correction` what is not right 请在 correction 中说明哪里不对")
    if confirmed is not False and correction is not None:
        raise ValueError("a correction belongs to `confirmed: false` 有更正内容时 confirmed 应为 false")


class Confirmation(Body):
    """Did we understand the customer rightly?"""

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirmed": True}]})

    confirmed: bool
    correction: LongText | None = None
    """What is not right, in the customer's own words; required unless it is confirmed."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _corrected_or_confirmed(self.confirmed, self.correction)
        return self


class Restatement(Body):
    """What the handler understood, in their words, as restated to the customer."""

    text: LongText
    confirmed: bool | None = None
    """Left out when the customer has yet to say; they can in tracking."""
    correction: LongText | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _corrected_or_confirmed(self.confirmed, self.correction)
        return self


class ContactGiven(Body):
    """How the customer can be reached, as given in this contact."""

    name: ShortText | None = None
    email: Email | None = None
    phone: Phone | None = None
    address: ShortText | None = None


class NewAddition(Told, WordsToCustomer):
    """What a further contact told. Everything but `channel` may be left out, but not all of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    channel: Channel
    contact_at: Past | None = None
    """When the customer said it; now, when left out."""
    said: LongText | None = None
    """In the customer's own words."""
    emotion: Emotion | None = None
    """How the customer came across in this contact."""
    restatement: Restatement | None = None
    contact: ContactGiven | None = None

    @model_validator(mode="after")
    def _adds_something(self) -> Self:
        if not (self.said or self.emotion or self.restatement or self.told() or self.contact_given()):
            raise ValueError("it adds nothing: send at least one more field 没有补充内容，请至少填写一项")
        return self

    def told(self) -> dict[str, Any]:
        """The parts of the record, in the shape in which a complaint is posted."""
        whole = self.model_dump(mode="json", exclude_defaults=True, include=set(Told.model_fields))
        return {name: value for name, value in whole.items() if value}

    def contact_given(self) -> dict[str, str]:
        return self.contact.model_dump(exclude_none=True) if self.contact else {}


class Added(BaseModel):
    """The addition was recorded; what is still missing, and what to ask for next."""

    id: UUID
    number: int
    added_at: datetime
    completeness: float
    missing: list[str]
    next_question: Question | None = None


class ConfirmationShown(BaseModel):
    confirmed: bool
    correction: str | None = None
    answered_by: str
    answered_at: datetime


class AdditionShown(Added):
    """An addition for staff, with personal data masked."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    contact_at: datetime
    added_by: str
    channel: Channel
    said: str | None = None
    emotion: Emotion | None = None
    valence: Valence | None = None
    restatement: str | None = None
    confirmation: ConfirmationShown | None = None
    """What the customer said to the restatement."""
    told: ToldShown
    """Parts of the record that it added."""
