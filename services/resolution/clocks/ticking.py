"""The clocks of a case: they listen to its story. Pure.

Every change of a case is told to its timeline after it was made, so whatever room makes a change, the clocks follow
from the state, and from the kind of the entry. What is missed is found only when time passes (`time_passed`), so that
it is found once, and the same in whatever order the news of the services comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.resolution.clocks.book import CLOCKS
from services.resolution.clocks.due import Pause
from services.resolution.clocks.rules import (
    CONTACTS,
    ENDED,
    OWN,
    RESPONSES,
    RETARGETING,
    STAGES,
    WORKED,
    stage,
)
from services.resolution.clocks.runs import Counting, Run
from services.resolution.clocks.telling import Telling
from services.resolution.lifecycle import UNSOLVED, State, WaitingFor
from services.resolution.promises import Promise, PromiseState
from services.resolution.timeline import Kind, Source
from shared.events.clocks import Clock
from shared.events.routing import TimeLimits
from shared.worktime import working_time_between


@dataclass(kw_only=True)
class Ticking(Telling):
    """One run of each clock at a time; of one that has ended, the last."""

    runs: dict[Clock, Run] = field(default_factory=dict[Clock, Run])
    pauses: tuple[Pause, ...] = ()
    """Times in which the customer was waited for, or the case followed another one."""
    limits: TimeLimits | None = None
    """What triage decided."""
    extended_hours: float = 0
    extensions: int = 0
    runs_started: int = 0
    clock_policy: int | None = None
    """Version of the rulebook by which the clocks were computed last."""
    calendar_digest: str | None = None
    """Of the calendar by which they were."""

    def deadlines(self) -> Iterator[datetime]:
        yield from super().deadlines()
        for run in self.runs.values():
            if run.next_at is not None:
                yield run.next_at
        if self.outdated:
            assert self.registered_at is not None, "clocks run from the registration on"
            yield self.registered_at

    @property
    def stands_still(self) -> bool:
        """The customer is waited for, or the case follows another one."""
        return bool(self.pauses) and self.pauses[-1].until is None

    @property
    def outdated(self) -> bool:
        """Were the running clocks computed by another rulebook or calendar than what holds now?"""
        return self.state in WORKED | {State.MERGED} and (
            self.clock_policy != self.books.version(CLOCKS)
            or self.calendar_digest != self.calendars.digest(self.department)
        )

    def time_passed(self, at: datetime) -> None:
        """Warn, miss and escalate what is due at `at`."""
        if self.outdated:
            self._follow_state(at)  # a case that is older than its clocks has none yet
            self._pause(at)
            self._count_anew(at)
        super().time_passed(at)
        for clock in list(self.runs):
            while (run := self.runs[clock]).next_at is not None and run.next_at < at:
                self.runs[clock] = self._take_step(run, at)

    def start_anew(self, at: datetime) -> None:
        """Fresh clocks from `at` on, for a case that is opened again: no time that was used before counts. To be called
        before the opening is told to the timeline."""
        for run in list(self.runs.values()):
            self._stop(run.clock, at)
        self.pauses, self.extended_hours, self.extensions = (), 0, 0
        for clock in (Clock.FIRST_RESPONSE, Clock.RESOLUTION):
            self._start(clock, at)
        self._count_anew(at)

    def _tell(
        self,
        kind: Kind,
        at: datetime,
        author: str,
        text: str | None = None,
        source: Source = Source.RESOLUTION,
    ) -> None:
        super()._tell(kind, at, author, text, source)
        if self.state is not State.UNOPENED and kind not in OWN:
            self._listen(kind, at)

    def _listen(self, kind: Kind, at: datetime) -> None:
        pauses, started = self.pauses, self.runs_started
        if kind is Kind.OPENED:
            self._start(Clock.FIRST_RESPONSE, at)
            self._start(Clock.RESOLUTION, at)
        answered = kind in CONTACTS and self.waiting_for is WaitingFor.CUSTOMER
        if answered or self.state in ENDED | {State.CARRIED_OUT}:
            self.waiting_for = None
        if kind in RESPONSES:
            self._stop(Clock.FIRST_RESPONSE, at)
            self._stop(Clock.NEXT_RESPONSE, at)
        elif kind is Kind.CUSTOMER_WROTE and self.state in WORKED and not self._owed():
            self._start(Clock.NEXT_RESPONSE, at)
        self._follow_state(at)
        if kind is Kind.PROMISE_MADE:
            self._start(Clock.PROMISE, at)
        self._pause(at)
        if self.pauses != pauses:
            self._count_anew(at)
        elif self.runs_started != started or kind in RETARGETING:
            self._count_anew(at, changed_only=not any(run.missed_at for run in self.runs.values()))

    def _owed(self) -> bool:
        """Does the customer wait for an answer already? Then what they write more is answered with it."""
        return any(c in self.runs and self.runs[c].runs for c in (Clock.FIRST_RESPONSE, Clock.NEXT_RESPONSE))

    def _follow_state(self, at: datetime) -> None:
        if self.state in ENDED:
            for clock in self.runs.keys() - {Clock.PROMISE}:
                self._stop(clock, at)
            return
        if self.state is State.MERGED:
            return
        now = stage(self.state, self.valid)
        for clock in STAGES - {now}:
            self._stop(clock, at)
        if now is not None and not self._is_running(now):
            self._start(now, at)
        if self.state is State.CARRIED_OUT:
            self._stop(Clock.RESOLUTION, at)
        elif self.state in UNSOLVED and not self._is_running(Clock.RESOLUTION):
            self._go_on(Clock.RESOLUTION, at)
        if not self.owes_public_response:
            self._stop(Clock.PUBLIC_RESPONSE, at)
        elif Clock.PUBLIC_RESPONSE not in self.runs:
            self._start(Clock.PUBLIC_RESPONSE, at)

    def _pause(self, at: datetime) -> None:
        """The clocks stand still while the case follows another one, and while the customer is waited for, unless
        they wait for an answer themselves."""
        idle = self.state is State.MERGED or (self.waits_for_customer and not self._owed())
        if idle and not self.stands_still:
            self.pauses += (Pause(at),)
        elif self.stands_still and not idle:
            since = self.pauses[-1].since
            self.pauses = (*self.pauses[:-1], Pause(since, max(at, since)))

    def _is_running(self, clock: Clock) -> bool:
        return clock in self.runs and self.runs[clock].runs

    def _start(self, clock: Clock, at: datetime) -> None:
        last = self.runs.get(clock)
        if last is not None and last.missed_at is None and last.next_at is not None and not last.runs:
            self._miss(last)  # it was met too late, and nobody has noticed yet
        if clock is not Clock.PROMISE and clock not in self._hours():
            return
        self.runs_started += 1
        self.runs[clock] = Run(clock, self.runs_started, at, 0)

    def _stop(self, clock: Clock, at: datetime) -> None:
        if self._is_running(clock):
            run = self.runs[clock] = self.runs[clock].stopped(at)
            if run.missed_at is not None:
                self._met_after_all(run)

    def _go_on(self, clock: Clock, at: datetime) -> None:
        """A clock that was stopped runs on: the time in between does not count."""
        run = self.runs.get(clock)
        if run is None:
            self._start(clock, at)
        else:
            assert run.stopped_at is not None
            idle = Pause(run.stopped_at, max(at, run.stopped_at))
            self.runs[clock] = replace(run, stopped_at=None, idle=(*run.idle, idle))
            self._count_anew(at)

    def _count_anew(self, at: datetime, *, changed_only: bool = False) -> None:
        """Compute what is not over by `at` by what holds now; a miss stays a miss. `changed_only`: the pauses are as
        they were, so only what is new, or has another time, needs to be computed."""
        changed_only = changed_only and not self.outdated
        self.clock_policy = self.books.version(CLOCKS)
        self.calendar_digest = self.calendars.digest(self.department)
        hours = self._hours()
        hours[Clock.RESOLUTION] += self.extended_hours
        for clock, run in self.runs.items():
            wanted = hours.get(clock, run.hours)
            over = run.stopped_at is not None and (run.stopped_at < at or run.missed_at is not None)
            if over or (changed_only and run.hours == wanted):
                continue
            if clock is Clock.PROMISE:
                assert self.promise is not None, "only a live promise has a clock"
                if not changed_only or run.due_at is None:
                    self.runs[clock] = self._reminder(run, self.promise)
                continue
            counted = self._counting(run).counted(replace(run, hours=wanted))
            if run.missed_at is not None:
                counted = replace(counted, due_at=run.due_at)
            self.runs[clock] = counted.stopped(run.stopped_at) if run.stopped_at is not None else counted

    def _reminder(self, run: Run, promise: Promise) -> Run:
        """A promise is a word that was given: no rulebook and no calendar moves it. Only the warning is computed."""
        calendar = self.calendars.of(self.department)
        hours = working_time_between(promise.made_at, promise.due_at, calendar) / timedelta(hours=1)
        counted = self._counting(run).counted(replace(run, hours=hours))
        warns = counted.next_at is not None and counted.next_at < promise.due_at
        return replace(counted, due_at=promise.due_at, next_at=counted.next_at if warns else None)

    def _hours(self) -> dict[Clock, float]:
        book = self.books.read(CLOCKS)
        hours = dict(book.hours(self.severity, self.category, self.channel, self.visibility))
        if self.limits is not None:
            hours[Clock.FIRST_RESPONSE] = self.limits.first_response
            hours[Clock.RESOLUTION] = self.limits.resolution
        return hours

    def _counting(self, run: Run) -> Counting:
        book = self.books.read(CLOCKS)
        still = () if run.clock is Clock.PROMISE else self.pauses
        return Counting(
            [p for p in (*still, *run.idle) if run.stopped_at is None or p.since < run.stopped_at],
            self.calendars.of(self.department),
            book.warn_minutes.get(run.clock, ()),
            [step.after_minutes for step in book.steps(run.clock, self.severity)],
        )

    def _take_step(self, run: Run, at: datetime) -> Run:
        """What comes next of one run."""
        counting = self._counting(run)
        if run.missed_at is not None:
            self._escalate(run, at)
            further = counting.counted(replace(run, escalated=run.escalated + 1))
            return replace(further, due_at=run.due_at)
        if run.clock is Clock.PROMISE:
            assert self.promise is not None, "only a live promise has a clock"
            self._warn(run, self.promise.due_at, at)
            return self._reminder(replace(run, warned=counting.lead(run, at)), self.promise)
        if run.due_at is not None and run.due_at < (run.stopped_at or at):
            missed = self._miss(run)
            return missed if run.stopped_at is not None else counting.counted(missed)
        assert run.due_at is not None, "a clock that stands still does not warn"
        self._warn(run, run.due_at, at)
        return counting.counted(replace(run, warned=counting.lead(run, at)))

    def _note_settled(self, settled: Promise, at: datetime, *, interim_reply: bool) -> None:
        run = self.runs.pop(Clock.PROMISE, None)
        super()._note_settled(settled, at, interim_reply=interim_reply)
        late = settled.state is PromiseState.BROKEN
        if late and run is not None and not self.changed_promises[-1].excused:
            self.changed_lapses.append(replace(self._lapse(run, settled.due_at), met_at=at))
