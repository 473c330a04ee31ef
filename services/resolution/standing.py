"""What people of the company may decide, as routing's directory says it. Pure."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from shared.events.vocabulary import Money, Remedy


class Limits(BaseModel):
    """What a person may grant without asking anybody."""

    model_config = ConfigDict(frozen=True)

    remedies: tuple[Remedy, ...] = ()
    amount: Decimal | None = None
    """At most so much in money's worth; None: nothing that costs money."""
    currency: str | None = None

    def suffice(self, remedies: frozenset[Remedy], value: Money | None) -> bool:
        """May all of these remedies be granted, at this cost?"""
        if not remedies <= set(self.remedies):
            return False
        if value is None or value.amount == 0:
            return True
        return self.amount is not None and value.currency == self.currency and value.amount <= self.amount


class Approver(Limits):
    """Somebody up the line, or their deputy."""

    id: str
    name: str
    layer: int
    """Of their department: 1 contact staff, 2 acceptance desk, 3 technical support, 4 management."""
    instead_of: str | None = None
    """For whom they stand in, who is away or has left."""


class Standing(Limits):
    """A person of the company, what they may grant, and who approves what is beyond."""

    person: str
    name: str
    works_in: str
    """Code of their department."""
    layer: int
    role: str | None = None
    approvers: tuple[Approver, ...] = ()
    """The nearest first."""
