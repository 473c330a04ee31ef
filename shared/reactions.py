"""Events in: which function answers to which event, and the pump that feeds them.

One poll is one transaction: one inbox claim, the aggregates loaded and saved in bulk, one outbox insert, one
commit, then one commit of the log's offsets. If it fails, the batch is taken one event at a time to find the
bad one, which is parked.
"""

import asyncio
import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from shared import deadletters, failpoints, inbox, telemetry
from shared.aggregate import Aggregate, Store
from shared.database import Database, Transaction, is_of_surroundings
from shared.deadletters import DeadLetter
from shared.envelope import Received, open_envelope, record_id
from shared.eventlog import EventLog, Record
from shared.events import Event, MalformedEvent, registry

log = logging.getLogger(__name__)

REST = 0.02
"""Seconds at most between two batches: as long as the last one took, so that under load more come together."""

A = TypeVar("A", bound=Aggregate)
E = TypeVar("E", bound=Event)
Handler = Callable[[Any, Any, Received], None]


class Reactions(Generic[A]):
    """A reaction map: pure functions over (aggregate, event, envelope), for one kind of aggregate.

    A handler changes the aggregate and records facts; it does no I/O and reads no clock: the time is the
    event's. Whatever order the topics come in, the final state must be the same.
    """

    def __init__(self, store: Store[A]) -> None:
        self.store = store
        self._handlers: dict[str, tuple[type[Event], Handler]] = {}

    def on(
        self, event: type[E]
    ) -> Callable[[Callable[[A, E, Received], None]], Callable[[A, E, Received], None]]:
        def declare(handler: Callable[[A, E, Received], None]) -> Callable[[A, E, Received], None]:
            self._handlers[event.wire_type()] = (event, handler)
            return handler

        return declare

    @property
    def topics(self) -> set[str]:
        return {event.topic for event, _ in self._handlers.values()}

    def answers(self, wire_type: str) -> bool:
        return wire_type in self._handlers

    def react(self, aggregate: A, received: Received) -> None:
        self._handlers[received.wire_type][1](aggregate, received.event, received)


