"""What a case tells of its clocks: facts, entries of the timeline, rows of the accountability record. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.resolution.clocks.book import CLOCKS
from services.resolution.clocks.lapses import Lapse
from services.resolution.clocks.runs import Run
from services.resolution.ledger import Ledger
from services.resolution.timeline import SYSTEM, Kind
from shared.events import CaseEscalated, CaseEscalatedToLeadership, ClockMissed, ClockWarned
from shared.events.clocks import Accountable
from shared.events.vocabulary import Audience
from shared.ids import derived_id

ESCALATIONS: dict[Audience, type[CaseEscalated | CaseEscalatedToLeadership]] = {
    Audience.COMPLAINT_MANAGEMENT: CaseEscalated,
    Audience.LEADERSHIP: CaseEscalatedToLeadership,
}


@dataclass(kw_only=True)
class Telling(Ledger):
    """Whoever has the case answers for a miss; of a case that nobody has, the department or management."""

    changed_lapses: list[Lapse] = field(default_factory=list[Lapse], repr=False, compare=False)
    """They wait to be saved."""
    met_lapses: list[tuple[UUID, datetime]] = field(
        default_factory=list[tuple[UUID, datetime]], repr=False, compare=False
    )
    """What was met after all, and when: waits to be saved, too."""

    @property
    def accountable(self) -> Accountable:
        if self.handler_id is not None:
            return Accountable.HANDLER
        return Accountable.DEPARTMENT if self.department is not None else Accountable.MANAGEMENT

    def _warn(self, run: Run, due_at: datetime, at: datetime) -> None:
        self._tell(Kind.CLOCK_WARNED, at, SYSTEM, run.clock.value)
        self.record(ClockWarned(**self._said(run, due_at), warned_at=at), at)

    def _miss(self, run: Run) -> Run:
        """The time was over at `due_at`, whenever it is noticed."""
        assert run.due_at is not None, "a clock that stands still is not missed"
        self._tell(Kind.CLOCK_MISSED, run.due_at, SYSTEM, run.clock.value)
        lapse = self._lapse(run, run.due_at)
        self.changed_lapses.append(replace(lapse, met_at=run.stopped_at))
        said = self._said(run, run.due_at)
        self.record(ClockMissed(**said, lapse_id=lapse.id, missed_at=run.due_at), run.due_at)
        return replace(run, missed_at=run.due_at, next_at=None)

    def _escalate(self, run: Run, at: datetime) -> None:
        assert run.missed_at is not None, "only what was missed escalates"
        step = self.books.read(CLOCKS).steps(run.clock, self.severity)[run.escalated]
        self._tell(Kind.ESCALATED, at, SYSTEM, f"{run.clock.value} · {step.to.value}")
        said = self._said(run, run.missed_at)
        self.record(ESCALATIONS[step.to](**said, step=run.escalated + 1, escalated_at=at), at)

    def _met_after_all(self, run: Run) -> None:
        assert run.stopped_at is not None
        assert run.missed_at is not None
        self.met_lapses.append((self._lapse_id(run), max(run.stopped_at, run.missed_at)))

    def _lapse(self, run: Run, due_at: datetime) -> Lapse:
        return Lapse(
            self._lapse_id(run),
            self.id,
            run.clock,
            run.number,
            run.started_at,
            due_at,
            self.accountable,
            self.handler_id,
            self.department,
            self.books.version(CLOCKS),
        )

    def _lapse_id(self, run: Run) -> UUID:
        return derived_id("lapse", self.id, run.number)

    def _said(self, run: Run, due_at: datetime) -> dict[str, Any]:
        return {
            "complaint_id": self.id,
            "clock": run.clock,
            "number": run.number,
            "due_at": due_at,
            "accountable": self.accountable,
            "handler_id": self.handler_id,
            "department": self.department,
            "policy_version": self.books.version(CLOCKS),
        }
