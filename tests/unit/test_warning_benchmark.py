"""The benchmark's series are what it says they are, and its figures are counted rightly."""

import numpy as np
import pytest

from bench.surveillance import days
from bench.surveillance.figures import Scored, Weeks, figures, threshold
from bench.surveillance.simulation import (
    PAST,
    REACH,
    SCENARIOS,
    SIZES_NOW,
    SIZES_PAST,
    draw,
    outbreak,
    simulate,
)


def test_there_are_the_42_scenarios_and_the_same_seed_draws_the_same_series() -> None:
    assert len(set(SCENARIOS)) == 42
    whole, part = simulate(range(3), range(4), seed=9), simulate(range(1, 2), range(2, 4), seed=9)
    np.testing.assert_array_equal(whole.counts[6:8], part.counts)
    np.testing.assert_array_equal(whole.added[6:8], part.added)
    assert (simulate(range(1, 2), range(2, 4), seed=10).counts != part.counts).any()


@pytest.mark.parametrize("phi", [1.0, 1.5, 5.0])
def test_counts_have_the_mean_and_the_dispersion_that_they_are_to_have(phi: float) -> None:
    drawn = draw(np.random.default_rng(1), np.full(200_000, 6.0), phi)
    assert drawn.mean() == pytest.approx(6.0, rel=0.02)
    assert drawn.var() / drawn.mean() == pytest.approx(phi, rel=0.03)


def test_an_outbreak_has_its_size_and_falls_half_in_its_first_week() -> None:
    rng = np.random.default_rng(2)
    drawn = np.stack([outbreak(rng, 5, 16.0, 2.0) for _ in range(4000)])
    assert drawn.shape == (4000, REACH)
    assert drawn.sum(axis=1).mean() == pytest.approx(5 * np.sqrt(32), rel=0.02)
    np.testing.assert_allclose(drawn.sum(axis=0)[:3] / drawn.sum(), [0.5, 0.417, 0.069], atol=0.01)
    assert min(outbreak(rng, 1, 0.1, 1.0).sum() for _ in range(300)) == 2


def test_past_outbreaks_lie_before_the_judged_weeks_and_only_where_there_are_any() -> None:
    none, large = (
        simulate(range(18, 19), range(number, 200 + number, len(SIZES_PAST)), 3).counts.mean(axis=0)
        for number in (0, SIZES_PAST.index(10))
    )
    assert large[PAST[0] : PAST[1]].mean() > 1.05 * none[PAST[0] : PAST[1]].mean()
    assert large[: PAST[0]].mean() == pytest.approx(none[: PAST[0]].mean(), rel=0.05)


def test_no_more_quiet_weeks_are_flagged_than_allowed_even_when_scores_are_tied() -> None:
    quiet = np.array([0.0] * 3 + [0.5] * 97)
    assert threshold(quiet, 0.05) == 0.0
    assert threshold(quiet, 0.02) == -np.inf


def test_an_outbreak_counts_as_detected_once_and_late_ones_count_with_their_delay() -> None:
    """Four weeks of three outbreaks; the first is found after a week, the second in its first, the third never."""
    weeks = Weeks(np.array([0, 0, 1, 2]), np.array([0, 1, 0, 0]), np.array([True, True, True, True]))
    scored = Scored(np.array([0.5, 0.001]), np.array([0.9, 0.01, 0.01, 0.9]))
    runs = len(SIZES_NOW)
    found = figures(scored, weeks, 0.02, runs)
    assert found["pod"] == pytest.approx(2 / runs)
    assert found["first_week"] == pytest.approx(1 / runs)
    assert found["sensitivity"] == pytest.approx(2 / 4)
    assert found["delay"] == pytest.approx(0.5)
    assert found["false_positive_rate"] == pytest.approx(0.5)


def test_days_know_their_weekends_and_holidays() -> None:
    seven, five = days.SIGNALS[0], days.SIGNALS[-1]
    assert {signal.days for signal in days.SIGNALS} == {5, 7}
    assert seven.calendar()[5] == 2
    assert (five.calendar() == 0).sum() == days.YEARS * len(days.HOLIDAYS)
    counts, start, added = days.simulate(five, range(2), seed=4)
    assert counts.shape == (2, five.length)
    assert (counts[:, five.calendar() == 0] == 0).all()
    assert (start >= five.judged[0]).all()
    assert (added[..., 0] > 0).all()
