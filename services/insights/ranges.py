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
ANY_DAY = date.min, date.max
COMMON_DAYS = date(1900, 1, 1), date(8999, 12, 31)
"""For whoever counts months, weeks or windows around the range, which must not leave the calendar."""


def checked(
    first: date | None,
    last: date | None,
    today: date,
    *,
    days: int = DEFAULT_DAYS,
    longest: int = LONGEST_RANGE,
    between: tuple[date, date] = ANY_DAY,
    place: str = "query",
) -> tuple[date, date]:
    """The range, completed. Raises a 422 problem that names the field."""
    last = last or today
    if first is None:
        span = min(days - 1, (last - date.min).days)
        first = last - timedelta(days=span)
    if first > last:
        raise _bad_range(
            f"`from` ({first}) is after `to` ({last}). Exchange them, or leave one out. "
            "from 晚于 to：请对调，或省略其一。",
            place,
        )
    if (last - first).days >= longest:
        raise _bad_range(
            f"The range is longer than {longest} days. Ask for a part of it. 日期范围超过 {longest} 天，请分段查询。",
            place,
        )
    must_lie(first, between, f"{place}/from")
    must_lie(last, between, f"{place}/to")
    return first, last


def must_lie(day: date, between: tuple[date, date], field: str) -> None:
    """Raises a 422 problem that names the field."""
    earliest, latest = between
    if not earliest <= day <= latest:
        detail = f"Choose a day from {earliest} to {latest}. 请选择 {earliest} 至 {latest} 之间的日期。"
        raise problems.invalid("The day cannot be counted with", detail, field=field)


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
