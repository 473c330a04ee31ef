"""What a person may grant, and who approves what is beyond. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.routing.directory.model import Person


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody up the line."""

    person: Person
    instead_of: str | None
    """Whom they stand in for, who is away or has left."""


def approvers(people: Mapping[str, Person], person: Person, now: datetime) -> list[Approver]:
    """Who approves what is beyond the person's authority, the nearest first.

    Whoever is away or has left is stood in for by their deputy; if that one is away too, by the deputy's deputy, and
    if nobody is there the next supervisor is asked. Nobody approves for themselves.
    """
    line: list[Approver] = []
    seen = {person.id}
    above = person.supervisor
    while above is not None and above in people and above not in seen:
        seen.add(above)
        there = _there(people, people[above], now)
        if there is not None and there.id != person.id and all(there.id != each.person.id for each in line):
            line.append(Approver(there, above if there.id != above else None))
        above = people[above].supervisor
    return line


def _there(people: Mapping[str, Person], person: Person, now: datetime) -> Person | None:
    """The person, or whoever stands in for them now."""
    asked: set[str] = set()
    here: Person | None = person
    while here is not None and here.id not in asked:
        if here.active and not any(absence.covers(now) for absence in here.absences):
            return here
        asked.add(here.id)
        here = people.get(here.deputy or "")
    return None
