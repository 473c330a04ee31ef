"""Which goods a complaint is about, and whose it is: what field actions are made from. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.resolution.field_action.customers import Letter
from shared.aggregate import Aggregate
from shared.events.intake import ProductRef


@dataclass(frozen=True)
class Goods:
    """What is known of a complaint's goods. Whose it is stands there only with the registration."""

    customer_id: UUID | None = None
    registered_at: datetime | None = None
    product: str | None = None
    model: str | None = None
    batch: str | None = None


@dataclass(kw_only=True)
class Concerning(Aggregate):
    """The table by which field actions find the goods follows what the case was told of them."""

    new_goods: Goods | None = field(default=None, repr=False, compare=False)
    """Waits to be saved."""
    letters: list[Letter] = field(default_factory=list, repr=False, compare=False)
    """What became of letters about field actions that this complaint gave rise to: waits to be saved."""

    def concern(self, customer_id: UUID, registered_at: datetime, product: ProductRef) -> None:
        """The registration told whose complaint it is and which goods it is about."""
        self.new_goods = Goods(customer_id, registered_at)
        self.concern_further(product)

    def concern_further(self, product: ProductRef) -> None:
        """A later contact told more: `product` is all that is known by now."""
        whose = self.new_goods or Goods()
        self.new_goods = replace(whose, product=product.id, model=product.model, batch=product.batch)
