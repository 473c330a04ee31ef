"""How late complaints become known: learned from triangles of counts, and allowed for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtr

from services.insights.alerts import null
from services.insights.alerts.book import EARLY_WARNING
from services.insights.alerts.judging import NEWEST, Known, Portfolio, judge
from services.insights.warning import delay, ears
from services.insights.warning.delay import LEAST, LOWEST
from services.insights.warning.negbin import Floats
from shared.events.insights import WarningStep

SHARES = np.array([0.5, 0.8, 0.95, 1.0])
DELAYS = np.array([0.5, 0.3, 0.15, 0.05])


def triangle(weeks: int, seed: int, mean: float = 400) -> Floats:
    """As rounds see it: of the newest weeks only what was known of them by then."""
    rng = np.random.default_rng(seed)
    found = np.cumsum(rng.poisson(mean * DELAYS, (weeks, DELAYS.size)), axis=1).astype(np.float64)
    for age in range(DELAYS.size):
        found[weeks - age :, age] = np.nan
    return np.concatenate([found[:, :1], found[:, 1:]], axis=1)


@given(st.integers(0, 1000))
@pytest.mark.requirement("003-06")
def test_shares_are_learned_from_weeks_that_are_not_over(seed: int) -> None:
    found = delay.learn(triangle(26, seed))
    np.testing.assert_allclose(found.share, SHARES, atol=0.03)
    assert found.share[-1] == 1
    assert found.error[-1] == 0
    # Chance alone makes the share of 400 differ by sqrt((1 - c) / (400 c)) of itself.
    assert found.error[0] == pytest.approx(np.sqrt(0.5 / (400 * 0.5)), rel=0.6)


@given(st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4), max_size=12), st.integers(0, 5))
def test_shares_of_any_triangle_are_shares_and_grow_with_age(rows: list[list[int]], cut: int) -> None:
    counts = np.array(rows, dtype=np.float64).reshape(-1, 4)
    if cut:
        counts[-cut:, 2:] = np.nan
    found = delay.learn(counts)
    assert ((found.share >= LOWEST) & (found.share <= 1)).all()
    assert np.isfinite(found.error).all()
    assert (found.error >= 0).all()
    if (np.diff(counts, axis=1) >= 0).all():
        assert (np.diff(found.share) >= 0).all()


def test_of_too_few_weeks_nothing_is_learned() -> None:
    found = delay.learn(triangle(LEAST, 1))
    assert (found.share == 1).all()
    assert (found.error == 0).all()


def test_between_two_ages_a_share_lies_on_a_line() -> None:
    known = delay.learn(triangle(26, 2))
    assert known.at(0.25)[0] == pytest.approx(0.75 * known.share[0] + 0.25 * known.share[1])
    assert known.at(99) == (1, 0)


def late(rows: int, share: float = 0.5, error: float = 0.0) -> Known:
    """Half of the newest week is known, four fifths of the week before."""
    shares = np.concatenate([np.ones(NEWEST - 2), [0.8, share]])
    errors = np.concatenate([np.zeros(NEWEST - 2), [error / 4, error]])
    return Known(np.tile(shares, (rows, 1)), np.tile(errors, (rows, 1)))


def seen(rng: np.random.Generator, counts: Floats, known: Known) -> Floats:
    counts = counts.copy()
    newest = counts[:, -NEWEST:].astype(np.int64)
    counts[:, -NEWEST:] = rng.binomial(newest, known.share)
    return counts


@pytest.mark.requirement("003-06", "000-18")
@pytest.mark.parametrize("steps", [110, 16])
def test_weeks_that_are_not_complete_are_no_silence_and_hide_no_surge(steps: int) -> None:
    """Two years of past, and sixteen weeks of it, which EARS judges."""
    rng, series = np.random.default_rng(steps), 300
    known, history = late(series), np.full(series, steps - 1)
    whole = rng.poisson(20, (series, steps)).astype(np.float64)
    counts = seen(rng, whole, known)

    def found(counts: Floats, allowed: Known | None) -> Floats:
        portfolio = Portfolio(WarningStep.WEEK, counts, history, known=allowed)
        return judge(portfolio, {}, EARLY_WARNING.shipped).p

    before, after = found(counts, None), found(counts, known)
    if steps > 100:
        assert (before[1] <= 0.01).mean() > 0.3, "lateness looks like silence"
        assert (after[1] <= 0.01).mean() < 0.05, "four looks, none of them exact"
    surging = whole.copy()
    surging[:, -1] += 25
    surging = seen(rng, surging, known)
    assert (found(surging, known)[0] <= 0.05).mean() > (found(surging, None)[0] <= 0.05).mean() + 0.3
    assert (after[0] <= 0.01).mean() < 0.02


@given(st.integers(0, 200), st.sampled_from([16, 60, 110]))
@pytest.mark.requirement("003-06")
def test_when_all_is_known_nothing_is_allowed_for(seed: int, steps: int) -> None:
    counts = np.random.default_rng(seed).poisson(5, (2, steps)).astype(np.float64)
    history = np.full(2, steps - 1)
    all_of_it = Known(np.ones((2, NEWEST)), np.zeros((2, NEWEST)))
    plain, same = (
        judge(
            Portfolio(WarningStep.WEEK, counts, history, known=known), null.shipped(), EARLY_WARNING.shipped
        )
        for known in (None, all_of_it)
    )
    for name in ("mean", "phi", "p", "calibrated"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(same, name))
    if steps == 16:
        score = ears.scores(counts, np.array([steps - 1]), ears.LAG, 1.0)[:, 0]
        np.testing.assert_allclose(plain.p[0], 1 - stdtr(6, score / np.sqrt(8 / 7)))


@pytest.mark.requirement("003-06")
@pytest.mark.parametrize("steps", [16, 60])
def test_the_less_sure_the_share_the_wider_the_expectation(steps: int) -> None:
    rng = np.random.default_rng(5)
    counts = seen(rng, rng.poisson(30, (50, steps)).astype(np.float64), late(50))
    sure, unsure = (
        judge(
            Portfolio(WarningStep.WEEK, counts, np.full(50, steps - 1), known=late(50, error=error)),
            {},
            EARLY_WARNING.shipped,
        )
        for error in (0.0, 0.4)
    )
    np.testing.assert_allclose(sure.mean, unsure.mean)
    assert (unsure.phi[:, 0] > sure.phi[:, 0]).all()
    if steps == 60:
        added = unsure.phi[:, 0] - sure.phi[:, 0]
        np.testing.assert_allclose(added, 0.4**2 * sure.mean[:, 0])
        assert (unsure.phi[:, -1] - sure.phi[:, -1] < added).all(), "eight weeks are better known than one"
    assert (unsure.p[0] >= sure.p[0])[sure.p[0] < 0.05].all()
