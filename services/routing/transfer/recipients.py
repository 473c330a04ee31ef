"""Who of the directory is meant by an audience. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.routing.directory.model import Department, Directory, Person
from shared.events.vocabulary import Audience

MOST = 20
"""People who are meant at most: a letter to everybody is read by nobody."""
TECHNICAL, MANAGEMENT = 3, 4
"""Layers of departments."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """What of a complaint says who is meant."""

    category: str | None = None
    department: str | None = None
    handler_id: str | None = None
    accused: tuple[str, ...] = ()

    def of(self, department: str) -> "Concerned":
        """The same, where a further department is meant: whoever handles the complaint does not stand for it."""
        return replace(self, department=department, handler_id=None)


def recipients(
    audience: Audience, of: Concerned, directory: Directory, leader_roles: Iterable[str], at: datetime
) -> tuple[str, ...]:
    """Ids of the people who are meant, by their deputies while they are away; nobody: the whole audience.

    Whoever is complained about gets no other audience's notices about that complaint.
    """
    if audience is Audience.PERSON_CONCERNED:
        return tuple(p.id for p in directory.people if p.id in of.accused and p.active)
    meant = _meant(audience, of, directory, frozenset(leader_roles))
    by_id = {p.id: p for p in directory.people}
    present = (_present(person, by_id, at) for person in meant)
    return tuple(dict.fromkeys(p.id for p in present if p.id not in of.accused))[:MOST]


def readers(
    audience: Audience,
    directory: Directory,
    leader_roles: Iterable[str],
    roles: Collection[str],
    at: datetime,
    each_department: bool,
) -> dict[str | None, tuple[str, ...]]:
    """Who an audience is when no complaint is at hand, by department, or all under None; a department without anybody
    is left out. `roles`: whoever has one of them instead of those in charge."""
    people = [p for p in directory.people if p.active]
    by_id = {p.id: p for p in directory.people}
    wanted = frozenset(roles) or (frozenset(leader_roles) if audience is Audience.LEADERSHIP else frozenset())
    found: dict[str | None, tuple[str, ...]] = {}
    for unit in _units(audience, directory):
        there = [p for p in people if p.department == unit.code and p.role in wanted]
        meant = there if wanted else _in_charge(people, {unit.code})
        if meant:
            found[unit.code] = tuple(dict.fromkeys(_present(p, by_id, at).id for p in meant))
    if each_department:
        return found
    return {None: tuple(dict.fromkeys(person for group in found.values() for person in group))}


def _units(audience: Audience, directory: Directory) -> list[Department]:
    """Departments in which an audience is found."""
    units = [d for d in directory.departments.values() if d.active]
    if audience is Audience.PERSON_CONCERNED:
        return []
    if audience is Audience.LEADERSHIP:
        return units
    if audience is Audience.RESPONSIBLE_DEPARTMENT:
        return [d for d in units if d.categories]
    layer = TECHNICAL if audience is Audience.TECHNICAL_SUPPORT else MANAGEMENT
    return [d for d in units if d.layer == layer]


def supervisors(people: Iterable[str], directory: Directory) -> tuple[str, ...]:
    """Whom these people answer to."""
    by_id = {p.id: p for p in directory.people}
    found = (by_id[i].supervisor for i in people if i in by_id)
    return tuple(dict.fromkeys(s for s in found if s is not None))


def _meant(
    audience: Audience, of: Concerned, directory: Directory, leader_roles: frozenset[str]
) -> list[Person]:
    people = [p for p in directory.people if p.active]
    if audience is Audience.LEADERSHIP:
        return [p for p in people if p.role in leader_roles]
    if audience is Audience.RESPONSIBLE_DEPARTMENT:
        handler = [p for p in people if p.id == of.handler_id]
        codes = {of.department} if of.department else _responsible(directory, of.category)
        return handler or _in_charge(people, codes)
    layer = TECHNICAL if audience is Audience.TECHNICAL_SUPPORT else MANAGEMENT
    units = [d for d in directory.departments.values() if d.active and d.layer == layer]
    if layer == TECHNICAL:
        units = [d for d in units if of.category in d.categories] or units
    return _in_charge(people, {d.code for d in units})


def _responsible(directory: Directory, category: str | None) -> set[str]:
    def is_responsible(unit: Department) -> bool:
        return unit.active and category in unit.categories

    return {d.code for d in directory.departments.values() if is_responsible(d)}


def _in_charge(people: list[Person], departments: set[str]) -> list[Person]:
    """Those whom somebody of the department answers to; where nobody is, everybody of it."""
    there = [p for p in people if p.department in departments]
    heads = {p.supervisor for p in there}
    return [p for p in there if p.id in heads] or there


def _present(person: Person, by_id: dict[str, Person], at: datetime) -> Person:
    """The person, or who stands in for them now."""
    deputy = by_id.get(person.deputy or "")
    away = any(absence.covers(at) for absence in person.absences)
    return deputy if away and deputy is not None and deputy.active else person
