"""Working time: when a promise counted in office hours falls due, and how much of such a time has passed.

An instant is working time if the clock on the office wall shows a time inside one of that day's spans.
Everything follows from this sentence, daylight saving included: a span over the hour that spring skips is an
hour shorter, one over the hour that autumn repeats is an hour longer, and what is added or counted is always
real elapsed time.

Pure: no clock, no I/O. The cost is a few microseconds per calendar day between the two ends.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Protocol, TypeAlias
from zoneinfo import ZoneInfo

import holidays as holiday_library

Spans: TypeAlias = tuple[tuple[time, time], ...]
"""The working spans of one day in wall-clock time, in order, start included, end not. An end of 00:00 is the
midnight that ends the day, so ((00:00, 00:00),) is the whole day; a night shift is two spans on two days."""

OFFICE_HOURS: Final[Spans] = ((time(9), time(12)), (time(13), time(18)))

HORIZON: Final = timedelta(days=3653)
"""How far `add_working_time` looks ahead: ten years."""

# Two changes of the clock within one stride would go unseen if the second undid the first. No zone does that.
_STRIDE: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_SECOND: Final = timedelta(seconds=1)


class DaySpans(Protocol):
    """Spans of particular days; any `Mapping[date, Spans]` is one."""

    def get(self, day: date, /) -> Spans | None: ...


@dataclass(frozen=True)
class WorkCalendar:
    """When one unit works."""

    zone: ZoneInfo
    """Where the wall clock hangs."""
    spans: Mapping[int, Spans]
    """Weekday (0 is Monday, as in `date.weekday`) to its spans; a weekday that is missing is free."""
    holidays: Container[date] = frozenset()
    """Local dates without work."""
    make_up: DaySpans = field(default_factory=dict[date, Spans])
    """Local dates with spans of their own, whatever weekday or holiday they are (调休: China works on some
    weekend days to earn a long holiday). An empty tuple makes the day free."""

    def __post_init__(self) -> None:
        """Raises ValueError if a weekday or its spans make no sense."""
        for weekday, spans in self.spans.items():
            if weekday not in range(7):
                raise ValueError(f"weekday {weekday!r}: use 0 (Monday) to 6 (Sunday)")
            _in_wall_clock_order(spans)

    def spans_on(self, day: date) -> Spans:
        """The working spans of a local date. Raises ValueError if a make-up day's spans make no sense."""
        made_up = self.make_up.get(day)
        if made_up is not None:
            return _in_wall_clock_order(made_up)
        if day in self.holidays:
            return ()
        return self.spans.get(day.weekday(), ())


def add_working_time(start: datetime, amount: timedelta, calendar: WorkCalendar) -> datetime:
    """The earliest moment (UTC) by which `amount` of working time has passed since `start`.

    A start outside working time counts from the next span, so adding nothing yields the first working
    moment at or after `start`. An amount that exactly fills a span ends at the end of that span, not at the
    start of the next one.

    Raises ValueError for a naive `start`, a negative amount, and if the calendar has too little working
    time within `HORIZON`.
    """
    begin = _naive_utc(start)
    if amount < timedelta():
        raise ValueError(f"cannot add {amount} of working time: give an amount of zero or more")
    left = amount
    for opens, closes in _working_intervals(begin, begin + HORIZON, calendar):
        if left <= closes - opens:
            return (opens + left).replace(tzinfo=UTC)
        left -= closes - opens
    raise ValueError(
        f"the calendar in {calendar.zone.key} has only {(amount - left) / _HOUR:g} h of working time in the ten"
        f" years from {start.isoformat()}, but {amount / _HOUR:g} h were asked for: give at least one weekday a"
        " span, check that the holidays leave days to work on, or ask for less"
    )


def working_time_between(earlier: datetime, later: datetime, calendar: WorkCalendar) -> timedelta:
    """The working time that passes from one moment to another; negative if `later` comes first.

    Raises ValueError for naive datetimes.
    """
    begin, end = _naive_utc(earlier), _naive_utc(later)
    if end < begin:
        return -working_time_between(later, earlier, calendar)
    return sum((closes - opens for opens, closes in _working_intervals(begin, end, calendar)), timedelta())


def chinese_calendar(
    zone: str = "Asia/Shanghai",
    *,
    spans: Mapping[int, Spans] | None = None,
    make_up_spans: Spans | None = None,
    closed: frozenset[date] = frozenset(),
) -> WorkCalendar:
    """A calendar with China's public holidays and make-up workdays, from the `holidays` library.

    Without `spans`, Monday to Friday in `OFFICE_HOURS`. A make-up day is worked in `make_up_spans`; without
    them like a Monday (or the first weekday that has spans), because it stands in for a weekday. `closed` are
    further free days of the unit's own.

    The State Council announces each year's make-up days in the November before. Until the library is
    upgraded with them, a later year has its statutory holidays (dates estimated) and no make-up days. And
    the library lists free weekdays and statutory days only: a unit whose `spans` include weekends works on
    an ordinary weekend day inside a long holiday, unless it is in `closed`.
    """
    weekdays = dict.fromkeys(range(5), OFFICE_HOURS) if spans is None else spans
    if make_up_spans is None:
        make_up_spans = next((weekdays[day] for day in range(7) if weekdays.get(day)), ())
    return WorkCalendar(
        zone=ZoneInfo(zone),
        spans=weekdays,
        holidays=_ChineseHolidays(closed),
        make_up=_ChineseMakeUpDays(_in_wall_clock_order(make_up_spans), closed),
    )


