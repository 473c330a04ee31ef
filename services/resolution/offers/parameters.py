"""The rulebook of values: by what the cost of a complaint to the customer is computed. `values.json` is version 0."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field

from shared.events.vocabulary import Emotion, Money
from shared.rulebooks.model import Book, Content
from shared.rulebooks.parameter import Parameter

Rate = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=6)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
_EXAMPLE = {
    "value": "30",
    "low": "20",
    "high": "60",
    "source_en": "Our own survey",
    "source_zh": "本公司调查",
}


class ValueTable(Content):
    """What it costs a customer to complain, and what they are worth to the company."""

    example: ClassVar[dict[str, Any]] = {
        "currency": "CNY",
        "rates": {"EUR": "7.8"},
        "direct_per_contact": _EXAMPLE,
        "hours_once": _EXAMPLE,
        "hours_per_contact": _EXAMPLE,
        "wage_per_hour": _EXAMPLE,
        "travel_per_visit": _EXAMPLE,
        "premium": dict.fromkeys(Emotion, _EXAMPLE),
        "orders_in_a_life": _EXAMPLE,
        "margin": {**_EXAMPLE, "value": "0.3", "low": "0.1", "high": "0.5"},
    }

    currency: Currency
    """In which everything is computed."""
    rates: Annotated[dict[Currency, Rate], Field(max_length=50)]
    """What one unit of another currency is worth in it."""
    direct_per_contact: Parameter
    """What one contact costs the customer: telephone, postage."""
    hours_once: Parameter
    """Hours that a complaint takes the customer besides the contacts: to look for receipts, to pack."""
    hours_per_contact: Parameter
    wage_per_hour: Parameter
    """What an hour of the customer's is worth."""
    travel_per_visit: Parameter
    premium: dict[Emotion, Parameter]
    """What it takes to make good for how the customer felt at worst; an emotion that is missing takes nothing."""
    orders_in_a_life: Parameter
    """How often a customer buys as much as this time. LTV = orders x first value x margin."""
    margin: Parameter

    def converted(self, money: Money) -> Decimal | None:
        """In the table's currency; None when the table has no rate for it."""
        if money.currency == self.currency:
            return money.amount
        rate = self.rates.get(money.currency)
        return None if rate is None else money.amount * rate


VALUES = Book(
    "values", ValueTable, "table of values", "价值参数表", ("services.resolution.offers", "values.json")
)
