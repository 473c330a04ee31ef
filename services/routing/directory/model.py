"""Departments, people, and the choice of who is responsible. Pure."""

from dataclasses import dataclass, field

ACCEPTANCE_DESK = "customer_service"
"""Takes what no other department can take."""


@dataclass(frozen=True, slots=True)
class Department:
    code: str
    name_en: str
    name_zh: str
    layer: int
    """1 contact staff, 2 acceptance desk, 3 technical support, 4 management."""
    categories: tuple[str, ...] = ()
    """Level-1 categories that the department is responsible for."""


@dataclass(slots=True)
class Person:
    id: str
    name: str
    """Work name: the one they sign with towards customers."""
    department: str
    languages: tuple[str, ...]
    capacity: int
    open_cases: int = 0
    active: bool = True

    def can_take(self, language: str) -> bool:
        return self.active and self.open_cases < self.capacity and language in self.languages


@dataclass(frozen=True, slots=True)
class Choice:
    """Who became responsible, and why."""

    department: str
    person: Person
    reasons: tuple[str, ...]


@dataclass
class Directory:
    """Everybody, with the load they carry now. `changes` collects what this batch adds to it."""

    departments: dict[str, Department]
    people: list[Person]
    changes: dict[str, int] = field(default_factory=dict)

    def choose(self, category: str, language: str) -> Choice | None:
        """The least loaded person of the responsible department, else of the acceptance desk, else None."""
        responsible = [d.code for d in self.departments.values() if category in d.categories]
        for department in dict.fromkeys((*responsible, ACCEPTANCE_DESK)):
            able = [p for p in self.people if p.department == department and p.can_take(language)]
            if able:
                person = min(able, key=lambda p: (p.open_cases / p.capacity, p.id))
                self._load(person, 1)
                why = f"category:{category}" if department in responsible else "fallback:acceptance-desk"
                return Choice(department, person, (why, f"language:{language}", "least-loaded"))
        return None

    def anybody(self, category: str, language: str) -> bool:
        """Could such a complaint be given to somebody now?"""
        able = {p.department for p in self.people if p.can_take(language)}
        return any(
            d.code in able and (category in d.categories or d.code == ACCEPTANCE_DESK)
            for d in self.departments.values()
        )

    def release(self, person_id: str) -> None:
        for person in self.people:
            if person.id == person_id:
                self._load(person, -1)

    def _load(self, person: Person, change: int) -> None:
        person.open_cases += change
        self.changes[person.id] = self.changes.get(person.id, 0) + change
