"""Points for how a complaint was handled. Pure.

Everything here follows from facts of resolution alone, so that the result is the same in whatever order the topics
come; only praise comes from intake, and depends on nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.routing.rewards.book import REWARDS, Result
from services.routing.transfer.noticing import Noticing
from shared import ids
from shared.envelope import Received
from shared.events import MarkMade, MarkRestored
from shared.events.fairness import MarkChanged
from shared.events.vocabulary import Outcome


@dataclass(frozen=True)
class Earned:
    """Points of one person for one result, told by one fact."""

    id: UUID
    person: str
    complaint_id: UUID
    result: str
    points: int
    book_version: int
    fact_type: str
    fact_id: UUID
    earned_at: datetime
    step: int = 0
    """Of what may change, such as a mark: the highest that is known counts."""
    counts: bool = True
    """False while a mark is frozen, and for ever when it is removed."""


@dataclass(kw_only=True)
class Earning(Noticing):
    """A complaint by whose handling people earn points."""

    worked_by: str | None = None
    """Who took the case up."""
    replies: int = 0
    """Promises that were kept: each by a reply."""
    setbacks: int = 0
    """Promises broken by somebody's fault, and results that the customer could not accept."""
    earned: list[Earned] = field(default_factory=list)
    """What this change earns."""

    def reply_in_time(self, person: str | None, fact: Received, at: datetime) -> None:
        self.replies += 1
        self._earn(person, Result.PROMISE_KEPT, fact, at)

    def break_promise(self, person: str | None, fact: Received, at: datetime) -> None:
        self.setbacks += 1
        self._earn(person, Result.PROMISE_BROKEN, fact, at)

    def resume(self, fact: Received, at: datetime) -> None:
        self.setbacks += 1
        self._earn(self.worked_by, Result.CASE_RESUMED, fact, at)

    def end(self, outcome: Outcome, fact: Received, at: datetime) -> None:
        """The case is closed: it counts as handled, and its outcome counts.

        The first contact solved it when the first reply was the result, and nothing went wrong before.
        """
        self._earn(self.worked_by, Result.CASE_HANDLED, fact, at)
        self._earn(self.worked_by, Result(f"outcome_{outcome.value}"), fact, at)
        if outcome.is_target and self.replies <= 1 and not self.setbacks:
            self._earn(self.worked_by, Result.FIRST_CONTACT, fact, at)

    def mark(self, change: MarkChanged, fact: Received) -> None:
        """A mark against a person came, waits or went. Any of these facts may be heard first."""
        # An id of the mark, so that all its facts change one row.
        self._earn(change.person_id, Result.MARKED, fact, change.made_at)
        self.earned[-1] = replace(
            self.earned[-1],
            id=ids.derived_id("earned", change.mark_id),
            step=change.step,
            counts=isinstance(change, MarkMade | MarkRestored),
        )

    def praise(self, person: str, fact: Received, at: datetime) -> None:
        self._earn(person, Result.PRAISED, fact, at)

    def _earn(self, person: str | None, result: Result, fact: Received, at: datetime) -> None:
        """A result for which the book gives nothing is kept as well: by it the cases are counted."""
        if person is None:
            return
        self.earned.append(
            Earned(
                id=ids.derived_id("earned", fact.id, result),
                person=person,
                complaint_id=self.id,
                result=result.value,
                points=self.books.read(REWARDS).points(result),
                book_version=self.books.version(REWARDS),
                fact_type=fact.wire_type,
                fact_id=fact.id,
                earned_at=at,
            )
        )


def newest(earned: Iterable[Earned]) -> list[Earned]:
    """Of several states of one row the one of the highest step, in whatever order they come."""
    found: dict[UUID, Earned] = {}
    for each in earned:
        known = found.get(each.id)
        if known is None or known.step < each.step:
            found[each.id] = each
    return list(found.values())
