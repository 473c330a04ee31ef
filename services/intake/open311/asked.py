"""What a caller asks for: ids, statuses, times. Whatever cannot be read raises Refused."""

import re
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from services.intake.open311.answers import Refused
from shared import clock
from shared.reference import normalised

SPAN = timedelta(days=90)
"""The longest time that one answer covers."""


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parted(given: str) -> list[str]:
    if CONTROL.search(given):
        raise Refused(400, "Control characters are not taken. 不能含有控制字符。")
    return [each.strip() for each in given.split(",") if each.strip()]


def references(given: str) -> list[str]:
    return [reference for each in parted(given) if (reference := normalised(each)) is not None]


def closed(status: str | None) -> bool | None:
    """Only the closed ones, only the open ones, or (None) both."""
    wanted = {each.lower() for each in parted(status or "")}
    if wanted - {"open", "closed"}:
        raise Refused(400, "status: open, closed, or both parted by a comma. status 只能为 open 或 closed。")
    return wanted == {"closed"} if len(wanted) == 1 else None


_MOMENT = TypeAdapter(AwareDatetime)
_YEARS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(8000, 1, 1, tzinfo=UTC))


def _moment(name: str, given: str) -> datetime:
    try:
        at = _MOMENT.validate_python(given.replace(" ", "+"))  # a plus that nobody encoded is a blank
    except ValidationError:
        at = None
    if at is None or not _YEARS[0] <= at <= _YEARS[1]:
        raise Refused(
            400,
            f"{name}: a time as in 2026-11-20T09:30:00+08:00, with its offset. 请使用带时区的 ISO 8601 时间。",
        )
    return at


def window(start: str | None, end: str | None) -> tuple[datetime, datetime]:
    """From when until when: at most 90 days, as the standard has it, counted from the start if there is one."""
    until = _moment("end_date", end) if end else None
    since = _moment("start_date", start) if start else None
    if since is None:
        until = until or clock.now()
        return until - SPAN, until
    if until is not None and until < since:
        raise Refused(400, "end_date: it lies before start_date. 结束时间不能早于开始时间。")
    return since, min(until or since + SPAN, since + SPAN)
