"""Shapes of the register of contacts."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.record.customer import Email, Phone
from services.intake.record.parts import Body
from shared.events.vocabulary import Language
from shared.text import ShortText

MOST = 500


class CustomerContactTold(Body):
    """How one customer is reached."""

    external_id: ShortText
    """Their number in your own system: complaints of the same number are theirs."""
    name: ShortText | None = None
    email: Email | None = None
    phone: Phone | None = None
    language: Language
    """In which they are written to."""

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.email is None and self.phone is None:
            raise ValueError("give an e-mail address or a telephone number 请提供邮箱或电话")
        return self


class ContactsTold(Body):
    """How customers are reached."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "contacts": [
                        {
                            "external_id": "C-2077",
                            "name": "Ann Example",
                            "email": "ann@example.com",
                            "language": "en",
                        }
                    ]
                }
            ]
        }
    )

    contacts: Annotated[list[CustomerContactTold], Field(min_length=1, max_length=MOST)]
    """Send more in further requests. Of one customer the last word counts."""


class CustomersKnown(BaseModel):
    """Under which ids they are known from now on."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    customer_ids: list[UUID]
    """In the order of `contacts`. The id follows from `external_id`: told again, it is the same."""


class CustomerContact(BaseModel):
    """How to reach a customer: personal data."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    customer_id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: Language
