"""What is expected, what is unusual, and how sure one may be of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from services.insights.warning import calibration, counting, farrington, loglinear, negbin, scan
from services.insights.warning.discovery import Level, Limits, levels, q_values
from services.insights.warning.harmonic import Expected, Shape, expect

WEEK = np.array([399])
means = st.floats(1e-8, 300)
dispersions = st.floats(1.001, 20)


@given(y=st.integers(0, 400), mu=means, phi=dispersions)
def test_tails_are_those_of_the_negative_binomial_distribution(y: int, mu: float, phi: float) -> None:
    known = stats.nbinom(mu / (phi - 1), 1 / phi)
    assert float(negbin.at_least(y, mu, phi)) == pytest.approx(known.sf(y - 1), rel=1e-7, abs=1e-12)
    assert float(negbin.at_most(y, mu, phi)) == pytest.approx(known.cdf(y), rel=1e-7, abs=1e-12)
    both = float(negbin.upper_mid_p(y, mu, phi) + negbin.lower_mid_p(y, mu, phi))
    assert both == pytest.approx(1)


@given(mu=means, phi=st.one_of(st.just(1.0), dispersions), alpha=st.sampled_from([0.05, 0.01, 1e-4]))
def test_the_bound_is_the_smallest_count_that_is_enough(mu: float, phi: float, alpha: float) -> None:
    high = float(negbin.bound(alpha, mu, phi))
    assert float(negbin.at_least(high + 1, mu, phi)) <= alpha
    assert high == 0 or float(negbin.at_least(high, mu, phi)) > alpha


def test_nothing_known_has_no_bound_and_a_huge_mean_has_one() -> None:
    found = negbin.bound(0.01, np.array([np.nan, 1e18]), np.array([2.0, 2.0]))
    assert np.isnan(found[0])
    assert found[1] > 1e18


def test_a_singular_regression_has_not_converged_and_spoils_no_other() -> None:
    design = np.column_stack([np.ones(6), [1.0, 1, 1, 0, 0, 0], [1.0, 1, 1, 0, 0, 0]])
    counts = np.array([[3.0, 4, 5, 1, 2, 0]])
    ones = np.ones_like(counts)
    stuck = loglinear.fit(counts, design, ones, 0 * ones, steps=9, tolerance=1e-8)
    fine = loglinear.fit(counts, design[:, :2], ones, 0 * ones, steps=9, tolerance=1e-8)
    assert not stuck.converged[0]
    assert fine.converged[0]
    np.testing.assert_allclose(np.exp([fine.beta[0].sum(), fine.beta[0, 0]]), [4, 1], rtol=1e-6)


def _seasonal(rng: np.random.Generator, rows: int, weeks: int = 400) -> tuple[negbin.Floats, negbin.Floats]:
    t = np.arange(weeks)
    mean = np.exp(2 + 0.001 * t + 0.6 * np.cos(2 * np.pi * t / 52))
    phi = 2.0
    return rng.negative_binomial(mean / (phi - 1), 1 / phi, size=(rows, weeks)).astype(np.float64), mean


@pytest.mark.requirement("003-06")
def test_a_season_a_trend_and_the_dispersion_are_learned() -> None:
    counts, mean = _seasonal(np.random.default_rng(1), 200)
    known = expect(counts, WEEK)
    assert known.mean[:, 0, 0].mean() == pytest.approx(mean[399], rel=0.04)
    assert known.mean[:, 0, 1].mean() == pytest.approx(mean[398] + mean[399], rel=0.04)
    assert known.phi.mean() == pytest.approx(2.0, rel=0.1)


def test_days_of_the_week_are_learned_beside_the_year() -> None:
    day = np.arange(4 * 364)
    mean = np.exp(1.5 + 0.3 * np.cos(2 * np.pi * day / 364)) * np.where(day % 7 < 5, 1.0, 2.5)
    counts = np.random.default_rng(9).poisson(mean, size=(6, day.size)).astype(np.float64)
    days = np.arange(day.size - 7, day.size)
    daily = Shape(window=3 * 364, guard=28, year=364.0, cycle=7)
    np.testing.assert_allclose(
        expect(counts, days, (1,), daily).mean[..., 0].mean(axis=0), mean[days], rtol=0.1
    )


@pytest.mark.requirement("003-06")
def test_a_past_surge_is_not_learned() -> None:
    counts, mean = _seasonal(np.random.default_rng(2), 60)
    counts[:, 330:336] += 60
    robust = expect(counts, WEEK).mean[:, 0, 0].mean()
    trusting = expect(counts, WEEK, shape=Shape(surge=np.inf)).mean[:, 0, 0].mean()
    assert abs(robust / mean[399] - 1) < 0.08 < trusting / mean[399] - 1


@pytest.mark.requirement("003-06")
@pytest.mark.parametrize("detector", ["harmonic", "farrington"])
def test_growing_sales_are_no_surge_when_counts_are_compared_with_what_was_sold(detector: str) -> None:
    rng = np.random.default_rng(3)
    sold = np.tile(np.where(np.arange(400) < 396, 1000.0, 3000.0), (50, 1))
    counts = rng.poisson(0.01 * sold).astype(np.float64)

    def smallest(exposure: negbin.Floats | None) -> float:
        if detector == "farrington":
            return float(np.median(farrington.judge(counts, WEEK, farrington.Rules(), exposure).p))
        known = expect(counts, WEEK, exposure=exposure)
        return float(np.median(scan.tails(scan.windows(counts, WEEK, (1, 2)), known).surge[..., 0]))

    assert smallest(None) < 1e-4
    assert smallest(sold) > 0.2


@pytest.mark.requirement("003-06", "N-G")
def test_a_surge_is_seen_in_its_week_and_one_of_two_weeks_sooner_than_by_either() -> None:
    counts, mean = _seasonal(np.random.default_rng(4), 100)
    counts[:50, 399] += 40
    counts[50:, 398:400] = np.round(mean[399] + 2.2 * np.sqrt(2 * mean[399]))
    known = expect(counts, WEEK)
    sums = scan.windows(counts, WEEK, (1, 2))
    surge = scan.tails(sums, known).surge[:, 0]
    assert (surge[:50, 0] < 1e-6).all()
    assert np.median(surge[50:, 1]) < np.median(surge[50:, 0]) / 5
    e = scan.evidence(sums, known)[:, 0]
    assert (e[:50] > 100).all()
    assert np.median(e[50:]) > 10


@pytest.mark.requirement("000-18", "N-G")
def test_silence_is_a_warning_where_little_is_expected_only_after_weeks() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(1.2, size=(80, 400)).astype(np.float64)
    counts[:40, 392:] = 0
    known = expect(counts, WEEK, scan.SILENCE_SPANS)
    found = scan.tails(scan.windows(counts, WEEK, scan.SILENCE_SPANS), known)
    assert (found.silence[:40, 0, 0] > 0.05).all()
    assert (found.silence[:40, 0, 3] < 0.01).all()
    assert np.median(found.smallest("silence", scan.SILENCE_SPANS)[40:]) > 0.05
    assert (found.smallest("surge", (1, 2))[:40] > 0.5).all()


@pytest.mark.parametrize(("mu", "before", "phi"), [(0.2, 0.1, 1.5), (3.0, 8.0, 1.0001), (12.0, 10.0, 5.0)])
def test_evidence_has_mean_one_when_nothing_is_unusual(mu: float, before: float, phi: float) -> None:
    """So one divided by it is a p value: its sum over all counts, each by its chance, is 1."""
    y, y_before = (part.ravel().astype(np.float64) for part in np.meshgrid(np.arange(300), np.arange(300)))
    chance = stats.nbinom.pmf(y, mu / (phi - 1), 1 / phi) * stats.nbinom.pmf(
        y_before, before / (phi - 1), 1 / phi
    )
    known = Expected(np.tile([mu, mu + before], (y.size, 1)), np.full((y.size, 2), phi), (1, 2))
    e = scan.evidence(np.column_stack([y, y + y_before]), known)
    assert float(np.sum(e * chance)) == pytest.approx(1.0, abs=0.01)


@pytest.mark.requirement("003-06")
def test_the_first_complaint_ever_is_beyond_expectation_and_yet_no_surge() -> None:
    counts = np.zeros((2, 400))
    counts[0, 399], counts[1, 396:] = 1, 2
    e = scan.evidence(scan.windows(counts, WEEK, (1, 2)), expect(counts, WEEK))
    assert (e > 1000).all()
    assert counting.enough(counts, WEEK)[:, 0].tolist() == [False, True]


def test_windows_need_history_and_stay_within_the_guard() -> None:
    counts = np.ones((1, 400))
    with pytest.raises(ValueError, match="312 weeks"):
        expect(counts, np.array([311]))
    with pytest.raises(ValueError, match="guard"):
        expect(counts, WEEK, (1, 10))
    with pytest.raises(ValueError, match="263 weeks"):
        farrington.judge(counts, np.array([262]), farrington.Rules())
    with pytest.raises(ValueError, match="one and of two"):
        scan.evidence(np.ones((1, 1, 1)), expect(counts, WEEK, (1,)))
    assert expect(counts[:0], WEEK).mean.shape == (0, 1, 2)


@pytest.mark.requirement("003-06")
def test_calibrated_p_values_are_as_rare_as_they_say_in_every_stratum() -> None:
    """Raw p values that come four times too often in one stratum and half as often in another."""
    rng = np.random.default_rng(6)
    mean, phi = np.repeat([0.1, 20.0], 200_000), np.ones(400_000)
    fatness = np.where(mean < 1, 4.0, 0.5)

    def raw() -> negbin.Floats:
        return np.minimum(1.0, rng.random(400_000) / fatness)

    known = calibration.learn(raw(), mean, phi)
    again = raw()
    exact = known.exact(again, mean, phi)
    for tail in (0.1, 0.01, 1e-3, 1e-4):
        for level in (0.1, 20.0):
            share = (exact[mean == level] <= tail).mean()
            slack = 1 + 4 / np.sqrt(200_000 * tail)
            assert tail / slack / 1.15 < share < tail * slack * 1.15
    assert (again[mean < 1] <= 1e-3).mean() > 2e-3
    order = np.argsort(again[mean < 1])
    assert (np.diff(exact[mean < 1][order]) >= 0).all()
    assert (exact > 0).all()


def test_a_stratum_that_is_too_small_listens_to_the_others() -> None:
    rng = np.random.default_rng(7)
    p, mean = rng.random(50_000) / 3, np.where(np.arange(50_000) < 10, 100.0, 2.0)
    known = calibration.learn(p, mean, np.ones(50_000))
    rare = np.full(1, 100.0)
    assert float(known.exact(np.array([0.01]), rare, np.ones(1))[0]) == pytest.approx(0.03, rel=0.15)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_q_values_are_those_of_benjamini_and_hochberg(p: list[float]) -> None:
    np.testing.assert_allclose(q_values(np.array(p)), stats.false_discovery_control(p), atol=1e-12)


@pytest.mark.requirement("003-06", "N-G")
def test_thousands_of_quiet_series_are_watched_and_alert_nobody() -> None:
    rng = np.random.default_rng(8)
    p = rng.random((100, 5000))
    p[:, 0] = 1e-7
    found = np.stack([levels(week, Limits()) for week in p])
    assert (found[:, 0] == Level.ALERT).all()
    assert (found[:, 1:] == Level.ALERT).mean() * 10_000 < 1
    assert 0.005 < (found == Level.WATCH).mean() < 0.015
    assert np.isnan(q_values(np.array([0.2, np.nan]))[1])
