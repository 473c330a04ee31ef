"""Working time against an oracle that looks at the wall clock of every single minute, and named cases."""

import datetime as dt
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.worktime import (
    HORIZON,
    OFFICE_HOURS,
    Spans,
    WorkCalendar,
    add_working_time,
    chinese_calendar,
    working_time_between,
)

SHANGHAI, BERLIN, NEW_YORK = (
    ZoneInfo("Asia/Shanghai"),
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
)
MINUTE = timedelta(minutes=1)
ALL_DAY: Spans = ((time(0), time(0)),)


def at(zone: ZoneInfo, text: str) -> datetime:
    """A wall-clock time, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def weekly(zone: ZoneInfo, spans: Spans = OFFICE_HOURS, days: int = 5) -> WorkCalendar:
    return WorkCalendar(zone, dict.fromkeys(range(days), spans))


# --- the oracle -------------------------------------------------------------------------------------------


def works(moment: datetime, calendar: WorkCalendar) -> bool:
    """The module's first sentence, read literally."""
    wall = moment.astimezone(calendar.zone)
    shown = wall.time().replace(tzinfo=None)
    day = wall.date()
    spans = calendar.make_up.get(day)
    if spans is None:
        spans = () if day in calendar.holidays else calendar.spans.get(day.weekday(), ())
    return any(opens <= shown and (shown < closes or closes == time()) for opens, closes in spans)


