"""Parts of what is told: the shapes that a complaint and an addition to it share."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, UrlConstraints, model_validator
from pydantic_core import Url

from shared.events.vocabulary import (
    About,
    Aspect,
    Compensation,
    ContactRole,
    GapSource,
    Loss,
    Money,
    Remedy,
    SaleMode,
    SaleStep,
)
from shared.text import LongText, ShortText


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Order(Body):
    id: ShortText | None = None
    contract_id: ShortText | None = None


class Product(Body):
    id: ShortText | None = None
    name: ShortText | None = None
    model: ShortText | None = None
    batch: ShortText | None = None
    supplier: ShortText | None = None
    """Who made it, or the part of it that is at fault."""


_Count = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=3, allow_inf_nan=False)]


class Quantity(Body):
    """How many are affected, of how many."""

    affected: _Count
    total: Annotated[_Count, Field(gt=0)] | None = None
    unit: ShortText | None = None
    """For example `pieces` or `kg`."""

    @model_validator(mode="after")
    def _a_part_is_not_more_than_the_whole(self) -> Self:
        if self.total is not None and self.affected > self.total:
            raise ValueError("affected is more than total: correct one of them 受影响数量不能大于总数")
        return self


Region = Annotated[
    str, Field(pattern="^[A-Z]{2}(-[A-Z0-9]{1,3})?$", examples=["CN-31"], description="ISO 3166-1 or 3166-2")
]


class Facts(Body):
    """5W2H, quantified as far as possible."""

    who: ShortText | None = None
    what: LongText | None = None
    phenomenon: LongText | None = None
    """What can be seen, heard or measured of the fault."""
    when: AwareDatetime | None = None
    where: ShortText | None = None
    region: Region | None = None
    """Country, or part of it, by ISO 3166: CN, CN-31, DE-BY."""
    why: LongText | None = None
    how: LongText | None = None
    how_many: ShortText | None = None
    """For example `12 of 240 pieces`, when it is not known more exactly."""
    quantity: Quantity | None = None
    defect_rate: (
        Annotated[Decimal, Field(ge=0, le=1, max_digits=7, decimal_places=6, allow_inf_nan=False)] | None
    ) = None
    """Share that is faulty, 0 to 1: 5 % is 0.05. Follows from the quantity when left out."""


class Expectation(Body):
    """What the customer expected, and what they got."""

    aspects: Annotated[tuple[Aspect, ...], Field(max_length=len(Aspect))] = ()
    expected: LongText | None = None
    received: LongText | None = None
    source: GapSource | None = None
    """Where the difference comes from: what the customer understood, what the salesperson said, what the product is."""


class Sale(Body):
    """How it was sold, and where in the sale the trouble began."""

    step: SaleStep | None = None
    mode: SaleMode | None = None
    """Forced on the customer, explained, talked into, or found out together with them."""


class ClaimedLoss(Body):
    """A loss that the customer claims."""

    kind: Loss
    amount: Money
    note: ShortText | None = None


ClaimedLosses = Annotated[tuple[ClaimedLoss, ...], Field(max_length=20)]

Remedies = Annotated[tuple[Remedy, ...], Field(max_length=len(Remedy))]
Compensations = Annotated[tuple[Compensation, ...], Field(max_length=len(Compensation))]

StaffId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$", examples=["li.na"])]


class Accused(Body):
    """The person complained about. What the customer calls them is personal data."""

    staff_id: StaffId | None = None
    """Their id in the directory, if it is known."""
    name: ShortText | None = None
    department: ShortText | None = None

    @model_validator(mode="after")
    def _says_somebody(self) -> Self:
        if not (self.staff_id or self.name or self.department):
            raise ValueError("say whom: staff_id, name or department 请填写工号、姓名或部门")
        return self


class TakenBy(Body):
    """Who of the company heard it first: often no complaints handler, but whoever met the customer."""

    role: ContactRole
    staff_id: StaffId | None = None
    department: ShortText | None = None


PublicLink = Annotated[
    Url, UrlConstraints(max_length=2000, allowed_schemes=["http", "https"], host_required=True)
]
"""Where the complaint stands in public."""


class Words(Body):
    """Answers that were missing when the complaint was told, in the customer's own words."""

    feeling: LongText | None = None
    wanted: LongText | None = None


class Told(Body):
    """Parts of the record that a later contact can tell. Of the statement only what was missing is taken up."""

    statement: Words | None = None
    about: About | None = None
    order: Order | None = None
    product: Product | None = None
    facts: Facts | None = None
    expectation: Expectation | None = None
    sale: Sale | None = None
    desired_remedies: Remedies | None = None
    desired_amount: Money | None = None
    desired_compensation: Compensations | None = None
    estimated_loss: Money | None = None
    claimed_losses: ClaimedLosses | None = None
    accused: Accused | None = None
    public_link: PublicLink | None = None
    """Makes the complaint public; nothing makes it private again."""
