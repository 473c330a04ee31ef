"""The rulebook of authority: what everybody who works cases may grant at once. `authority.json` is version 0."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.events.vocabulary import Money, Remedy
from shared.rulebooks.model import Book, Content

Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]


class Allowance(BaseModel):
    """What may be granted without asking anybody."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    remedies: Annotated[tuple[Remedy, ...], Field(max_length=len(Remedy))]
    amounts: Annotated[dict[Annotated[str, Field(pattern="^[A-Z]{3}$")], Amount], Field(max_length=50)] = {}
    """At most so much, by currency; in a currency that is missing nothing that costs money."""

    def suffices(self, remedies: frozenset[Remedy], value: Money | None) -> bool:
        if not remedies <= set(self.remedies):
            return False
        return value is None or value.amount <= self.amounts.get(value.currency, Decimal(0))


class AuthorityTable(Content):
    """What may be granted whoever one is. The directory says what a person may grant beyond it; whatever nobody else
    may, an administrator may."""

    example: ClassVar[dict[str, Any]] = {
        "everybody": {"remedies": ["apology", "explanation", "repair"], "amounts": {"CNY": "500"}},
        "unlisted": {"remedies": ["apology", "explanation"]},
    }

    everybody: Allowance
    """Everybody who works cases: routing's directory is not asked."""
    unlisted: Allowance
    """Besides, an account that is nobody's in the directory (another system's)."""


AUTHORITY = Book(
    "authority",
    AuthorityTable,
    "table of authority",
    "授权表",
    ("services.resolution.offers", "authority.json"),
)
