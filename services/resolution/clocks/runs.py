"""One run of a clock: from its start until it is met, and what happens on the way. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.resolution.clocks.due import Pause, due
from shared.events.clocks import Clock
from shared.worktime import HORIZON, WorkCalendar


@dataclass(frozen=True, slots=True)
class Run:
    """Counts down from `started_at`; not while it is paused."""

    clock: Clock
    number: int
    """Counts the runs of all clocks of a case, from 1."""
    started_at: datetime
    hours: float
    """Working hours that it has, extensions included."""
    due_at: datetime | None = None
    """None: it stands still."""
    next_at: datetime | None = None
    """After this moment it warns, is missed or escalates; None: not by itself."""
    stopped_at: datetime | None = None
    """When it was met, or no longer mattered."""
    missed_at: datetime | None = None
    warned: int | None = None
    """Working minutes before the end of the last warning."""
    escalated: int = 0
    """Steps of the escalation that were taken."""
    idle: tuple[Pause, ...] = ()
    """Times between being met and running on: they count for this clock only."""

    @property
    def runs(self) -> bool:
        return self.stopped_at is None

    def stopped(self, at: datetime) -> "Run":
        """It was met. If that was too late and nobody has noticed yet, it wakes at once to say so."""
        at = max(at, self.started_at)
        late = self.missed_at is None and self.due_at is not None and self.due_at < at
        return replace(self, stopped_at=at, next_at=self.due_at if late else None)


@dataclass(frozen=True, slots=True)
class Counting:
    """By what the moments of a run are counted."""

    pauses: Sequence[Pause]
    calendar: WorkCalendar
    warn_minutes: Sequence[int]
    escalate_minutes: Sequence[int]
    """Working minutes after the miss, step by step."""

    def counted(self, run: Run) -> Run:
        """The run with its moments as they follow from these."""
        due_at = self._after(run, 0)
        return replace(run, due_at=due_at, next_at=self._next(run, due_at))

    def lead(self, run: Run, at: datetime) -> int | None:
        """The latest warning whose moment has passed at `at`; None when there is none that was not given."""
        passed = (lead for lead in self._leads(run) if _is_before(self._after(run, -lead), at))
        return min(passed, default=None)

    def _next(self, run: Run, due_at: datetime | None) -> datetime | None:
        if run.missed_at is not None:
            steps = self.escalate_minutes[run.escalated : run.escalated + 1]
            return self._after(run, steps[0]) if steps else None
        if (
            due_at is None
        ):  # a warning whose moment came before the pause waits until it is known of what to warn
            return None
        leads = self._leads(run)
        return self._after(run, -leads[0]) if leads else due_at

    def _leads(self, run: Run) -> list[int]:
        """Warnings that are still to be given, the first one first."""
        whole = run.hours * 60
        return sorted(
            (m for m in self.warn_minutes if m < whole and (run.warned is None or m < run.warned)),
            reverse=True,
        )

    def _after(self, run: Run, minutes: int) -> datetime | None:
        """So many working minutes after the time is over; before it, if negative. What lies beyond the horizon of the
        calendar is over at the horizon."""
        try:
            return due(
                run.started_at, timedelta(hours=run.hours, minutes=minutes), self.pauses, self.calendar
            )
        except ValueError:
            return run.started_at + HORIZON


def _is_before(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment < at
