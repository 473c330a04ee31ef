"""The forecast of the backlog: how long complaints stay open, and draws of what comes."""

import numpy as np
import pytest

from bench.forecast import Score, history, score, simulated
from services.insights.forecast.model import forecast, spread
from services.insights.forecast.survival import History, completions, hazards, open_share


def steady(days: int, a_day: int, chance: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """So many a day, of which each ends on any day with this chance."""
    begins = np.repeat(np.arange(days), a_day).astype(float)
    return begins, begins + np.random.default_rng(seed).geometric(chance, begins.size) - 1


def test_hazards_count_the_open_ones_among_those_at_risk() -> None:
    ended = np.zeros((3, 3))
    open_ = np.zeros((3, 3))
    ended[0, 0], ended[0, 1], open_[0, 2], open_[1, 1], ended[1, 0] = 20, 10, 30, 20, 10
    found = hazards(History(ended, open_))
    assert found[0] == pytest.approx(30 / 90)
    assert found[1] == pytest.approx(10 / 60)
    assert found[2] == 0
    assert open_share(found, 4).tolist() == pytest.approx([1, 2 / 3, 5 / 9, 5 / 9, 5 / 9])


def test_the_mean_of_the_ended_alone_would_be_too_short() -> None:
    begins, ends = steady(200, 20, 0.05)
    known = history(begins, ends, 199)
    share = open_share(hazards(known), 400)
    assert share.sum() == pytest.approx(1 / 0.05, rel=0.1)
    ended = known.ended.sum(axis=0)
    assert (ended * np.arange(ended.size)).sum() / ended.sum() < 19


def test_completions_are_those_that_the_hazards_expect() -> None:
    begins, ends = steady(300, 20, 0.1)
    known = history(begins, ends, 299)
    seen, expected = completions(known, hazards(known), 10)
    for week, (one, other) in enumerate(zip(seen, expected, strict=True)):
        day = 299 - 7 * (9 - week)
        assert one == ((ends <= day) & (ends > day - 7)).sum()
        assert other == pytest.approx(one, rel=0.2)


@pytest.mark.requirement("002-10", "P-41")
def test_a_steady_desk_stays_as_it_is_and_obeys_littles_law() -> None:
    begins, ends = steady(400, 10, 0.1)
    known = history(begins, ends, 399)
    found = forecast(known, 8, 1)
    assert found is not None
    now = known.stock.sum()
    assert np.median(found.backlog[:, -1]) == pytest.approx(now, rel=0.15)
    assert found.arrivals == pytest.approx(np.full(8, 70), rel=0.02)
    # Open at the end of a day: those of the ages that begin then, of which the first has had its first chance.
    assert 10 * (found.mean_open_days - 1) == pytest.approx(now, rel=0.15)
    again = forecast(known, 8, 1)
    assert again is not None
    assert np.array_equal(again.backlog, found.backlog)


def test_when_nothing_arrives_any_more_the_stock_melts() -> None:
    begins, ends = steady(400, 10, 0.05)
    gone = begins < 330
    found = forecast(history(begins[gone], ends[gone], 399), 8, 1)
    assert found is not None
    middles = np.median(found.backlog, axis=0)
    assert found.arrivals[0] < 10
    assert middles[-1] < 60


def test_a_short_history_gives_no_forecast() -> None:
    begins, ends = steady(80, 10, 0.1)
    assert forecast(history(begins, ends, 79), 4, 1) is None
    assert forecast(history(*steady(100, 1, 0.1), 99), 4, 1) is not None
    assert spread(np.array([1.0, 2.0]), np.array([1.0, 1.0])) == 0


@pytest.mark.requirement("P-41")
def test_four_weeks_ahead_it_is_better_than_a_year_ago_and_its_interval_holds() -> None:
    found = Score()
    begins, ends = simulated(3)
    score(begins, ends, 1299, found, every=84)
    assert np.mean(found.mase) <= 0.9
    assert np.mean(found.ours) < 0.9 * np.mean(found.seasonal)
    assert np.mean(found.pinball) < np.mean(found.pinball_last)
    assert 0.65 <= np.mean(found.covered) <= 0.95