class Pump:
    """Feeds the reactions of one consumer from the log.

    They hear each event together: it is claimed once, and what follows from it is stored with it everywhere or nowhere.
    """

    def __init__(
        self,
        consumer: str,
        reactions: Sequence[Reactions[Any]],
        database: Database,
        event_log: EventLog,
        *,
        batch: int = 500,
        poll_interval: float = 0.5,
        attempts: int = 3,
    ) -> None:
        self.consumer = consumer
        self.reactions = reactions
        self._database = database
        self._log = event_log
        self._batch = batch
        self._poll_interval = poll_interval
        self._attempts = attempts

    async def run(self) -> None:
        """Handle events for ever. Trouble of the surroundings ends the turn with an exception; nothing that
        was not committed is forgotten by the log."""
        consumer = self._log.consumer(self.consumer, topics_of(self.reactions))
        try:
            await consumer.start()
            while True:
                records = await consumer.poll(self._batch, self._poll_interval)
                if records:
                    began = time.monotonic()
                    await self.handle(records)
                    failpoints.reached("consumer.after-commit")
                    await consumer.commit(records)
                    if len(records) < self._batch:
                        await asyncio.sleep(min(time.monotonic() - began, REST))
        finally:
            await consumer.stop()

    async def handle(self, records: Sequence[Record]) -> None:
        """Handle a batch; what cannot be handled is parked. Raises only for trouble of the surroundings,
        for which no event is to blame."""
        try:
            await self._attempt(records)
        except Exception as error:
            if is_of_surroundings(error):
                raise
            if len(records) > 1:
                log.info("a batch failed, taking its events singly: %s", describe(error))
            for record in records:
                await self._attempt_or_park(record)

    async def replay(self, letter: DeadLetter) -> None:
        """Handle a parked event and take it out. Raises what the handler raises; the letter then stays."""
        outcomes: Counter[tuple[str, str]] = Counter()
        async with self._database.transaction(of=[letter.record.key]) as transaction:
            if await deadletters.remove(transaction, letter.id):
                event = open_envelope(letter.record)
                fresh = await inbox.claim(transaction, self.consumer, event.id)
                outcomes = await self._apply(transaction, [event], {event.id} if fresh else set())
        self._count(outcomes)

    async def discard(self, letter: DeadLetter) -> bool:
        """Take a parked event out without handling it; False when somebody else has taken it out."""
        async with self._database.transaction(of=[letter.record.key]) as transaction:
            return await deadletters.remove(transaction, letter.id)

    async def _attempt_or_park(self, record: Record) -> None:
        for attempt in range(1, self._attempts + 1):
            try:
                await self._attempt([record])
                return
            except Exception as error:
                if is_of_surroundings(error):
                    raise
                if attempt == self._attempts or isinstance(error, MalformedEvent):
                    await self._park(record, error)
                    return
                await asyncio.sleep(0.01 * attempt)

    async def _park(self, record: Record, error: Exception) -> None:
        reason = describe(error)
        wire_type = record.headers.get("ce_type", "?")
        async with self._database.transaction(of=[record.key]) as transaction:
            parked = await deadletters.park(
                transaction, self.consumer, record, reason, blocks=wire_type.startswith("redress.")
            )
        self._count({(wire_type, "parked" if parked else "duplicate"): 1})
        if parked:
            log.error("event %s parked: %s", record_id(record), reason)

    async def _attempt(self, records: Sequence[Record]) -> None:
        outcomes: Counter[tuple[str, str]] = Counter()
        received: list[tuple[Received, Record]] = []
        for record in records:
            wire_type = record.headers.get("ce_type", "")
            if registry.knows(wire_type) and not self._answers(registry.current(wire_type)):
                continue  # somebody else's business
            if not registry.knows(wire_type) and wire_type.startswith("redress."):
                continue  # a fact that a newer version tells; this one has no reaction to it
            received.append((open_envelope(record), record))
        if not received:
            return
        async with self._database.transaction(of={record.key for _, record in received}) as transaction:
            fresh, blocked = await inbox.claim_in_order(
                transaction, self.consumer, [(event.id, record.key) for event, record in received]
            )
            open_now = []
            for event, record in received:
                if record.key in blocked:
                    parked = await deadletters.park(transaction, self.consumer, record, deadletters.BEHIND)
                    outcomes[event.wire_type, "parked" if parked else "duplicate"] += 1
                else:
                    open_now.append(event)
            outcomes.update(await self._apply(transaction, open_now, fresh))
        self._count(outcomes)

    async def _apply(
        self, transaction: Transaction, received: Sequence[Received], left: set[UUID]
    ) -> Counter[tuple[str, str]]:
        """React to the events that are `left` to this consumer, each once."""
        outcomes: Counter[tuple[str, str]] = Counter()
        failpoints.reached("consumer.after-claim")
        concerned = [
            (each, await each.store.load(transaction, ids))
            for each in self.reactions
            if (
                ids := _ids(event for event in received if event.id in left and each.answers(event.wire_type))
            )
        ]
        for event in received:
            if event.id not in left:
                outcomes[event.wire_type, "duplicate"] += 1
                continue
            left.discard(event.id)
            token = telemetry.complaint_in_hand.set(event.key)
            with telemetry.traced(event.traceparent):
                for reactions, aggregates in concerned:
                    if reactions.answers(event.wire_type):
                        aggregate = aggregates[event.event.complaint_id]
                        reactions.react(aggregate, event)
                        aggregate.publish_to(transaction)
            telemetry.complaint_in_hand.reset(token)
            failpoints.reached("consumer.mid-batch")
            outcomes[event.wire_type, "handled"] += 1
        for reactions, aggregates in concerned:
            await reactions.store.save(transaction, aggregates.values())
        return outcomes

    def _answers(self, wire_type: str) -> bool:
        return any(each.answers(wire_type) for each in self.reactions)

    def _count(self, outcomes: Counter[tuple[str, str]] | dict[tuple[str, str], int]) -> None:
        for (wire_type, outcome), number in outcomes.items():
            telemetry.EVENTS_HANDLED.labels(self.consumer, wire_type, outcome).inc(number)


def topics_of(reactions: Iterable[Reactions[Any]]) -> list[str]:
    """Where everything is told that any of them answers to."""
    return sorted({topic for each in reactions for topic in each.topics})


def _ids(received: Iterable[Received]) -> set[UUID]:
    return {each.event.complaint_id for each in received}


def describe(error: BaseException) -> str:
    """An error for operators, without the values that caused it: those may be personal data."""
    if isinstance(error, MalformedEvent):
        return f"malformed event: {error}"
    message = "" if isinstance(error, DBAPIError) else str(error).split("\n", 1)[0][:300]
    if isinstance(error, DBAPIError) and error.orig is not None:
        message = f"{type(error.orig).__name__} {getattr(error.orig, 'sqlstate', '')}"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {message}{place}"
