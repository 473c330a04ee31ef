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
from services.routing.transfer.recipients import Concerned
from services.routing.transfer.tasks.model import Tasking
from shared.events import Event, PromiseBroken, registry


@dataclass(kw_only=True)
class Dispatch(Assigning, Tasking, Earning, Needing):
    held: list[dict[str, Any]] = field(default_factory=list)
    """Facts of other services that came before what was told: type, id, time, to whom."""
    as_loaded: dict[str, object] | None = field(default=None, compare=False, repr=False)
    """Its row as the store read it; what is still the same is not written."""
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
        if self.status is Status.BLANK or self.choose_at is not None:  # the notice names the department
            self.held.append(
                {"fact": fact.wire_type(), "id": str(fact_id), "at": at.isoformat(), "to": fact.addressee}
            )
        else:
            self._issue(type(fact), fact_id, at, addressee=fact.addressee)

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
            self._issue(registry.get(held["fact"]), UUID(held["id"]), at, addressee=held.get("to"))
        self.held = []
        if self.closed_at is not None or self.leading_id is not None:
            if self.status is Status.ASSIGNED:
                self.freed = self.handler_id
            self.status = Status.RELEASED
            self._waits_no_more()
