"""Shapes of the dialogue in HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.record.parts import Body, Told
from shared.reply_policy.answering import WordsToCustomer
from shared.text import LongText


class NewMessage(Body):
    """Something to say or to ask."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "At which temperature does the alarm come?"}]}
    )

    text: Annotated[LongText, Field(max_length=4000)]


class MessageToCustomer(NewMessage, WordsToCustomer):
    """What a person of the company says to the customer, or asks."""


class MessageSeen(BaseModel):
    """A message as the customer reads it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    number: int
    """Counts the messages of the complaint, from 1."""
    written_at: datetime
    from_customer: bool
    signed: str | None = None
    """Who of the company wrote it, by work name."""
    text: str


class MessageShown(BaseModel):
    """A message as staff reads it, with personal data masked."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    number: int
    """Counts the messages of the complaint, from 1."""
    written_at: datetime
    from_customer: bool
    written_by: str
    """`customer`, or the caller's id."""
    text: str


class OwnAddition(Told):
    """What the customer adds. At least one field."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "said": "It has happened again this morning, on a second motor.",
                    "facts": {"quantity": {"affected": "2", "total": "240", "unit": "pieces"}},
                }
            ]
        }
    )

    said: LongText | None = None


class OwnAdded(BaseModel):
    """The addition was recorded."""

    id: UUID
    number: int
    added_at: datetime


class Withdrawal(Body):
    """The customer takes the complaint back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "It was my own mistake."}]})

    reason: LongText | None = None


class ReopeningAsked(Body):
    """The customer wants the closed case taken up again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "The alarm came back after a week."}]}
    )

    reason: LongText


class ReopeningNoted(BaseModel):
    """The wish was recorded; the case is open again in a moment."""

    reference: str
    asked_at: datetime


class Withdrawn(BaseModel):
    """The complaint was withdrawn."""

    reference: str
    withdrawn_at: datetime
