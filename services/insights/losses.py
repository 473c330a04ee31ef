"""How much a customer stands to lose, in the bands of the texts (000-16). Pure.

The bounds are part of what the read tables hold: to change them, rebuild.
"""

from decimal import Decimal
from enum import StrEnum

from shared.events.vocabulary import Money


class Band(StrEnum):
    """Size of the loss that the customer names."""

    MINOR = "minor"
    MIDDLE = "middle"
    MAJOR = "major"


CNY = {"CNY": Decimal(1), "EUR": Decimal("7.8"), "USD": Decimal("7.2")}
"""What one unit of a currency is worth in yuan."""
MINOR_UP_TO = 5 * CNY["USD"]
"""The texts' small loss is 1 to 5 dollars."""
MAJOR_FROM = 100 * CNY["USD"]
"""Their large one is over 100 dollars."""


def yuan(money: Money | None) -> Decimal | None:
    """To the cent. None: no amount was named, or in a currency that is not known here."""
    if money is None or money.currency not in CNY:
        return None
    return (money.amount * CNY[money.currency]).quantize(Decimal("0.01"))


def band_of(loss: Money | None) -> Band | None:
    """None: no loss was named, or in a currency that is not known here."""
    amount = yuan(loss)
    if amount is None:
        return None
    return Band.MINOR if amount <= MINOR_UP_TO else Band.MAJOR if amount >= MAJOR_FROM else Band.MIDDLE
