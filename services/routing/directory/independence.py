"""Who can judge about people without being bound to them. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.routing.directory.model import Directory, Person


@dataclass(frozen=True, slots=True)
class Independent:
    """Somebody who may judge."""

    person: Person
    layer: int
    elsewhere: bool
    """They work in no department of those who are judged."""
    present: bool
    """They are not away now."""


def independent(
    directory: Directory, of: Collection[str], least_layer: int, now: datetime
) -> list[Independent]:
    """Everybody who neither answers to one of these people nor is answered to by one, nor stands in for one.

    Those of other departments come first, then the higher layers. Ids that the directory does not know bind nobody.
    """
    people = {person.id: person for person in directory.people}
    bound = set(of)
    for each in of:
        if each in people:
            bound |= _above(people, each)
            bound |= {people[each].deputy or each}  # who stands in for them
    units = {people[each].department for each in of if each in people}
    found = [
        Independent(
            person,
            directory.departments[person.department].layer,
            person.department not in units,
            not any(absence.covers(now) for absence in person.absences),
        )
        for person in people.values()
        if person.active
        and person.id not in bound
        and person.deputy not in of
        and _above(people, person.id).isdisjoint(of)
        and directory.departments[person.department].layer >= least_layer
    ]
    return sorted(found, key=lambda each: (not each.elsewhere, -each.layer, each.person.id))


def _above(people: Mapping[str, Person], person_id: str) -> set[str]:
    """Whom the person answers to, up to the top."""
    line: set[str] = set()
    above = people[person_id].supervisor
    while above is not None and above in people and above not in line:
        line.add(above)
        above = people[above].supervisor
    return line