def counted(begin: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    minutes = 0
    while begin < end:
        minutes += works(begin, calendar)
        begin += MINUTE
    return minutes * MINUTE


@st.composite
def day_spans(draw: st.DrawFn) -> Spans:
    """Up to three spans of whole minutes, often touching or ending at midnight."""
    marks = st.integers(0, 1440) | st.sampled_from([0, 60, 120, 150, 180, 210, 540, 720, 1440])
    edges = sorted(draw(st.sets(marks, max_size=6)))
    touching = draw(st.booleans())
    pairs = list(pairwise(edges))[:3] if touching else list(zip(edges[::2], edges[1::2], strict=False))
    return tuple((_clock(begin), _clock(end)) for begin, end in pairs)


def _clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


# Each zone with a day on which its clock changes: at night, at midnight itself, just after midnight back into
# the day before, by half an hour, by a whole day; and zones whose clock never changes.
CHANGES = {
    "Asia/Shanghai": date(2024, 10, 1),
    "Asia/Kolkata": date(2024, 1, 26),
    "Europe/Berlin": date(2024, 3, 31),
    "America/New_York": date(2024, 11, 3),
    "America/Santiago": date(2024, 9, 8),
    "America/Havana": date(2024, 11, 3),
    "America/St_Johns": date(2010, 11, 7),
    "Australia/Lord_Howe": date(2024, 4, 7),
    "Asia/Beirut": date(2024, 3, 31),
    "Pacific/Apia": date(2011, 12, 30),
}


@st.composite
def calendars_and_starts(draw: st.DrawFn) -> tuple[WorkCalendar, datetime]:
    zone, near = draw(st.sampled_from(sorted(CHANGES.items())))
    around = st.integers(-3, 3).map(lambda days: near + timedelta(days=days))
    calendar = WorkCalendar(
        zone=ZoneInfo(zone),
        spans=draw(st.dictionaries(st.integers(0, 6), day_spans(), max_size=7)),
        holidays=draw(st.frozensets(around, max_size=2)),
        make_up=draw(st.dictionaries(around, day_spans(), max_size=2)),
    )
    start = datetime.combine(near, time(), UTC) + draw(st.integers(-2880, 2880)) * MINUTE
    return calendar, start


def has_enough(calendar: WorkCalendar) -> bool:
    """An hour a week, for what the properties add within ten years; too little is a case of its own."""
    spans = [span for day in calendar.spans.values() for span in day]
    return sum((_minute(closes) or 1440) - _minute(opens) for opens, closes in spans) >= 60


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


@given(calendars_and_starts(), st.integers(0, 4000))
@settings(max_examples=60, deadline=None)
def test_counts_what_the_wall_clock_shows(drawn: tuple[WorkCalendar, datetime], minutes: int) -> None:
    calendar, start = drawn
    end = start + minutes * MINUTE
    expected = counted(start, end, calendar)
    assert working_time_between(start, end, calendar) == expected
    assert working_time_between(end, start, calendar) == -expected


@given(calendars_and_starts(), st.integers(0, 2000))
@settings(max_examples=50, deadline=None)
def test_adding_is_the_earliest_moment_with_that_count(
    drawn: tuple[WorkCalendar, datetime], minutes: int
) -> None:
    calendar, start = drawn
    amount = minutes * MINUTE
    assume(has_enough(calendar))
    due = add_working_time(start, amount, calendar)
    assert due.tzinfo is UTC
    assert due >= start
    assert working_time_between(start, due, calendar) == amount
    if amount:
        assert works(due - MINUTE, calendar)
    else:
        assert works(due, calendar)
    if due - start < timedelta(days=4):
        assert counted(start, due, calendar) == amount


@given(calendars_and_starts(), st.integers(0, 10**11), st.integers(0, 10**11))
@settings(max_examples=40, deadline=None)
def test_adding_twice_is_adding_the_sum(
    drawn: tuple[WorkCalendar, datetime], first: int, second: int
) -> None:
    """Also with fractions of a second."""
    calendar, start = drawn
    assume(has_enough(calendar))
    one, two = timedelta(microseconds=first), timedelta(microseconds=second + 1)
    stepwise = add_working_time(add_working_time(start, one, calendar), two, calendar)
    assert stepwise == add_working_time(start, one + two, calendar)


# --- ordinary weeks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        ("2024-06-12 09:00", hours(2), "2024-06-12 11:00"),
        ("2024-06-12 11:30", hours(1), "2024-06-12 13:30"),  # over lunch
        ("2024-06-12 12:00", hours(1), "2024-06-12 14:00"),  # lunch starts: a span's end
        ("2024-06-12 12:30", hours(1), "2024-06-12 14:00"),  # within lunch
        (
            "2024-06-12 09:00",
            hours(3),
            "2024-06-12 12:00",
        ),  # fills the morning: due at its end, not after lunch
        ("2024-06-12 09:00", hours(8), "2024-06-12 18:00"),
        ("2024-06-12 18:00", hours(1), "2024-06-13 10:00"),  # the day's end
        ("2024-06-12 03:00", hours(1), "2024-06-12 10:00"),
        ("2024-06-14 17:00", hours(2), "2024-06-17 10:00"),  # over the weekend
        ("2024-06-15 11:00", hours(8), "2024-06-17 18:00"),  # from a Saturday
        ("2024-06-12 10:15", hours(0), "2024-06-12 10:15"),
        ("2024-06-12 12:00", hours(0), "2024-06-12 13:00"),
        ("2024-06-15 11:00", hours(0), "2024-06-17 09:00"),
    ],
)
def test_office_hours_in_an_ordinary_week(start: str, amount: timedelta, due: str) -> None:
    assert add_working_time(at(SHANGHAI, start), amount, weekly(SHANGHAI)) == at(SHANGHAI, due)


def test_any_aware_start_is_taken_and_utc_is_given_back() -> None:
    start = datetime(2024, 6, 12, 9, tzinfo=SHANGHAI)
    assert add_working_time(start, hours(2), weekly(SHANGHAI)) == datetime(2024, 6, 12, 3, tzinfo=UTC)


# --- China ------------------------------------------------------------------------------------------------


