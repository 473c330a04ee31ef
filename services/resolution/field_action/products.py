"""Which goods a complaint is about, and whose it is: what field actions are made from. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.resolution.field_action.customers import Letter
from shared.aggregate import Aggregate
from shared.events.intake import ProductRef


@dataclass(frozen=True)
class Goods:
    """What is told of a complaint's goods. What is None was not told now."""

    customer_id: UUID | None = None
    registered_at: datetime | None = None
    product: str | None = None
    model: str | None = None
    batch: str | None = None


@dataclass(kw_only=True)
class Concerning(Aggregate):
    """A case does not keep its goods: what is told of them passes through to their table."""

    new_goods: Goods | None = field(default=None, repr=False, compare=False)
    """Waits to be saved."""
    letters: list[Letter] = field(default_factory=list, repr=False, compare=False)
    """What became of letters about field actions that this complaint gave rise to: waits to be saved."""

    def concern(self, customer_id: UUID, registered_at: datetime, product: ProductRef | None) -> None:
        """The registration told whose complaint it is and which goods it is about."""
        told = _named(product) if product else Goods()
        self.new_goods = replace(told, customer_id=customer_id, registered_at=registered_at)

    def concern_further(self, product: ProductRef) -> None:
        """A later contact told more: what it does not name stays."""
        before, told = self.new_goods or Goods(), _named(product)
        named = {name: value for name, value in vars(told).items() if value is not None}
        self.new_goods = replace(before, **named)


def _named(product: ProductRef) -> Goods:
    return Goods(product=product.id, model=product.model, batch=product.batch)
