"""What every case keeps whatever happens to it: its timeline and its ledger of promises. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.resolution.clocks.book import CLOCKS
from services.resolution.lifecycle import UNSOLVED
from services.resolution.position import Positioned
from services.resolution.promises import Promise, PromiseState
from services.resolution.timeline import SYSTEM, Entry, Kind, Source
from shared.events import PromiseBroken, PromiseKept, PromiseMade
from shared.events.clocks import Clock
from shared.ids import derived_id
from shared.reply_policy import Readers
from shared.worktime import add_working_time


@dataclass(kw_only=True)
class Ledger(Positioned):
    """An unsolved case has exactly one live promise; a solved one has none."""

    promise: Promise | None = None
    """The live one."""
    promises: int = 0
    """How many were made."""
    entries: int = 0
    """How many entries the timeline has."""
    new_entries: list[Entry] = field(default_factory=list, repr=False, compare=False)
    changed_promises: list[Promise] = field(default_factory=list, repr=False, compare=False)
    """These two wait to be saved; promises in the order in which they changed."""

    def deadlines(self) -> Iterator[datetime]:
        """After each of these moments something happens by itself. Rooms add theirs."""
        if self.promise is not None:
            yield self.promise.due_at

    @property
    def wakes_at(self) -> datetime | None:
        """The earliest of the deadlines."""
        return min(self.deadlines(), default=None)

    def time_passed(self, at: datetime) -> None:
        """If the promise is overdue at `at`, it is broken, an interim reply goes out, and the next is made.

        Where it is the customer who is waited for, they are reminded at the promised time all the same, and the
        fact says that nobody of the company is late.
        """
        if self.promise is None or at <= self.promise.due_at:
            return
        self._settle(at, interim_reply=True)
        self._promise(at, Source.RESOLUTION)

    def reply_due(self, since: datetime) -> datetime:
        """By when a customer who was told something at `since` hears from a person again, by the rulebook."""
        hours = self.books.read(CLOCKS).hours(self.severity, self.category, self.channel, self.visibility)
        return self._after(since, hours[Clock.PROMISE], self.department)

    def first_reply_due(self, since: datetime) -> datetime:
        """The same for the first promise, by what the registration says alone: whether triage was heard of before it is
        chance, and must not change what the customer is promised."""
        hours = self.books.read(CLOCKS).hours(None, None, self.channel, self.visibility)
        return self._after(since, hours[Clock.PROMISE], None)

    def _after(self, since: datetime, hours: float, department: str | None) -> datetime:
        return add_working_time(since, timedelta(hours=hours), self.calendars.of(department))

    def _reopened(self, at: datetime) -> None:
        """A closed case was taken up again. Rooms undo what the closing did to what is theirs."""

    def say(self, text: str, author: str, at: datetime, readers: Readers = Readers.CUSTOMER) -> None:
        """A person says this to the customer, or in public. Rooms hear how it is said."""

    def _replied(self, at: datetime, by: datetime | None = None) -> None:
        """A person told the customer something: settle the live promise; an unsolved case gets the next, `by` the
        time that the person chose."""
        self._settle(at, interim_reply=False)
        if self.state in UNSOLVED:
            self._promise(at, Source.RESOLUTION, by)

    def _settle(self, at: datetime, *, interim_reply: bool) -> None:
        assert self.promise is not None, "an unsolved case has a live promise"
        self._note_settled(
            self.promise.settled(at, self.handler_id, self.department), at, interim_reply=interim_reply
        )

    def _release(self, at: datetime) -> None:
        """The customer needs no reply any more. That is no merit: only a promise that is late already is told."""
        if self.promise is not None:
            self._note_settled(
                self.promise.released(at, self.handler_id, self.department), at, interim_reply=False
            )

    def _note_settled(self, settled: Promise, at: datetime, *, interim_reply: bool) -> None:
        waiting = interim_reply and self.waits_for_customer
        settled = replace(settled, excused=waiting and settled.state is PromiseState.BROKEN)
        self.changed_promises.append(settled)
        self.promise = None
        if settled.state is PromiseState.RELEASED:
            return
        if settled.state is PromiseState.KEPT:
            self._tell(Kind.PROMISE_KEPT, at, SYSTEM)
            kept = PromiseKept(
                complaint_id=self.id, promise_id=settled.id, handler_id=self.handler_id, kept_at=at
            )
            self.record(kept, at)
            return
        self._tell(Kind.REMINDED if waiting else Kind.PROMISE_BROKEN, at, SYSTEM)
        broken = PromiseBroken(
            complaint_id=self.id,
            promise_id=settled.id,
            handler_id=self.handler_id,
            interim_reply=interim_reply,
            waiting_for_customer=waiting,
            broken_at=at,
        )
        self.record(broken, at)

    def _promise(self, at: datetime, source: Source, by: datetime | None = None) -> None:
        self.promises += 1
        promise_id = derived_id("promise", self.id, self.promises)
        self.promise = Promise(promise_id, self.id, self.promises, at, by or self.reply_due(at))
        self.changed_promises.append(self.promise)
        due = self.promise.due_at
        self._tell(Kind.PROMISE_MADE, at, SYSTEM, due.isoformat().replace("+00:00", "Z"), source)
        made = PromiseMade(complaint_id=self.id, promise_id=self.promise.id, due_at=due, made_at=at)
        self.record(made, at)

    def note(
        self, kind: Kind, at: datetime, author: str, text: str | None, source: Source = Source.INTAKE
    ) -> None:
        """Another service told what changes nothing but the story."""
        self._tell(kind, at, author, text, source)

    def _tell(
        self,
        kind: Kind,
        at: datetime,
        author: str,
        text: str | None = None,
        source: Source = Source.RESOLUTION,
    ) -> None:
        """Add a line to the timeline."""
        self.entries += 1
        self.new_entries.append(Entry(self.id, self.entries, at, source, author, kind, text or None))