def test_national_day_week_2024_with_its_make_up_workdays() -> None:
    """Free from Tuesday 1 to Monday 7 October; in return worked on Sunday 29 September and Saturday
    12 October (notice of the State Council's General Office for 2024)."""
    calendar = chinese_calendar()
    saturday = at(SHANGHAI, "2024-09-28 12:00")
    worked = [
        "2024-09-29",
        "2024-09-30",
        "2024-10-08",
        "2024-10-09",
        "2024-10-10",
        "2024-10-11",
        "2024-10-12",
    ]
    for days, day in enumerate(worked, start=1):
        assert add_working_time(saturday, days * hours(8), calendar) == at(SHANGHAI, f"{day} 18:00")
    assert add_working_time(saturday, 8 * hours(8), calendar) == at(SHANGHAI, "2024-10-14 18:00")
    assert working_time_between(
        at(SHANGHAI, "2024-09-30 17:00"), at(SHANGHAI, "2024-10-08 10:00"), calendar
    ) == hours(2)


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_every_day_of_a_year_agrees_with_the_library(year: int) -> None:
    library = holidays.country_holidays("CN", years=year)
    calendar = chinese_calendar()
    day = date(year, 1, 1)
    while day.year == year:
        midnight = datetime.combine(day, time(), SHANGHAI)
        worked = working_time_between(midnight, midnight + timedelta(days=1), calendar)
        assert worked == (hours(8) if library.is_working_day(day) else hours(0)), day
        day += timedelta(days=1)


def test_a_promise_over_new_year_uses_both_years_holidays() -> None:
    """1 and 2 January 2026 are free, Sunday 4 January is worked."""
    due = add_working_time(at(SHANGHAI, "2025-12-31 17:00"), hours(2), chinese_calendar())
    assert due == at(SHANGHAI, "2026-01-04 10:00")


def test_a_year_that_the_library_does_not_know_yet_still_has_its_statutory_holidays() -> None:
    day = at(SHANGHAI, "2040-10-01 00:00")
    assert working_time_between(day, day + timedelta(days=1), chinese_calendar()) == hours(0)


def test_a_unit_sets_its_own_hours_make_up_hours_and_closed_days() -> None:
    calendar = chinese_calendar(
        spans={0: ((time(8), time(12)),), 2: ALL_DAY},
        make_up_spans=((time(10), time(11)),),
        closed=frozenset({date(2024, 10, 12), date(2024, 10, 14)}),
    )
    assert calendar.spans_on(date(2024, 9, 29)) == ((time(10), time(11)),)
    assert calendar.spans_on(date(2024, 10, 12)) == ()
    assert calendar.spans_on(date(2024, 10, 14)) == ()
    assert calendar.spans_on(date(2024, 10, 16)) == ALL_DAY
    by_default = chinese_calendar(spans={1: ((time(8), time(12)),)})
    assert by_default.spans_on(date(2024, 9, 29)) == ((time(8), time(12)),)


# --- the clock changes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "forward", "back"),
    [(BERLIN, "2024-03-31", "2024-10-27"), (NEW_YORK, "2024-03-10", "2024-11-03")],
)
def test_a_day_round_the_clock_has_23_and_25_hours(zone: ZoneInfo, forward: str, back: str) -> None:
    calendar = weekly(zone, ALL_DAY, days=7)
    for day, length in ((forward, 23), (back, 25), ("2024-06-12", 24)):
        midnight = datetime.fromisoformat(day)
        following = (midnight + timedelta(days=1)).isoformat()
        assert working_time_between(at(zone, day), at(zone, following), calendar) == hours(length)
        assert add_working_time(at(zone, day), hours(length), calendar) == at(zone, following)


@pytest.mark.parametrize(
    ("zone", "friday", "monday"),
    [
        (BERLIN, "2024-03-29", "2024-04-01"),
        (BERLIN, "2024-10-25", "2024-10-28"),
        (NEW_YORK, "2024-03-08", "2024-03-11"),
        (NEW_YORK, "2024-11-01", "2024-11-04"),
    ],
)
def test_office_hours_keep_their_wall_clock_over_a_change(zone: ZoneInfo, friday: str, monday: str) -> None:
    calendar = weekly(zone)
    due = add_working_time(at(zone, f"{friday} 17:00"), hours(2), calendar)
    assert due == at(zone, f"{monday} 10:00")


@pytest.mark.parametrize(
    ("span", "length"),
    [
        ((time(1), time(4)), 2),  # over the skipped hour
        ((time(2), time(3)), 0),  # exactly the skipped hour
        ((time(1), time(2, 30)), 1),  # ends within it
        ((time(2, 30), time(4)), 1),  # starts within it
    ],
)
def test_a_night_span_in_spring(span: tuple[time, time], length: int) -> None:
    """Berlin, 31 March 2024: the clock goes from 02:00 to 03:00."""
    calendar = weekly(BERLIN, (span,), days=7)
    day = at(BERLIN, "2024-03-31")
    assert working_time_between(day, at(BERLIN, "2024-04-01"), calendar) == hours(length)