def unit_calendar(
    zone: str,
    spans: Mapping[int, Spans],
    *,
    china: bool = False,
    closed: frozenset[date] = frozenset(),
    special: Mapping[date, Spans] | None = None,
) -> WorkCalendar:
    """The calendar of a unit as its directory entry tells it: `china` adds the country's holidays and make-up days,
    and `special` days have spans of their own, whatever day they are.

    Raises ValueError if the spans make no sense, and KeyError for an unknown zone.
    """
    own = special or {}
    if not china:
        return WorkCalendar(ZoneInfo(zone), spans, closed, own)
    usual = chinese_calendar(zone, spans=spans, closed=closed)
    return WorkCalendar(usual.zone, usual.spans, usual.holidays, _Chained(own, usual.make_up))


@dataclass(frozen=True)
class _Chained:
    """Days of the unit's own before those of the country."""

    own: Mapping[date, Spans]
    country: DaySpans

    def get(self, day: date, /) -> Spans | None:
        return self.own[day] if day in self.own else self.country.get(day)


@dataclass(frozen=True)
class _ChineseHolidays(Container[date]):
    closed: frozenset[date]

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and (day in self.closed or day in _chinese_year(day.year)[0])


@dataclass(frozen=True)
class _ChineseMakeUpDays:
    spans: Spans
    closed: frozenset[date]

    def get(self, day: date, /) -> Spans | None:
        return self.spans if day in _chinese_year(day.year)[1] and day not in self.closed else None


@lru_cache(maxsize=64)
def _chinese_year(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """One year's public holidays and its make-up workdays. Computing them takes the library a millisecond."""
    china = holiday_library.country_holidays("CN", years=year)
    # The set also holds days of other years whose holiday lies in a year after theirs (2011-12-31 for 2012).
    return frozenset(china), frozenset(day for day in china.weekend_workdays if day.year == year)


def _working_intervals(
    begin: datetime, end: datetime, calendar: WorkCalendar
) -> Iterator[tuple[datetime, datetime]]:
    """Working time from `begin` to `end` (naive UTC) as intervals, in order, none of them empty.

    Goes from one change of the zone's offset to the next. In between, wall clock and UTC run in parallel, so
    no local time is ever missing or ambiguous: what the clock skips falls outside both stretches, and what it
    repeats lies in both.
    """
    while begin < end:
        stride_end = min(begin + _STRIDE, end)
        offset = _offset(begin, calendar.zone)
        if _offset(stride_end, calendar.zone) != offset:
            stride_end = min(_offset_change(begin, stride_end, calendar.zone), end)
        midnight = datetime.combine(begin + offset, time())
        last = stride_end + offset
        while midnight < last:
            for opens, closes in calendar.spans_on(midnight.date()):
                opening = max(datetime.combine(midnight, opens) - offset, begin)
                closing = min(_closing(midnight, closes) - offset, stride_end)
                if opening < closing:
                    yield opening, closing
            midnight += _DAY
        begin = stride_end


def _closing(midnight: datetime, closes: time) -> datetime:
    return datetime.combine(midnight, closes) if closes != time() else midnight + _DAY


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _offset_change(begin: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after `begin` with another offset, by bisection; the end is known to have another.
    Zones change on whole seconds."""
    begin = begin.replace(microsecond=0)
    before = _offset(begin, zone)
    same, changed = 0, -(-(end - begin) // _SECOND)
    while changed - same > 1:
        middle = (same + changed) // 2
        if _offset(begin + middle * _SECOND, zone) == before:
            same = middle
        else:
            changed = middle
    return begin + changed * _SECOND


def _naive_utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(
            f"{moment.isoformat()} has no time zone: give an aware datetime, such as clock.now()"
        )
    return moment.astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=256)
def _in_wall_clock_order(spans: Spans) -> Spans:
    """The spans themselves. Raises ValueError if one is empty or runs over midnight, or if two overlap."""
    free_from = time()
    ended = False
    for opens, closes in spans:
        if opens.tzinfo is not None or closes.tzinfo is not None:
            raise ValueError(f"span {opens}-{closes}: leave out the time zone, the calendar's own is used")
        if closes != time() and closes <= opens:
            raise ValueError(
                f"span {opens}-{closes} does not end after its start: split a span that runs over midnight "
                "into one that ends at 00:00 and one on the next day"
            )
        if ended or opens < free_from:
            raise ValueError(f"span {opens}-{closes} overlaps the one before: put a day's spans in order")
        free_from, ended = closes, closes == time()
    return spans
