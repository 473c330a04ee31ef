"""When the departments work, as routing's directory told it last. Pure, but for reading the copy that is kept of it.

Whoever has no calendar works as the installation usually does: a time that is told to a customer must not fall into
the night because nobody entered a calendar. The same holds for a calendar by which no time can be counted.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from shared.worktime import WorkCalendar, add_working_time, chinese_calendar, unit_calendar

log = logging.getLogger(__name__)

Spans = tuple[tuple[time, time], ...]
Weekday = Annotated[int, Field(ge=0, le=6)]
MOST_WORK = timedelta(hours=2000)
"""The longest time that a clock counts: a calendar by which it is never over is of no use."""
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


class CalendarCopy(BaseModel):
    """What routing says of one calendar."""

    model_config = ConfigDict(frozen=True)

    zone: str
    spans: dict[Weekday, Spans]
    china: bool = False
    closed: frozenset[date] = frozenset()
    special: dict[date, Spans] = {}

    @property
    def digest(self) -> str:
        """The same for the same working time."""
        told = self.model_dump(mode="json") | {"closed": sorted(self.closed)}
        return hashlib.sha256(to_json(told)).hexdigest()[:16]

    def work_calendar(self) -> WorkCalendar:
        """Raises ValueError or KeyError when no time can be counted by it."""
        made = unit_calendar(
            self.zone, self.spans, china=self.china, closed=self.closed, special=self.special
        )
        add_working_time(_ANY_TIME, MOST_WORK, made)
        return made


@dataclass(frozen=True)
class Calendars:
    """By department. A digest says by which calendar something was computed; None: the usual one."""

    usual: WorkCalendar = field(default_factory=chinese_calendar)
    by_department: Mapping[str, tuple[str, WorkCalendar]] = field(
        default_factory=dict[str, tuple[str, WorkCalendar]]
    )

    def of(self, department: str | None) -> WorkCalendar:
        known = self.by_department.get(department or "")
        return self.usual if known is None else known[1]

    def digest(self, department: str | None) -> str | None:
        known = self.by_department.get(department or "")
        return None if known is None else known[0]

    def with_copies(self, copies: Mapping[str, CalendarCopy]) -> "Calendars":
        """The same, with these calendars by department. Instead of one that is of no use the usual one counts, under
        the digest of what was told: else whatever is counted by it would be found outdated for ever."""
        made: dict[str, tuple[str, WorkCalendar]] = {}
        for department, copy in copies.items():
            try:
                made[department] = (copy.digest, copy.work_calendar())
            except (ValueError, KeyError) as error:
                log.warning("the calendar of %s is not usable, the usual one is used: %s", department, error)
                made[department] = (copy.digest, self.usual)
        return Calendars(self.usual, made)


USUAL = Calendars()
