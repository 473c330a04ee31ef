"""The rules by which a name dips and recovers."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insights.reputation.model import (
    Judged,
    Verdict,
    course,
    spells,
    total,
    weeks_after,
    weeks_before,
)
from shared.shares import difference

JUDGED = st.integers(0, 300).flatmap(
    lambda closed: st.builds(Judged, st.integers(0, closed), st.just(closed))
)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


def test_a_difference_of_shares_is_that_of_newcombe() -> None:
    """His examples: 56 of 70 against 48 of 80, 9 of 10 against 3 of 10, 10 of 10 against 0 of 20."""
    assert difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert difference(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert difference(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)


@given(DAYS, st.integers(0, 700), st.integers(0, 700))
def test_weeks_meet_at_the_case_and_lie_within_the_range(case: date, before: int, after: int) -> None:
    first, last = case - timedelta(days=before), case + timedelta(days=after)
    weeks = [*weeks_before(first, case), *weeks_after(case, last)]
    for one, following in pairwise(weeks):
        assert following.first == one.last + timedelta(days=1)
    assert all((week.last - week.first).days == 6 for week in weeks)
    assert all(first <= week.first and week.last <= last for week in weeks)
    assert all((week.first < case) == (week.last < case) for week in weeks)
    if before >= 7 and after >= 6:
        assert (weeks[0].first - first).days < 7
        assert (last - weeks[-1].last).days < 7


@given(st.lists(JUDGED, max_size=30), st.integers(1, 13))
def test_spells_hold_whole_numbers_of_weeks(weeks: list[Judged], length: int) -> None:
    found = spells(weeks, length)
    assert len(found) == len(weeks) // length
    assert total(found) == total(weeks[: len(found) * length])


@given(JUDGED, st.lists(JUDGED, max_size=13))
def test_a_recovery_follows_a_dip_and_is_higher(before: Judged, after: list[Judged]) -> None:
    found = course(before, after)
    assert [spell.judged for spell in found.spells] == after
    assert (found.dip is not None) == (found.verdict in (Verdict.DIP, Verdict.RECOVERED))
    assert (found.recovery is not None) == (found.verdict is Verdict.RECOVERED)
    if found.dip is not None:
        dip = after[found.dip].share
        assert dip is not None
        assert before.share is not None
        assert dip < before.share
        assert found.spells[found.dip].worse
        if found.recovery is not None:
            assert found.recovery > found.dip
            risen = after[found.recovery].share
            assert risen is not None
            assert risen > dip
            assert not found.spells[found.recovery].worse


@given(JUDGED.filter(lambda judged: judged.closed > 0), st.integers(1, 13))
def test_where_nothing_changes_nothing_dips(judged: Judged, number: int) -> None:
    assert course(judged, [judged] * number).verdict is Verdict.NO_DIP


def test_more_comparisons_want_more_certainty() -> None:
    before, fallen, as_before = Judged(80, 100), Judged(65, 100), Judged(80, 100)
    assert course(before, [fallen]).verdict is Verdict.DIP
    many = course(before, [fallen, *[as_before] * 11])
    assert many.verdict is Verdict.NO_DIP
    assert many.confidence == pytest.approx(1 - 0.05 / 78)


def test_without_judgements_there_is_nothing_to_say() -> None:
    for before, after in ((Judged(0, 0), [Judged(1, 2)]), (Judged(1, 2), [Judged(0, 0)]), (Judged(1, 2), [])):
        found = course(before, after)
        assert (found.verdict, [spell.difference for spell in found.spells]) == (
            Verdict.TOO_FEW,
            [None] * len(after),
        )
