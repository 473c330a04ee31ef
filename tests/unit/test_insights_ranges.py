"""The range of days of a question: completed, bounded, and refused with the field that is wrong."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insights.ranges import COMMON_DAYS, checked, must_lie
from shared.problems import Problem

TODAY = date(2026, 3, 2)
DAYS = st.dates() | st.sampled_from([date.min, date.max])
EDGES = st.builds(
    lambda edge, days: edge + timedelta(days=days), st.sampled_from([*COMMON_DAYS, TODAY]), st.integers(-3, 3)
)


@given(DAYS, st.integers(1, 4000))
def test_without_a_first_day_it_has_so_many_days_as_the_calendar_allows(last: date, days: int) -> None:
    first, until = checked(None, last, TODAY, days=days, longest=4001)
    assert until == last
    assert (last - first).days == min(days - 1, (last - date.min).days)


def test_without_a_last_day_it_goes_on_until_today() -> None:
    assert checked(date(2026, 3, 1), None, TODAY) == (date(2026, 3, 1), TODAY)


@given(EDGES, st.integers(-2, 12))
def test_it_is_taken_or_refused_by_the_field_that_is_wrong(first: date, days: int) -> None:
    last, (earliest, latest) = first + timedelta(days=days), COMMON_DAYS
    if 0 <= days < 10 and earliest <= first and last <= latest:
        assert checked(first, last, TODAY, longest=10, between=COMMON_DAYS) == (first, last)
        return
    with pytest.raises(Problem) as refused:
        checked(first, last, TODAY, longest=10, between=COMMON_DAYS)
    wrong = "to" if 0 <= days < 10 and earliest <= first <= latest else "from"
    assert (refused.value.status, refused.value.kind) == (422, "invalid-request")
    assert [error.field for error in refused.value.errors] == [f"query/{wrong}"]


@pytest.mark.parametrize("day", [COMMON_DAYS[0] - timedelta(days=1), COMMON_DAYS[1] + timedelta(days=1)])
def test_a_day_with_which_nothing_can_be_counted_is_refused_in_both_languages(day: date) -> None:
    with pytest.raises(Problem) as refused:
        must_lie(day, COMMON_DAYS, "query/to")
    assert [error.field for error in refused.value.errors] == ["query/to"]
    assert "1900-01-01" in (refused.value.detail or "")
    assert "请选择" in (refused.value.detail or "")
