"""Whom to write to: asked of intake at the moment of use, and kept nowhere."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from services.notification.together import Together


class Contact(BaseModel):
    """What intake says about a customer: personal data, asked for at the moment of sending and not kept."""

    complaint_id: UUID
    customer_id: UUID | None = None
    """By which their wishes are found. An intake of the release before does not tell it."""
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: Literal["en", "zh"]
    tracking_url: str


class Contacts(Together[Contact]):
    """By the complaints that they made."""

    path, asked_by = "/intake/v1/contacts", "complaint"
    unknown, unknown_for_ever = "intake does not know the complaint", False
    answers = TypeAdapter(list[Contact])

    def id_of(self, contact: Contact) -> UUID:
        return contact.complaint_id


class AffectedContact(BaseModel):
    """What intake says about a customer of a field action: personal data, likewise."""

    customer_id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: Literal["en", "zh"]


class AffectedContacts(Together[AffectedContact]):
    """By their own ids."""

    path, asked_by = "/intake/v1/customers/contacts", "customer"
    unknown, unknown_for_ever = "intake knows no way to the customer", True
    answers = TypeAdapter(list[AffectedContact])

    def id_of(self, contact: AffectedContact) -> UUID:
        return contact.customer_id
