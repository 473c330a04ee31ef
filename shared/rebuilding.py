"""Read tables made again from the log, in the memory: many times faster than by the pump, and the same bit for bit.

The log is read in rounds, each with some of the complaints, so that the memory stays bounded. The stories of a round go
through the same handlers as ever; then their rows are copied, and their events marked in the inbox. All rounds are one
transaction: whoever is killed half-way has changed nothing.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from sqlalchemy import Table, text

from shared import inbox
from shared.aggregate import Aggregate, Store
from shared.bulk import copy_rows
from shared.database import Database, Transaction
from shared.envelope import Received, open_envelope
from shared.eventlog import EventLog, Record, Share
from shared.events import registry
from shared.reactions import Pump, Reactions, topics_of

log = logging.getLogger(__name__)

AT_ONCE = 1_000_000
"""Records of a round, about: some 700 MB in the memory."""

SAVED_AT_ONCE = 500

BY_TIME = attrgetter("int")
"""Of ids: they are in order of time, so that the indexes grow at their end."""

A = TypeVar("A", bound=Aggregate)
W = TypeVar("W", bound=Aggregate, contravariant=True)


class Anew(Protocol[W]):
    """Writes read tables that were emptied; see `ReadStore`."""

    async def write(self, transaction: Transaction, aggregates: Sequence[W]) -> None:
        """Write aggregates of which nothing is stored."""
        ...

    async def finish(self, transaction: Transaction) -> None:
        """Write what was held back."""
        ...


class ByCopying(Generic[W]):
    """For a store with one table, whose rows are its aggregates and follow from nothing else."""

    def __init__(self, table: Table, values_of: Callable[[W], Sequence[object]]) -> None:
        self._table, self._values_of = table, values_of

    async def write(self, transaction: Transaction, aggregates: Sequence[W]) -> None:
        await copy_rows(transaction, self._table, map(self._values_of, aggregates))

    async def finish(self, transaction: Transaction) -> None:
        """Nothing is held back."""


class BySaving(Generic[W]):
    """For a store that must look at what it wrote before: it saves as ever, some at a time."""

    def __init__(self, store: Store[W]) -> None:
        self._store = store

    async def write(self, transaction: Transaction, aggregates: Sequence[W]) -> None:
        for first in range(0, len(aggregates), SAVED_AT_ONCE):
            await self._store.save(transaction, aggregates[first : first + SAVED_AT_ONCE])

    async def finish(self, transaction: Transaction) -> None:
        """Nothing is held back."""


@runtime_checkable
class ReadStore(Store[A], Protocol[A]):
    """A store whose tables follow from the events alone: they can be emptied and made again from the log."""

    @property
    def tables(self) -> Sequence[Table]:
        """All that it writes."""
        ...

    def blank(self, complaint_id: UUID) -> A:
        """One of which nothing is known yet, as `load` gives it."""
        ...

    def anew(self) -> Anew[A]:
        """To fill the empty tables. What they hold then is what `save` would have made of it."""
        ...


@dataclass
class Reader:
    """One kind of aggregate during a rebuild."""

    reactions: Reactions[Any]
    store: ReadStore[Any]
    anew: Anew[Any]
    stories: dict[UUID, Aggregate] = field(default_factory=dict)
    """Of the round."""

    @classmethod
    def of(cls, reactions: Reactions[Any]) -> "Reader":
        store = reactions.store
        if not isinstance(store, ReadStore):
            raise TypeError(f"{type(store).__name__} keeps what does not follow from the log alone")
        return cls(reactions, store, store.anew())

    def react(self, received: Received) -> None:
        """What the event means here, if anything."""
        if not self.reactions.answers(received.wire_type):
            return
        complaint_id = received.event.complaint_id
        story = self.stories.get(complaint_id)
        if story is None:
            story = self.stories[complaint_id] = self.store.blank(complaint_id)
        self.reactions.react(story, received)

    async def write(self, transaction: Transaction) -> None:
        """What the round told, in order of the ids."""
        ordered = sorted(self.stories, key=BY_TIME)
        await self.anew.write(transaction, [self.stories[i] for i in ordered])
        self.stories = {}


@dataclass
class Retelling:
    """The consumer during a rebuild."""

    consumer: str
    readers: Sequence[Reader]
    seen: dict[UUID, set[UUID]] = field(default_factory=dict)
    """Events of the round, by complaint."""
    left: set[str] = field(default_factory=set)
    """Keys with a record that cannot be handled: the pump takes them, because it knows what to park."""

    def take(self, record: Record) -> None:
        """React, unless the event was there before or nobody answers to it."""
        wire_type = record.headers.get("ce_type", "")
        if record.key in self.left or not self._concerns(wire_type):
            return
        try:
            received = open_envelope(record)
        except ValueError:  # MalformedEvent; the pump says why
            self._leave(record.key, _id_in(record.key))
            return
        complaint_id = received.event.complaint_id
        seen = self.seen.setdefault(complaint_id, set())
        if received.id in seen:
            return
        try:
            for reader in self.readers:
                reader.react(received)
        except Exception as error:
            log.info("a story is left to the pump", extra={"key": record.key, "error": type(error).__name__})
            self._leave(record.key, complaint_id)
        else:
            seen.add(received.id)

    def _concerns(self, wire_type: str) -> bool:
        if not registry.knows(wire_type):
            return not wire_type.startswith("redress.")
        current = registry.current(wire_type)
        return any(reader.reactions.answers(current) for reader in self.readers)

    def _leave(self, key: str, complaint_id: UUID | None) -> None:
        self.left.add(key)
        if complaint_id is not None:
            self.seen.pop(complaint_id, None)
            for reader in self.readers:
                reader.stories.pop(complaint_id, None)

    async def write(self, transaction: Transaction) -> None:
        """What the round told."""
        for reader in self.readers:
            await reader.write(transaction)
        events = sorted(chain.from_iterable(self.seen.values()), key=BY_TIME)
        await inbox.claim_all(transaction, self.consumer, events)
        self.seen = {}

    async def begin(self, transaction: Transaction) -> None:
        """From here to the commit nobody else reads or writes these tables. Dead letters go: their events come
        again."""
        names = [table.name for reader in self.readers for table in reader.store.tables]
        await transaction.execute(text(f"TRUNCATE inbox, dead_letters, {', '.join(names)}"))

    async def finish(self, transaction: Transaction) -> None:
        """Nothing is held back any more."""
        for reader in self.readers:
            await reader.anew.finish(transaction)


async def rebuild(
    consumer: str,
    reactions: Sequence[Reactions[Any]],
    database: Database,
    event_log: EventLog,
    *,
    at_once: int = AT_ONCE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Make the tables of this consumer, the only one of its schema, again from the whole log.

    It may not run: raises GroupInUse, before anything is lost. One that starts meanwhile waits for the tables,
    and goes on when they are there. `progress` hears how many records of how many were read.

    First the consumer is put back to the start of the log, at the end to where it ended when the rebuild began; in
    between its events are known by the inbox, so that after a crash at any moment one may start it or repeat.
    """
    retelling = Retelling(consumer, [Reader.of(each) for each in reactions])
    topics = topics_of(reactions)
    ends = await event_log.ends(topics)
    await event_log.reset(consumer, topics, 0)
    total = sum(ends.values())
    rounds = max(1, -(-total // at_once))
    done = 0
    progress(done, total)
    async with database.transaction() as transaction:
        await retelling.begin(transaction)
        for number in range(rounds):
            async with aclosing(event_log.read(topics, ends, Share(number, rounds))) as reading:
                async for records in reading:
                    for record in records:
                        retelling.take(record)
                    done += len(records)
                    progress(done, total)
            await retelling.write(transaction)
        await retelling.finish(transaction)
    if retelling.left:
        pump = Pump(consumer, reactions, database, event_log)
        async with aclosing(event_log.read(topics, ends, Share(0, 1))) as reading:
            async for records in reading:
                if wanted := [each for each in records if each.key in retelling.left]:
                    await pump.handle(wanted)
    await event_log.reset(consumer, topics, ends)
    progress(total, total)


def _id_in(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
