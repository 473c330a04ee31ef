"""The range of days that a question is about."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Query

from shared import problems
from shared.auth import Principal, may
from shared.problems import Problem

Reader = Annotated[Principal, may("measures:read")]
First = Annotated[
    date | None, Query(alias="from", description="First day (UTC); 29 days before `to` if left out.")
]
Last = Annotated[date | None, Query(alias="to", description="Last day (UTC), included; today if left out.")]

DEFAULT_DAYS = 30
LONGEST_RANGE = 3653
"""Days: ten years with their leap days."""


def checked(
    first: date | None,
    last: date | None,
    today: date,
    *,
    days: int = DEFAULT_DAYS,
    longest: int = LONGEST_RANGE,
    place: str = "query",
) -> tuple[date, date]:
    """The range, completed. Raises a 422 problem that names the field."""
    last = last or today
    if first is None:
        span = min(days - 1, (last - date.min).days)
        first = last - timedelta(days=span)
    if first > last:
        raise _bad_range(f"`from` ({first}) is after `to` ({last}). Exchange them, or leave one out.", place)
    if (last - first).days >= longest:
        raise _bad_range(f"The range is longer than {longest} days. Ask for a part of it.", place)
    return first, last


def moments(first: date, last: date) -> tuple[datetime, datetime]:
    """From the beginning of the first day until the end of the last, in UTC; also at the ends of the calendar."""
    until = datetime.combine(last, time.max, UTC)
    if last < date.max:
        until = datetime.combine(last + timedelta(days=1), time(), UTC)
    return datetime.combine(first, time(), UTC), until


def before(since: datetime, until: datetime) -> datetime:
    """When the time just before `since` begins that is as long; the calendar's beginning, if it is shorter."""
    earliest = datetime.min.replace(tzinfo=UTC)
    return since - min(until - since, since - earliest)


def _bad_range(detail: str, place: str) -> Problem:
    return problems.invalid("The range of days is not valid", detail, field=f"{place}/from")
