"""How a running field action addresses its customers, round by round. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.resolution.field_action.book import FIELD_ACTIONS, FieldActionRules
from services.resolution.field_action.customers import Customer
from shared.aggregate import Aggregate
from shared.events import FieldActionCustomerAddressed
from shared.events.field_action import Announcement, Measure
from shared.rulebooks.model import AS_SHIPPED, Books


@dataclass(kw_only=True)
class Addressing(Aggregate):
    """Those customers whose turn it is are loaded with the action."""

    books: Books = field(default=AS_SHIPPED, repr=False, compare=False)
    complaint_id: UUID | None = None
    """The complaint that gave rise to it; None while nothing was drafted under this id."""
    measures: tuple[Measure, ...] = ()
    announcement: Announcement | None = None
    next_round_at: datetime | None = None
    """Of a running one: when the next customers are addressed."""
    turn: tuple[Customer, ...] = field(default=(), repr=False, compare=False)
    """Of a running one: whose turn it is in the next round."""
    addressed: list[Customer] = field(default_factory=list, repr=False, compare=False)
    """Wait to be saved."""
    round_at: datetime | None = field(default=None, repr=False, compare=False)
    """When the round was that waits to be saved."""
    looks: bool = field(default=False, repr=False, compare=False)
    """With saving it, the store adds whoever has become known as affected."""

    @property
    def reference(self) -> str:
        """What customers quote."""
        return f"FA-{self.id.hex[-8:].upper()}"

    @property
    def rules(self) -> FieldActionRules:
        return self.books.read(FIELD_ACTIONS)

    def deadlines(self) -> Iterator[datetime]:
        if self.next_round_at is not None:
            yield self.next_round_at

    @property
    def wakes_at(self) -> datetime | None:
        return min(self.deadlines(), default=None)

    def time_passed(self, at: datetime) -> None:
        """A round: whose turn it is, is addressed; and the store looks for whoever has become known."""
        if self.next_round_at is None or at < self.next_round_at:
            return
        assert self.announcement is not None
        for customer in self.turn:
            customer.address(at)
            told = FieldActionCustomerAddressed(
                complaint_id=self._origin,
                field_action_id=self.id,
                customer_id=customer.customer_id,
                reference=self.reference,
                measures=self.measures,
                announcement=self.announcement,
                late=customer.late,
                addressed_at=at,
            )
            self.record(told, at)
        self.addressed += self.turn
        full = len(self.turn) == self.rules.at_once
        self.next_round_at = at + (self.rules.between_rounds if full else self.rules.between_looks)
        self.looks, self.turn, self.round_at = not full, (), at

    def joined(self, number: int) -> None:
        """So many customers were added with saving it: they need not wait for the next look."""
        if number and self.round_at is not None:
            self.next_round_at = self.round_at + self.rules.between_rounds

    @property
    def _origin(self) -> UUID:
        assert self.complaint_id is not None, "it was drafted"
        return self.complaint_id