@pytest.mark.parametrize(
    ("span", "length"),
    [
        ((time(1), time(4)), 4),  # over the repeated hour
        ((time(2), time(3)), 2),  # exactly the repeated hour
        ((time(1), time(2, 30)), 2),  # its first half counts both times
        ((time(2, 30), time(4)), 2),
    ],
)
def test_a_night_span_in_autumn(span: tuple[time, time], length: int) -> None:
    """Berlin, 27 October 2024: the clock goes from 03:00 back to 02:00."""
    calendar = weekly(BERLIN, (span,), days=7)
    day = at(BERLIN, "2024-10-27")
    assert working_time_between(day, at(BERLIN, "2024-10-28"), calendar) == hours(length)


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize("spans", [{}, {0: ()}])
def test_a_calendar_without_working_time_is_refused_not_searched_for_ever(spans: Mapping[int, Spans]) -> None:
    calendar = WorkCalendar(SHANGHAI, spans)
    for amount in (hours(0), hours(1)):
        with pytest.raises(ValueError, match="give at least one weekday a span"):
            add_working_time(at(SHANGHAI, "2024-06-12"), amount, calendar)
    assert working_time_between(at(SHANGHAI, "2024-06-12"), at(SHANGHAI, "2025-06-12"), calendar) == hours(0)


def test_holidays_without_end_are_refused() -> None:
    class Always:
        def __contains__(self, day: object) -> bool:
            return True

    calendar = WorkCalendar(SHANGHAI, {0: OFFICE_HOURS}, holidays=Always())
    with pytest.raises(ValueError, match="the holidays leave days to work on"):
        add_working_time(at(SHANGHAI, "2024-06-12"), hours(1), calendar)


def test_an_amount_beyond_the_horizon_is_refused() -> None:
    with pytest.raises(ValueError, match="or ask for less"):
        add_working_time(at(SHANGHAI, "2024-06-12"), HORIZON, weekly(SHANGHAI))


def test_a_calendar_of_make_up_days_alone_works() -> None:
    calendar = WorkCalendar(SHANGHAI, {}, make_up={date(2026, 1, 3): OFFICE_HOURS})
    due = add_working_time(at(SHANGHAI, "2024-06-12"), hours(1), calendar)
    assert due == at(SHANGHAI, "2026-01-03 10:00")


def test_naive_and_negative_input_is_refused() -> None:
    naive = datetime(2024, 6, 12)  # noqa: DTZ001 - the mistake under test
    calendar = weekly(SHANGHAI)
    with pytest.raises(ValueError, match="no time zone"):
        add_working_time(naive, hours(1), calendar)
    with pytest.raises(ValueError, match="no time zone"):
        working_time_between(at(SHANGHAI, "2024-06-12"), naive, calendar)
    with pytest.raises(ValueError, match="zero or more"):
        add_working_time(at(SHANGHAI, "2024-06-12"), -hours(1), calendar)


@pytest.mark.parametrize(
    "spans",
    [
        ((time(22), time(6)),),  # over midnight
        ((time(9), time(9)),),  # empty
        ((time(13), time(18)), (time(9), time(12))),  # out of order
        ((time(9), time(13)), (time(12), time(18))),  # overlapping
        ((time(9), time(0)), (time(0), time(9))),  # something after midnight
        ((time(9, tzinfo=dt.UTC), time(12)),),
    ],
)
def test_spans_that_make_no_sense_are_refused(spans: Spans) -> None:
    with pytest.raises(ValueError, match="span"):
        WorkCalendar(SHANGHAI, {0: spans})
    with pytest.raises(ValueError, match="span"):
        WorkCalendar(SHANGHAI, {}, make_up={date(2024, 6, 12): spans}).spans_on(date(2024, 6, 12))


def test_a_weekday_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="0 \\(Monday\\) to 6 \\(Sunday\\)"):
        WorkCalendar(SHANGHAI, {7: OFFICE_HOURS})
