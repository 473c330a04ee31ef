"""Parts of the record as they are read: the shapes of `parts`, without the limits of what may be told.

What is free text is masked when a part is validated with `known` in the context, as staff must read it; ids,
amounts and our own words stand as they are.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

from shared.events.vocabulary import (
    About,
    Against,
    Aspect,
    Compensation,
    ContactRole,
    GapSource,
    Loss,
    Money,
    Remedy,
    SaleMode,
    SaleStep,
    Visibility,
)
from shared.masking import mask


def _masked(text: str, info: ValidationInfo) -> str:
    return mask(text, info.context["known"]) if info.context else text


FreeText = Annotated[str, AfterValidator(_masked)]


class Part(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class StatementShown(Part):
    """The three questions, in the customer's own words."""

    what_went_wrong: FreeText
    feeling: FreeText | None = None
    wanted: FreeText | None = None


class WordsShown(Part):
    """Answers that were missing when the complaint was told."""

    feeling: FreeText | None = None
    wanted: FreeText | None = None


class OrderShown(Part):
    id: str | None = None
    contract_id: str | None = None


class ProductShown(Part):
    id: str | None = None
    name: FreeText | None = None
    model: FreeText | None = None
    batch: str | None = None
    supplier: FreeText | None = None


class QuantityShown(Part):
    """How many are affected, of how many."""

    affected: Decimal
    total: Decimal | None = None
    unit: FreeText | None = None


class FactsShown(Part):
    """5W2H."""

    who: FreeText | None = None
    what: FreeText | None = None
    phenomenon: FreeText | None = None
    when: datetime | None = None
    where: FreeText | None = None
    region: str | None = None
    """By ISO 3166."""
    why: FreeText | None = None
    how: FreeText | None = None
    how_many: FreeText | None = None
    quantity: QuantityShown | None = None
    defect_rate: Decimal | None = None
    """Share that is faulty, 0 to 1."""


class ExpectationShown(Part):
    aspects: list[Aspect] = []
    expected: FreeText | None = None
    received: FreeText | None = None
    source: GapSource | None = None


class SaleShown(Part):
    step: SaleStep | None = None
    mode: SaleMode | None = None


class ClaimedLossShown(Part):
    kind: Loss
    amount: Money
    note: FreeText | None = None


class AccusedShown(Part):
    """The person complained about, without the name."""

    staff_id: str | None = None
    department: str | None = None


class TakenByShown(Part):
    """Who of the company heard it first."""

    role: ContactRole
    staff_id: str | None = None
    department: str | None = None


class ToldShown(Part):
    """Parts of the record that a contact told, with personal data masked."""

    statement: WordsShown | None = None
    about: About | None = None
    against: Against | None = None
    visibility: Visibility | None = None
    order: OrderShown | None = None
    product: ProductShown | None = None
    facts: FactsShown | None = None
    expectation: ExpectationShown | None = None
    sale: SaleShown | None = None
    desired_remedies: list[Remedy] | None = None
    desired_amount: Money | None = None
    desired_compensation: list[Compensation] | None = None
    estimated_loss: Money | None = None
    claimed_losses: list[ClaimedLossShown] | None = None
    accused: AccusedShown | None = None
