"""The people who may be responsible for complaints, and when they work. Pure.

Four layers: contact staff (1), the acceptance desk (2), technical support (3) and management (4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from shared.events.vocabulary import Remedy
from shared.worktime import Spans, WorkCalendar, unit_calendar

ACCEPTANCE_DESK = "customer_service"
"""Takes what no other department can take."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a unit or a person works."""

    code: str
    zone: str
    spans: Mapping[int, Spans]
    """Weekday (0 is Monday) to its spans in wall-clock time."""
    china: bool = False
    """China's public holidays are free, and its make-up workdays (调休) are worked."""
    closed: frozenset[date] = frozenset()
    """Further local dates without work."""
    special: Mapping[date, Spans] = field(default_factory=dict[date, Spans])
    """Local dates with spans of their own, whatever day they are."""

    def work_calendar(self) -> WorkCalendar:
        """Raises ValueError if the spans make no sense."""
        return unit_calendar(
            self.zone, self.spans, china=self.china, closed=self.closed, special=self.special
        )

    def works_at(self, moment: datetime) -> bool:
        """Is this moment inside a span?"""
        calendar = self.work_calendar()
        local = moment.astimezone(calendar.zone)
        wall = local.time().replace(tzinfo=None)
        return any(
            opens <= wall and (wall < closes or closes == time())
            for opens, closes in calendar.spans_on(local.date())
        )


@dataclass(frozen=True, slots=True)
class Department:
    code: str
    name_en: str
    name_zh: str
    layer: int
    """1 contact staff, 2 acceptance desk, 3 technical support, 4 management."""
    categories: tuple[str, ...] = ()
    """Level-1 categories that the department is responsible for."""
    calendar: str | None = None
    """Code of the calendar by which it works; None: at any time."""
    active: bool = True
    successor: str | None = None
    """The department that takes over what this one cannot do, or no longer does."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A person is away."""

    since: datetime
    until: datetime

    def covers(self, moment: datetime) -> bool:
        return self.since <= moment < self.until


@dataclass(frozen=True, slots=True)
class Authority:
    """What a person may grant without asking anybody."""

    remedies: frozenset[Remedy] = frozenset()
    amount: Decimal | None = None
    """At most so much in money's worth; None: nothing that costs money."""
    currency: str | None = None


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
    account: str | None = None
    """Principal (an API key's or an OpenID Connect subject's id) with which the person signs in."""
    role: str | None = None
    """Their role within the layer: `installer`, `rd`, `general_manager_office`."""
    team: str | None = None
    skills: frozenset[str] = frozenset()
    calendar: str | None = None
    """Code of a calendar of their own; None: that of the department."""
    deputy: str | None = None
    """Who stands in while the person is away."""
    supervisor: str | None = None
    meets_customers: bool = False
    """Meets customers at work, in whatever department."""
    authority: Authority = Authority()
    certificates: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """Valid training certificates: code to the time at which each expires."""
    absences: tuple[Absence, ...] = ()
    """Those of now and to come."""


@dataclass
class Directory:
    """Everybody, as the tables told it."""

    departments: dict[str, Department]
    people: list[Person]
    calendars: dict[str, Calendar] = field(default_factory=dict[str, Calendar])
