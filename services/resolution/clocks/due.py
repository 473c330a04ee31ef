"""When a time that was given in working hours is over. Pure.

What counts is time worked: working time since the start, without the pauses. So a pause over a weekend costs nothing,
and a pause of three working hours moves the end by three working hours.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.worktime import WorkCalendar, add_working_time, working_time_between


class Pause(NamedTuple):
    """Nobody of the company is waited for."""

    since: datetime
    until: datetime | None = None
    """None: it goes on."""


def due(
    started: datetime, target: timedelta, pauses: Sequence[Pause], calendar: WorkCalendar
) -> datetime | None:
    """The moment (UTC) by which `target` of working time was worked since `started`; None while it stands still.

    A target that is used up exactly when a pause begins is over then. Raises ValueError as `add_working_time` does.
    """
    left = target
    for begin, end in _worked(started, pauses):
        if end is None:
            return add_working_time(begin, left, calendar)
        counted = working_time_between(begin, end, calendar)
        if left <= counted:
            return add_working_time(begin, left, calendar)
        left -= counted
    return None


def _worked(started: datetime, pauses: Sequence[Pause]) -> Iterator[tuple[datetime, datetime | None]]:
    """The stretches between the pauses, in order; the last one has no end, unless a pause goes on."""
    begin = started
    for pause in sorted(pauses, key=lambda each: each.since):
        if pause.until is not None and pause.until <= begin:
            continue
        if begin < pause.since:
            yield begin, pause.since
        if pause.until is None:
            return
        begin = pause.until
    yield begin, None
