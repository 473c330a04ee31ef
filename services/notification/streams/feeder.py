"""The worker that puts the log into the feed."""

import asyncio
import time
from collections.abc import Iterator, Sequence

from services.notification.streams.entries import Entry, entry_of
from services.notification.streams.store import append
from shared import clock, failpoints, telemetry
from shared.database import Database
from shared.eventlog import EventLog, Record
from shared.events.vocabulary import ALL_TOPICS

GROUP = "notification-feed"
"""A consumer group of its own, which decides nothing: what stops the handlers of conversations does not stop the
feed, and the other way round."""
REST = 0.02
"""Seconds at most between two batches, so that under load more come together."""
PORTION = 8 * 1024 * 1024
"""Bytes that one transaction adds, unless a single event is larger."""


class Feeder:
    """Reads the log and writes the feed. Of several processes each reads its share; the feed has one order."""

    def __init__(self, database: Database, event_log: EventLog, batch: int, poll_interval: float) -> None:
        self._database = database
        self._log = event_log
        self._batch = batch
        self._poll_interval = poll_interval

    async def run(self) -> None:
        """For ever; trouble of the surroundings ends the turn with an exception, and the records come again."""
        consumer = self._log.consumer(GROUP, ALL_TOPICS)
        try:
            await consumer.start()
            while True:
                records = await consumer.poll(self._batch, self._poll_interval)
                if records:
                    began = time.monotonic()
                    await self.feed(records)
                    failpoints.reached("consumer.after-commit")
                    await consumer.commit(records)
                    if len(records) < self._batch:
                        await asyncio.sleep(min(time.monotonic() - began, REST))
        finally:
            await consumer.stop()

    async def feed(self, records: Sequence[Record]) -> None:
        """Put these into the feed, each event once, whatever it is. What is no CloudEvent is left out."""
        entries = [(entry, record.value) for record in records if (entry := entry_of(record)) is not None]
        _count("skipped", len(records) - len(entries))
        for some in _in_portions(entries):
            async with self._database.transaction() as transaction:
                added = await append(transaction, some, clock.now())
            _count("handled", added)
            _count("duplicate", len(some) - added)


def _in_portions(entries: Sequence[tuple[Entry, bytes]]) -> Iterator[list[tuple[Entry, bytes]]]:
    """In their order, so many together as one statement takes."""
    portion: list[tuple[Entry, bytes]] = []
    size = 0
    for entry, value in entries:
        if portion and size + len(value) > PORTION:
            yield portion
            portion, size = [], 0
        portion.append((entry, value))
        size += len(value)
    if portion:
        yield portion


def _count(outcome: str, number: int) -> None:
    telemetry.EVENTS_HANDLED.labels(GROUP, "any", outcome).inc(number)
