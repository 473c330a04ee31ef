"""Who works at one moment, and when those who do not will. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.directory.model import Directory, Person
from shared.worktime import add_working_time


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a person works at the moment."""

    absent: bool = False
    """Away now, or still away when they would work next."""
    opens_at: datetime | None = None
    """When they work next; None: they work now, or never (`never`)."""
    never: bool = False
    """By their calendar there is no time at which they work."""


@dataclass(frozen=True, slots=True)
class _Opening:
    now: bool
    at: datetime | None = None


_ALWAYS, _NEVER = _Opening(True), _Opening(False)


class Hours:
    """Presence at one moment, by the person's own calendar or that of their department."""

    def __init__(self, directory: Directory, now: datetime) -> None:
        self.now = now
        self._directory = directory
        self._openings: dict[str, _Opening] = {}
        self._known: dict[str, Presence] = {}

    def presence(self, person: Person) -> Presence:
        if person.id not in self._known:
            self._known[person.id] = self._looked_up(person)
        return self._known[person.id]

    def _looked_up(self, person: Person) -> Presence:
        if any(absence.covers(self.now) for absence in person.absences):
            return Presence(absent=True)
        department = self._directory.departments[person.department]
        opening = self._opening(person.calendar or department.calendar)
        if opening.now:
            return Presence()
        if opening.at is None:
            return Presence(never=True)
        if any(absence.covers(opening.at) for absence in person.absences):
            return Presence(absent=True)
        return Presence(opens_at=opening.at)

    def _opening(self, code: str | None) -> _Opening:
        if code is None:
            return _ALWAYS
        if code not in self._openings:
            self._openings[code] = self._read(code)
        return self._openings[code]

    def _read(self, code: str) -> _Opening:
        calendar = self._directory.calendars[code]
        if calendar.works_at(self.now):
            return _ALWAYS
        try:
            return _Opening(False, add_working_time(self.now, timedelta(), calendar.work_calendar()))
        except ValueError:  # no working time in ten years
            return _NEVER
