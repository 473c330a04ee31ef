"""When a briefing is due, and which days it covers. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.notification.briefings.book import BriefingRow, Period
from shared.worktime import WorkCalendar, chinese_calendar

LONGEST = timedelta(days=31)
"""A briefing covers no more, however long Redress was away."""
_DAY = timedelta(days=1)


class Turn(NamedTuple):
    """One time at which a briefing is made."""

    due_at: datetime
    until: datetime
    """Up to when it tells what happened: the midnight before."""


def latest_turn(row: BriefingRow, now: datetime) -> Turn | None:
    """The last one that is due by now; None: there was none within the longest time that one covers."""
    zone = ZoneInfo(row.zone)
    today = now.astimezone(zone).date()
    for day in _days_back(today):
        due_at = datetime.combine(day, time(row.hour), zone)
        if due_at <= now and _is_turn(row, day):
            return Turn(due_at, datetime.combine(day, time(), zone))
    return None


def since(row: BriefingRow, until: datetime, before: datetime | None) -> datetime:
    """From when it tells what happened: where the one before ended, so that nothing falls between two; but no longer
    back than LONGEST. Without one before: a day or a week."""
    zone = ZoneInfo(row.zone)
    if before is not None and before < until:
        return max(before, _midnight(until, LONGEST, zone))
    return _midnight(until, _DAY if row.period is Period.DAILY else 7 * _DAY, zone)


def days_of(since: datetime, until: datetime, zone: str) -> tuple[date, date]:
    """The first and the last day, both included."""
    here = ZoneInfo(zone)
    return since.astimezone(here).date(), (until - timedelta(microseconds=1)).astimezone(here).date()


def _midnight(of: datetime, days_before: timedelta, zone: ZoneInfo) -> datetime:
    return datetime.combine(of.astimezone(zone).date() - days_before, time(), zone)


def _days_back(today: date) -> Iterator[date]:
    for number in range(LONGEST.days + 1):
        yield today - number * _DAY


def _is_turn(row: BriefingRow, day: date) -> bool:
    """A weekly one whose day is free comes on the next working day of its week."""
    calendar = _calendar(row.zone) if row.working_days_only else None
    if row.period is Period.DAILY:
        return _works(calendar, day)
    first = day - timedelta(days=(day.weekday() - row.weekday) % 7)
    return _works(calendar, day) and not any(
        _works(calendar, first + number * _DAY) for number in range((day - first).days)
    )


def _works(calendar: WorkCalendar | None, day: date) -> bool:
    return calendar is None or bool(calendar.spans_on(day))


@cache
def _calendar(zone: str) -> WorkCalendar:
    return chinese_calendar(zone)
