"""What the customer told that solutions and their worth are found by: the newest of it, and the worst mood. Pure."""

from decimal import Decimal
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from shared.events import ComplaintRegistered, ComplaintSupplemented
from shared.events.intake import ProductRef
from shared.events.vocabulary import Aspect, Channel, Emotion, Money, Remedy

_MOODS = [
    Emotion.ANGRY,
    Emotion.AGGRIEVED,
    Emotion.ANXIOUS,
    Emotion.DISAPPOINTED,
    Emotion.CALM,
    Emotion.RELIEVED,
    Emotion.SATISFIED,
    Emotion.GRATEFUL,
]
"""The worst first."""
LARGEST = Decimal("999999999999.99")
"""The most that can be written down as money."""
IN_PERSON = frozenset({Channel.STORE, Channel.SERVICE_CENTRE})
"""Channels for which the customer has to travel."""


class Told(BaseModel):
    """Nothing in it says who the customer is."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    product: ProductRef = ProductRef()
    """What it is about: all that was told of it so far. Whoever needs the product reads it here."""
    aspects: tuple[Aspect, ...] = ()
    desired_remedies: tuple[Remedy, ...] = ()
    desired_amount: Money | None = None
    estimated_loss: Money | None = None
    claimed_losses: tuple[Money, ...] = ()
    worst_emotion: Emotion | None = None
    contacts: int = 0
    """How often the customer had to turn to us."""
    visits: int = 0
    """Of these, in person."""

    def and_then(self, event: ComplaintRegistered | ComplaintSupplemented) -> Self:
        """With what a further contact told; what it does not say stays."""
        changes: dict[str, Any] = {
            "contacts": self.contacts + 1,
            "visits": self.visits + (event.channel in IN_PERSON),
            "worst_emotion": _worse(self.worst_emotion, event.emotion),
        }
        if event.product is not None:
            changes["product"] = self.product.model_copy(update=event.product.model_dump(exclude_none=True))
        if event.expectation is not None:
            changes["aspects"] = event.expectation.aspects
        for name in ("desired_remedies", "desired_amount", "estimated_loss"):
            if getattr(event, name):
                changes[name] = getattr(event, name)
        if event.claimed_losses:
            changes["claimed_losses"] = tuple(loss.amount for loss in event.claimed_losses)
        return self.model_copy(update={name: value for name, value in changes.items() if value is not None})

    def first_value(self) -> Money | None:
        """What the customer expected to have, as they told it: what they ask for, or the loss that they see; without
        either the sum of the losses that they claim, where these are in one currency."""
        named = [money for money in (self.desired_amount, self.estimated_loss) if money is not None]
        if named:
            same = [money for money in named if money.currency == named[0].currency]
            return max(same, key=lambda money: money.amount)
        currencies = {loss.currency for loss in self.claimed_losses}
        if len(currencies) != 1:
            return None
        amount = sum((loss.amount for loss in self.claimed_losses), Decimal())
        return Money(amount=min(amount, LARGEST), currency=currencies.pop())


def _worse(one: Emotion | None, other: Emotion | None) -> Emotion | None:
    return min(filter(None, (one, other)), key=_MOODS.index, default=None)


NOTHING_TOLD = Told()
