"""A town for tests of assignment: people, complaints that wait for them, and settling as the store does it."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.assignment.needs import Needs
from services.routing.assignment.roster import Choice, Load, Roster
from services.routing.assignment.rules import ASSIGNMENT, AssignmentRules
from services.routing.directory import Department, Directory, Person
from services.routing.model import Dispatch
from services.routing.status import Status
from shared.events import Event
from shared.events.vocabulary import Severity
from tests.resolution_story import NINE

MINUTE = timedelta(minutes=1)


def department(code: str, layer: int, *categories: str, calendar: str | None = None) -> Department:
    return Department(code, code.title(), code, layer, categories, calendar)


DEPARTMENTS = {
    unit.code: unit
    for unit in (
        department("support", 3, "function_fault"),
        department("desk", 2, "after_sales"),
        department("board", 4),
    )
}


def waiting(
    number: int,
    category: str = "function_fault",
    language: str = "en",
    *,
    severity: Severity = Severity.GENERAL,
    accused: Iterable[str] = (),
) -> Dispatch:
    """A complaint that is decided on; the higher the number, the later it was registered."""
    at = NINE + number * MINUTE
    return Dispatch(
        id=UUID(int=number + 1),
        status=Status.WAITING,
        registered_at=at,
        reference=f"RD-{number}",
        category=category,
        severity=severity,
        language=language,
        accused=tuple(sorted(accused)),
        choose_at=at,
    )


@dataclass
class Town:
    """What the database holds: people, what they carry, complaints."""

    people: list[Person]
    rules: AssignmentRules = field(default_factory=lambda: ASSIGNMENT.shipped)
    now: datetime = NINE
    departments: dict[str, Department] = field(default_factory=lambda: dict(DEPARTMENTS))
    loads: dict[str, Load] = field(default_factory=dict)
    complaints: dict[UUID, Dispatch] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)

    def roster(self, without: Collection[UUID] = ()) -> Roster:
        oldest: dict[Needs, datetime] = {}
        for dispatch in self.waiting:
            if dispatch.id not in without:
                assert dispatch.registered_at is not None
                asks = dispatch.asks
                oldest[asks] = min(oldest.get(asks, dispatch.registered_at), dispatch.registered_at)
        loads = {i: Load(load.open_cases, load.turn) for i, load in self.loads.items()}
        directory = Directory(self.departments, self.people)
        return Roster(directory, self.rules, self.now, loads, waiting=list(oldest.items()))

    @property
    def waiting(self) -> list[Dispatch]:
        """In the order of the queue."""
        found = [d for d in self.complaints.values() if d.status is Status.WAITING and d.choose_at is None]
        return sorted(found, key=_age)

    def settle(self, batch: Collection[Dispatch]) -> None:
        """One transaction."""
        self.complaints |= {dispatch.id: dispatch for dispatch in batch}
        roster = self.roster(without=[dispatch.id for dispatch in batch])
        for dispatch in batch:
            dispatch.free(roster)
        for dispatch in sorted(batch, key=_age):
            dispatch.settle(roster)
            self.told += [fact for fact, *_ in dispatch._facts]
            dispatch._facts.clear()
        self.loads = roster.loads

    def drain(self, most: int = 3) -> None:
        """Until nothing can be assigned any more, at most so many at once."""
        while True:
            roster = self.roster()
            planned: list[Dispatch] = []
            for dispatch in self.waiting:
                choice = roster.choose(dispatch.asks)
                if isinstance(choice, Choice) and len(planned) < most:
                    roster.take(choice.person)
                    planned.append(dispatch)
            for dispatch in planned:
                dispatch.try_again(self.now)
            self.settle(planned)
            if not any(dispatch.status is Status.ASSIGNED for dispatch in planned):
                return

    @property
    def carried(self) -> Counter[str]:
        """By the complaints themselves."""
        open_now = [d for d in self.complaints.values() if d.status is Status.ASSIGNED]
        return Counter(d.handler_id for d in open_now if d.handler_id)


def _age(dispatch: Dispatch) -> tuple[datetime, UUID]:
    assert dispatch.registered_at is not None
    return dispatch.registered_at, dispatch.id
