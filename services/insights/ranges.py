"""The range of days that a question is about."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query

from shared.auth import Principal, may
from shared.problems import FieldError, Problem

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


def _bad_range(detail: str, place: str) -> Problem:
    return Problem(
        422,
        "invalid-request",
        "The range of days is not valid",
        detail,
        errors=[FieldError(field=f"{place}/from", detail=detail)],
    )
