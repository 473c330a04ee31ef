"""What every service changes: one aggregate per complaint, and the facts that the change makes true."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from shared import ids
from shared.database import Transaction
from shared.events import Event


class NotPossible(Exception):
    """A change that does not fit the present state. Answered as a 409 problem with its code and the `state`."""

    def __init__(self, code: str, english: str, chinese: str, **state: Any) -> None:
        super().__init__(code)
        self.code, self.english, self.chinese, self.state = code, english, chinese, state


@dataclass(kw_only=True)
class Aggregate:
    """Base of the services' aggregates. `version` counts the changes that were saved."""

    id: UUID
    version: int = 0
    _facts: list[tuple[Event, datetime, UUID]] = field(default_factory=list, repr=False, compare=False)

    def record(self, event: Event, at: datetime) -> UUID:
        """Note a fact that this change makes true; it is published with the change or not at all.

        Returns the id that the event will have.
        """
        event_id = ids.new_id()
        self._facts.append((event, at, event_id))
        return event_id

    def publish_to(self, transaction: Transaction) -> None:
        for event, at, event_id in self._facts:
            transaction.publish(event, at=at, event_id=event_id)
        self._facts.clear()


A = TypeVar("A", bound=Aggregate)


class Store(Protocol[A]):
    """Where a service keeps its aggregates. The caller holds the complaints' locks."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, A]:
        """The aggregates by id; a blank one for an id that is not known yet."""
        ...

    async def save(self, transaction: Transaction, aggregates: Iterable[A]) -> None:
        """Write what changed, in bulk, with `version` raised by one."""
        ...


async def load_one(store: Store[A], transaction: Transaction, complaint_id: UUID) -> A:
    """Lock one complaint and load its aggregate."""
    await transaction.lock([complaint_id])
    return (await store.load(transaction, [complaint_id]))[complaint_id]


async def save_one(store: Store[A], transaction: Transaction, aggregate: A) -> None:
    """Save one aggregate and publish its facts."""
    aggregate.publish_to(transaction)
    await store.save(transaction, [aggregate])
