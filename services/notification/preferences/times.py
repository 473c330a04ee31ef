"""Moments of a person's day. Pure.

A time that a change of the clocks repeats is taken as its second one, a time that it skips as the one after the gap:
whoever waits for it waits long enough.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.notification.preferences.model import Digest, Frequency, QuietHours

_DAY = timedelta(days=1)


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the clocks of the zone show this time, in UTC."""
    return max(datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))


def is_quiet(quiet: QuietHours | None, now: datetime, zone: ZoneInfo) -> bool:
    if quiet is None:
        return False
    at, begins, ends = now.astimezone(zone).time(), quiet.begins, quiet.ends
    return begins <= at < ends if begins < ends else at >= begins or at < ends


def after_quiet(quiet: QuietHours | None, now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from now on that is not quiet."""
    while quiet is not None and is_quiet(quiet, now, zone):
        today = now.astimezone(zone).date()
        now = next(end for days in range(3) if (end := moment(today + days * _DAY, quiet.ends, zone)) > now)
    return now


def next_digest(digest: Digest, now: datetime, zone: ZoneInfo) -> datetime:
    """When the digest that a person wishes goes next, later than now."""
    today, at = now.astimezone(zone).date(), time(digest.hour)
    days = (today + number * _DAY for number in range(9))
    return next(
        due
        for day in days
        if (digest.frequency is not Frequency.WEEKLY or day.isoweekday() == digest.weekday)
        and (due := moment(day, at, zone)) > now
    )


def end_of_day(hour: int, now: datetime, zone: ZoneInfo) -> datetime:
    """When the letter goes that holds what was too much for a day: at this hour, or else when the day ends."""
    today = now.astimezone(zone).date()
    due = moment(today, time(hour), zone)
    return due if due > now else moment(today + _DAY, time(), zone)
