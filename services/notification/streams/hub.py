"""One reader of the feed per process, and whoever follows it live.

The hub looks when PostgreSQL rings, and by itself now and then: the ring only shortens the wait. What it found it
matches once for each different wish, writes once, and hands to all who have that wish. Nobody who is slow holds it up:
each follower has a queue that is bounded in bytes, and whoever lets it overflow is told from where to go on.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from services.notification.streams.model import Shown, Wanted
from services.notification.streams.store import GREW, PIECE, read_piece
from shared.database import Database
from shared.sessions import keep_listening

QUEUE_LIMIT = 256 * 1024
"""Bytes that may wait for one follower. A single event may be larger, if nothing else waits."""
REST_PER_FOLLOWER = 0.00005
"""Seconds that the hub rests after a turn, for each follower: with many of them more events travel together, which is
what sending costs by."""
LONGEST_REST = 0.25


@dataclass(frozen=True)
class Batch:
    """Events for all who have the same wish; written when the first of them asks."""

    entries: tuple[Shown, ...]

    @property
    def reached(self) -> int:
        return self.entries[-1].position

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return tuple(entry.json for entry in self.entries)

    @cached_property
    def sse(self) -> bytes:
        """As server-sent events."""
        frames = zip(self.entries, self.texts, strict=True)
        return "".join(f"id: {entry.position}\ndata: {text}\n\n" for entry, text in frames).encode()

    @cached_property
    def size(self) -> int:
        return sum(len(entry.attributes) + len(entry.data or "") for entry in self.entries)

    def behind(self, position: int) -> "Batch | None":
        """What of it comes after the position."""
        if self.entries[0].position > position:
            return self
        rest = tuple(entry for entry in self.entries if entry.position > position)
        return Batch(rest) if rest else None


class Follower:
    """Somebody who follows live, with what waits for them."""

    def __init__(self, since: int) -> None:
        self.since = since
        """Everything behind this comes through the queue."""
        self.overflowed = False
        """Nothing more comes: it let its queue overflow."""
        self._waiting: deque[Batch] = deque()
        self._size = 0
        self._woken = asyncio.Event()

    def put(self, batch: Batch) -> None:
        if self.overflowed:
            return
        if self._waiting and self._size + batch.size > QUEUE_LIMIT:
            self.overflowed = True
        else:
            self._waiting.append(batch)
            self._size += batch.size
        self._woken.set()

    async def next(self, seconds: float) -> Batch | None:
        """What waited the longest; None when nothing came in this time, or nothing comes any more."""
        if not self._waiting and not self.overflowed:
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
        if not self._waiting:
            return None
        batch = self._waiting.popleft()
        self._size -= batch.size
        return batch

    @property
    def waits(self) -> bool:
        return bool(self._waiting)


class Hub:
    """Part of notification; its `run` is a worker."""

    def __init__(self, database: Database, poll_interval: float) -> None:
        self._database = database
        self._poll_interval = poll_interval
        self._woken = asyncio.Event()
        self._begun = asyncio.Event()
        self._wishes: dict[Wanted, set[Follower]] = {}
        self._of_one: dict[UUID | None, set[Wanted]] = {}
        """Wishes for one complaint: found by it, so that many of them cost nothing for the events of others."""
        self._general: set[Wanted] = set()
        self._bells: dict[UUID | None, set[asyncio.Event]] = {}
        self.position = 0
        """Everything up to here was handed out."""
        self.followers = 0

    async def run(self) -> None:
        """For ever. After a failure it goes on where it was: followers miss nothing."""
        listening = asyncio.create_task(keep_listening(self._database.sessions, GREW, self._wake))
        try:
            while not listening.done():
                self._woken.clear()
                if not await self.turn():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._poll_interval):
                            await self._woken.wait()
                await asyncio.sleep(min(self.followers * REST_PER_FOLLOWER, LONGEST_REST))
            await listening
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def _wake(self, _: str) -> None:
        self._woken.set()

    async def ready(self) -> None:
        """Wait until it knows where the feed ends: whoever joins then misses nothing."""
        await self._begun.wait()

    async def turn(self) -> int:
        """Hand out one piece of the feed; returns how many events it had."""
        async with self._database.reading() as connection:
            if not self._begun.is_set():
                self.position = (await read_piece(connection, 2**62, 1))[0]
                self._begun.set()
            _, _, entries = await read_piece(connection, self.position, PIECE)
        if entries:
            self._hand_out(entries)
        return len(entries)

    def _hand_out(self, entries: Sequence[Shown]) -> None:
        found: dict[Wanted, list[Shown]] = {}
        for entry in entries:
            of_one = self._of_one.get(entry.complaint_id, ())
            for wanted in (*self._general, *of_one):
                if wanted.takes(entry):
                    found.setdefault(wanted, []).append(entry)
        for wanted, taken in found.items():
            batch = Batch(tuple(taken))
            for follower in self._wishes[wanted]:
                follower.put(batch)
        for bell in {bell for entry in entries for bell in self._bells.get(entry.complaint_id, ())}:
            bell.set()
        self.position = entries[-1].position

    @contextmanager
    def joined(self, wanted: Wanted) -> Iterator[Follower]:
        """Somebody who follows from now on: what lies before `since` is for them to read."""
        follower = Follower(self.position)
        alike = self._wishes.setdefault(wanted, set())
        alike.add(follower)
        self._index(wanted).add(wanted)
        self.followers += 1
        try:
            yield follower
        finally:
            self.followers -= 1
            alike.discard(follower)
            if not alike:
                del self._wishes[wanted]
                self._index(wanted).discard(wanted)
                if wanted.complaint_id is not None and not self._of_one[wanted.complaint_id]:
                    del self._of_one[wanted.complaint_id]

    def _index(self, wanted: Wanted) -> set[Wanted]:
        if wanted.complaint_id is None:
            return self._general
        return self._of_one.setdefault(wanted.complaint_id, set())

    @contextmanager
    def listening(self, *complaint_ids: UUID) -> Iterator[asyncio.Event]:
        """A bell that rings when the feed tells something of one of these complaints."""
        bell = asyncio.Event()
        for complaint_id in set(complaint_ids):
            self._bells.setdefault(complaint_id, set()).add(bell)
        try:
            yield bell
        finally:
            for complaint_id in set(complaint_ids):
                self._bells[complaint_id].discard(bell)
                if not self._bells[complaint_id]:
                    del self._bells[complaint_id]
