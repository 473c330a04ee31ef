"""What was told of a complaint, masked: all that rules and classifier go by. Pure."""

from decimal import Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict

from shared.events import ComplaintRegistered, ComplaintSupplemented
from shared.events.intake import ClaimedLoss, MaskedStatement, ProductRef
from shared.events.vocabulary import (
    About,
    Against,
    Channel,
    ComplainantType,
    ContactRole,
    Emotion,
    Form,
    Kind,
    Language,
    Medium,
    Money,
    Remedy,
    Visibility,
)

MOST_CONTACTS = 100
"""Later contacts whose words are kept; of more, the newest."""


class Contact(BaseModel):
    """The words of a later contact, masked."""

    model_config = ConfigDict(frozen=True)

    said: str | None = None
    feeling: str | None = None
    wanted: str | None = None


class Told(BaseModel):
    """The registration, overlaid by what later contacts added. Names are those of the events."""

    model_config = ConfigDict(frozen=True)

    kind: Kind | None = None
    medium: Medium | None = None
    channel: Channel | None = None
    language: Language | None = None
    about: About | None = None
    form: Form | None = None
    against: Against | None = None
    visibility: Visibility | None = None
    complainant_type: ComplainantType | None = None
    statement: MaskedStatement | None = None
    product: ProductRef | None = None
    defect_rate: Decimal | None = None
    desired_remedies: tuple[Remedy, ...] = ()
    desired_amount: Money | None = None
    estimated_loss: Money | None = None
    claimed_losses: tuple[ClaimedLoss, ...] = ()
    emotion: Emotion | None = None
    taken_by: ContactRole | None = None
    contacts: tuple[Contact, ...] = ()

    @classmethod
    def registered(cls, event: ComplaintRegistered) -> Self:
        return cls(**{name: getattr(event, name) for name in _REGISTERED})

    def supplemented(self, event: ComplaintSupplemented) -> Self:
        """With what a later contact added; what it does not name stays."""
        named = {name: getattr(event, name) for name in _SUPPLEMENTED if getattr(event, name) is not None}
        if event.product is not None and self.product is not None:
            named["product"] = self.product.model_copy(update=event.product.model_dump(exclude_none=True))
        if event.said or event.feeling or event.wanted:
            words = Contact(said=event.said, feeling=event.feeling, wanted=event.wanted)
            named["contacts"] = (*self.contacts, words)[-MOST_CONTACTS:]
        return self.model_copy(update=named)

    @property
    def what_went_wrong(self) -> tuple[str, ...]:
        first = (self.statement.what_went_wrong,) if self.statement else ()
        return (*first, *(contact.said for contact in self.contacts if contact.said))

    @property
    def feeling(self) -> tuple[str, ...]:
        return tuple(words.feeling for words in (self.statement, *self.contacts) if words and words.feeling)

    @property
    def wanted(self) -> tuple[str, ...]:
        return tuple(words.wanted for words in (self.statement, *self.contacts) if words and words.wanted)

    @property
    def text(self) -> str:
        """All words, the statement first."""
        return "\n".join((*self.what_went_wrong, *self.feeling, *self.wanted))


_REGISTERED = Told.model_fields.keys() & ComplaintRegistered.model_fields.keys()
_SUPPLEMENTED = Told.model_fields.keys() & ComplaintSupplemented.model_fields.keys() - {"medium", "channel"}
# How a later contact came says nothing about how the complaint came.
