"""One complaint on its way to the people who must know and act. Pure: no I/O, no clock.

Each room of routing decides a part of it: `transfer/noticing.py` who must know, `triage/triaging.py` what it is
about, `assignment/assigning.py` who is responsible; how it was handled earns points (`rewards/earning.py`) and may
show that somebody needs training (`training/needing.py`). Here is how it ends, and what was heard too early.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.routing.assignment.assigning import Assigning
from services.routing.directory.model import Directory
from services.routing.rewards.earning import Earning
from services.routing.status import Status
from services.routing.training.needing import Needing
from services.routing.transfer.lapses import Lapse, LapseKind
from services.routing.transfer.noticing import NOBODY
from services.routing.transfer.recipients import Concerned
from services.routing.transfer.tasks.model import Tasking
from shared.events import Event, ImprovementActionOverdue, PromiseBroken, registry
from shared.events.vocabulary import Audience
from shared.ids import derived_id


@dataclass(kw_only=True)
class Dispatch(Assigning, Tasking, Earning, Needing):
    held: list[dict[str, Any]] = field(default_factory=list)
    """Facts of other services that came before what was told: type, id, time, to whom."""
    as_loaded: dict[str, object] | None = field(default=None, compare=False, repr=False)
    """Its row as the store read it; what is still the same is not written."""
    improvement_late: int = 0
    """Actions of improvements to which it gave rise that are late now."""
    erased: bool = False
    """The customer is: nothing is kept of what anybody writes about it, now or later."""

    @property
    def waits_for_directory(self) -> bool:
        """Is there something to be done that needs to know the people?"""
        return self.unsettled or bool(self.unaddressed) or bool(self.lapses)

    def close(self, at: datetime) -> None:
        """The case has ended: whoever carried it is free for another, and who waits waits no more.

        The customer may withdraw in the moment in which it is closed; the first end counts.
        """
        self.closed_at = min(filter(None, (self.closed_at, at)))
        self.settle_lessons()
        if self.choose_at is None:
            self._catch_up()

    def reopen(self, at: datetime) -> None:
        """The closed case is taken up again: somebody carries it as before."""
        self.closed_at = None
        if self.leading_id is None:
            self.separate(at)

    def merge(self, leading_id: UUID) -> None:
        """It goes on under another complaint: whoever carried it is free, and who waits waits no more."""
        self.leading_id = leading_id
        if self.choose_at is None:
            self._catch_up()

    def separate(self, at: datetime) -> None:
        """It is on its own again: somebody decides or carries it, unless its case has ended."""
        self.leading_id = None
        if self.status is not Status.RELEASED or self.closed_at is not None:
            return
        if self.category is None:
            self.status = Status.REFERRED
        else:
            self.status, self.choose_at = Status.WAITING, at

    def remind_of(self, fact: Event, fact_id: UUID, at: datetime) -> None:
        """Another service told a fact that somebody may have to know; who, depends on what was told."""
        meant = {a.value: person for a in Audience if (person := fact.addressee_among(a)) is not None}
        if self.status is Status.BLANK or self.choose_at is not None:  # the notice names the department
            held = {"fact": fact.wire_type(), "id": str(fact_id), "at": at.isoformat(), "to": dict(meant)}
            self.held.append(held)
        else:
            self._issue(type(fact), fact_id, at, meant=meant)

    def forget(self) -> None:
        """The customer is erased: no words are kept, neither theirs nor what somebody wrote about them."""
        super().forget()
        self.erased = True

    def blame(self, broken: PromiseBroken) -> None:
        """A customer had no reply by the promised time: who was responsible is recorded."""
        if broken.waiting_for_customer:
            return
        people = (broken.handler_id,) if broken.handler_id else ()
        lapse = Lapse(
            LapseKind.PROMISE, broken.promise_id, "promise-broken", people, broken.broken_at, broken.broken_at
        )
        self.lapses[lapse.id] = lapse

    def improve_late(self, late: ImprovementActionOverdue) -> None:
        """An action of an improvement was not done in time: who was responsible is recorded."""
        self.improvement_late += 1
        action = derived_id("improvement-action", late.improvement_id, late.number, late.due_at)
        lapse = Lapse(
            LapseKind.IMPROVEMENT,
            action,
            "improvement-overdue",
            (late.responsible,),
            late.due_at,
            late.overdue_at,
        )
        self.lapses[lapse.id] = lapse

    def inform(self, directory: Directory) -> None:
        """Say who is meant by what is told."""
        while told := self.address(directory, self._concerned):  # a call that is asked for is told, too
            for notice in told:
                self.set_called_for(notice)

    @property
    def _concerned(self) -> Concerned:
        return Concerned(self.category, self.department, self.handler_id, self.accused)

    def _catch_up(self) -> None:
        """It is decided on, for now: what was heard before that takes effect."""
        if self.status is Status.BLANK:
            return
        if self.closed_at is not None:
            self.settle_lessons()
        for held in self.held:
            at = datetime.fromisoformat(held["at"])
            self._issue(registry.get(held["fact"]), UUID(held["id"]), at, meant=held.get("to", NOBODY))
        self.held = []
        if self.closed_at is not None or self.leading_id is not None:
            if self.status is Status.ASSIGNED:
                self.freed = self.handler_id
            self.status = Status.RELEASED
            self._waits_no_more()
