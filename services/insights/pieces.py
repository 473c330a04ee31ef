"""A range of days as whole years, whole months and the days that are left: so few rows hold the same sums.

For each value at most 62 days and 22 months, and one row for each whole year between them.
"""

from datetime import date, timedelta

DAY = timedelta(days=1)
NO_DAYS = (date.max, date.min)
GRAIN_OF = {"years": "yearly", "early": "monthly", "late": "monthly", "head": "daily", "tail": "daily"}
"""The table that each piece is read from."""
MIDDLE = {"yearly": 182, "monthly": 15, "daily": 0}
"""Days from the day of a row to the middle of what it sums."""


def pieces(
    at: str, first: date, last: date, months_until: date = date.max, years_until: date = date.max
) -> dict[str, date]:
    """The range as ten parameters that begin with `at`. Months that have not ended by `months_until` are given as days,
    years that have not ended by `years_until` as months. A piece without a day ends before it begins."""
    begin = _month(first) + (first.day > 1)
    end = min(_month(_next(day)) for day in (last, months_until))
    if begin >= end:
        return _parameters(at, {**dict.fromkeys(GRAIN_OF, NO_DAYS), "head": (first, last)})
    january, beyond = -(-begin // 12) * 12, min(end, _month(_next(years_until))) // 12 * 12
    if january >= beyond:
        january = beyond = end
    return _parameters(
        at,
        {
            "years": _months(january, beyond),
            "early": _months(begin, january),
            "late": _months(beyond, end),
            "head": (first, _first_of(begin) - DAY) if first < _first_of(begin) else NO_DAYS,
            "tail": (_first_of(end), last),
        },
    )


def rows(columns: str, at: str, where: str, table: str = "") -> str:
    """SQL: what is held of a range, from the tables of sums, or those of the same names with `table`. `columns` can
    hold `{middle}`, see MIDDLE."""
    return " UNION ALL ".join(
        f"SELECT {columns.format(middle=MIDDLE[grain])} FROM {grain}{table} WHERE {where} "  # noqa: S608 - own names only
        f"AND day BETWEEN :{at}_{piece}_from AND :{at}_{piece}_to"
        for piece, grain in GRAIN_OF.items()
    )


def _parameters(at: str, spans: dict[str, tuple[date, date]]) -> dict[str, date]:
    return {
        f"{at}_{piece}_{side}": day
        for piece, span in spans.items()
        for side, day in zip(("from", "to"), span, strict=True)
    }


def _next(day: date) -> date:
    return day + DAY if day < date.max else day


def _months(begin: int, end: int) -> tuple[date, date]:
    return (_first_of(begin), _first_of(end) - DAY) if begin < end else NO_DAYS


def _month(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month - 1


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)
