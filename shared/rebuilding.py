"""Read tables made again from the log, in the memory: many times faster than by the pump, and the same bit for bit.

The log is read in rounds, each with some of the complaints, so that the memory stays bounded. The stories of a round go
through the same handlers as ever; then their rows are copied, and their events marked in the inbox. All rounds are one
transaction: whoever is killed half-way has changed nothing.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
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
from shared.eventlog import EventLog, Places, Record, Share
from shared.events import registry
from shared.reactions import Pump, Reactions

log = logging.getLogger(__name__)

AT_ONCE = 1_000_000
"""Records of a round, about: some 700 MB in the memory."""

SAVED_AT_ONCE = 500

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
    """One consumer of the service during a rebuild."""

    reactions: Reactions[Any]
    store: ReadStore[Any]
    anew: Anew[Any]
    stories: dict[UUID, Aggregate] = field(default_factory=dict)
    """Of the round."""
    seen: dict[UUID, set[UUID]] = field(default_factory=dict)
    """Events of the round, by complaint."""
    left: set[str] = field(default_factory=set)
    """Keys with a record that cannot be handled: the pump takes them, because it knows what to park."""

    @classmethod
    def of(cls, reactions: Reactions[Any]) -> "Reader":
        store = reactions.store
        if not isinstance(store, ReadStore):
            raise TypeError(f"{reactions.consumer} keeps what does not follow from the log alone")
        return cls(reactions, store, store.anew())

    def take(self, received: Received) -> None:
        """React, unless the event was there before."""
        complaint_id = received.event.complaint_id
        if received.key in self.left:
            return
        seen = self.seen.setdefault(complaint_id, set())
        if received.id in seen:
            return
        story = self.stories.get(complaint_id)
        if story is None:
            story = self.stories[complaint_id] = self.store.blank(complaint_id)
        try:
            self.reactions.react(story, received)
        except Exception as error:
            log.info(
                "a story is left to the pump", extra={"key": received.key, "error": type(error).__name__}
            )
            self.leave(received.key, complaint_id)
        else:
            seen.add(received.id)

    def leave(self, key: str, complaint_id: UUID | None) -> None:
        self.left.add(key)
        if complaint_id is not None:
            self.stories.pop(complaint_id, None)
            self.seen.pop(complaint_id, None)

    async def write(self, transaction: Transaction) -> None:
        """What the round told, in order of the ids."""
        by_time = attrgetter("int")  # ids are in order of time: the indexes grow at their end
        ordered = sorted(self.stories, key=by_time)
        await self.anew.write(transaction, [self.stories[i] for i in ordered])
        events = sorted(chain.from_iterable(self.seen.values()), key=by_time)
        await inbox.claim_all(transaction, self.reactions.consumer, events)
        self.stories, self.seen = {}, {}


async def rebuild(
    consumers: Sequence[Reactions[Any]],
    database: Database,
    event_log: EventLog,
    *,
    at_once: int = AT_ONCE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Make the tables of these consumers, which are all that the service has, again from the whole log.

    None of them may run: raises GroupInUse, before anything is lost. One that starts meanwhile waits for the tables,
    and goes on when they are there. `progress` hears how many records of how many were read.

    First the consumers are put back to the start of the log, at the end to where it ended when the rebuild began; in
    between their events are known by the inbox, so that after a crash at any moment one may start them or repeat.
    """
    readers = [Reader.of(each) for each in consumers]
    topics = sorted({topic for each in consumers for topic in each.topics})
    ends = await event_log.ends(topics)
    for each in consumers:
        await event_log.reset(each.consumer, each.topics, 0)
    total = sum(ends.values())
    rounds = max(1, -(-total // at_once))
    done = 0
    progress(done, total)
    async with database.transaction() as transaction:
        await _empty(transaction, readers)
        for number in range(rounds):
            async with aclosing(event_log.read(topics, ends, Share(number, rounds))) as reading:
                async for records in reading:
                    for record in records:
                        _take(readers, record)
                    done += len(records)
                    progress(done, total)
            for reader in readers:
                await reader.write(transaction)
        for reader in readers:
            await reader.anew.finish(transaction)
    await _leave_to_the_pump(readers, database, event_log, topics, ends)
    for each in consumers:
        of_its_own = {place: offset for place, offset in ends.items() if place[0] in each.topics}
        await event_log.reset(each.consumer, each.topics, of_its_own)
    progress(total, total)


def _take(readers: Sequence[Reader], record: Record) -> None:
    wire_type = record.headers.get("ce_type", "")
    known = registry.knows(wire_type)
    if known:
        current = registry.current(wire_type)
        concerned = [reader for reader in readers if reader.reactions.answers(current)]
    else:
        concerned = [] if wire_type.startswith("redress.") else list(_listening(readers, record.topic))
    if not concerned:
        return
    try:
        received = open_envelope(record)
    except ValueError:  # MalformedEvent; the pump says why
        for reader in concerned:
            reader.leave(record.key, _id_in(record.key))
        return
    for reader in concerned:
        reader.take(received)


def _listening(readers: Sequence[Reader], topic: str) -> Iterator[Reader]:
    return (reader for reader in readers if topic in reader.reactions.topics)


def _id_in(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


async def _empty(transaction: Transaction, readers: Sequence[Reader]) -> None:
    """From here to the commit nobody else reads or writes these tables. Dead letters go: their events come again."""
    names = [table.name for reader in readers for table in reader.store.tables]
    await transaction.execute(text(f"TRUNCATE inbox, {', '.join(names)}"))
    await transaction.execute(
        text("DELETE FROM dead_letters WHERE consumer = ANY(:consumers)"),
        {"consumers": [reader.reactions.consumer for reader in readers]},
    )


async def _leave_to_the_pump(
    readers: Sequence[Reader], database: Database, event_log: EventLog, topics: Sequence[str], ends: Places
) -> None:
    if not any(reader.left for reader in readers):
        return
    pumps = [(reader, Pump(reader.reactions, database, event_log)) for reader in readers]
    async with aclosing(event_log.read(topics, ends, Share(0, 1))) as reading:
        async for records in reading:
            for reader, pump in pumps:
                topics_of_it = reader.reactions.topics
                wanted = [each for each in records if each.key in reader.left and each.topic in topics_of_it]
                if wanted:
                    await pump.handle(wanted)
