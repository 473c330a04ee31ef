"""g-chart, Laney's charts, counting once, disproportionality."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammainc

from services.insights.warning import charts, counting, disproportionality, gchart
from services.insights.warning.disproportionality import NotFitted, Prior
from services.insights.warning.negbin import Floats
from services.insights.warning.squashing import squashed

gaps = st.lists(st.integers(0, 40), min_size=1, max_size=5)


@given(past=gaps, new=st.lists(st.integers(0, 20), min_size=1, max_size=3))
def test_the_chance_of_short_gaps_is_counted_over_all_equally_likely_orders(
    past: list[int], new: list[int]
) -> None:
    """Against the sum over all ways to part the same total, each as likely as any other."""
    total, run, rest = sum(past) + sum(new), len(new), len(past)

    def ways(number: int, parts: int) -> int:
        row = np.ones(number + 1, dtype=object)
        for _ in range(parts - 1):
            row = np.cumsum(row)
        return int(row[number])

    favourable = sum(ways(have, run) * ways(total - have, rest) for have in range(sum(new) + 1))
    expected = favourable / ways(total, run + rest)
    assert gchart.chance_of_shorter(new, past) == pytest.approx(expected, rel=1e-9)


@given(past=gaps, gap=st.integers(0, 60))
def test_a_gap_is_short_or_long_and_both_only_when_it_is_just_as_long(past: list[int], gap: int) -> None:
    shorter, longer = gchart.chance_of_shorter([gap], past), gchart.chance_of_longer(gap, past)
    assert 0 < longer <= 1
    assert shorter + longer > 1 - 1e-12
    assert gchart.chance_of_longer(gap + 1, past) <= longer + 1e-12


@pytest.mark.requirement("003-06", "N-G")
def test_two_fires_in_a_week_are_a_warning_after_years_without() -> None:
    assert gchart.chance_of_shorter([40], [21_000, 30_500, 18_200]) < 0.005
    assert gchart.chance_of_shorter([9_000], [21_000, 30_500, 18_200]) > 0.1
    assert gchart.chance_of_shorter([40], []) == 1.0
    assert gchart.chance_of_longer(40, []) == 1.0


@pytest.mark.requirement("000-18")
def test_a_kind_of_event_that_is_no_longer_told_is_silence() -> None:
    assert gchart.chance_of_longer(2_000, [90, 110, 70, 130, 100, 95]) < 0.001


@given(rate=st.floats(1e-5, 0.3), alpha=st.sampled_from([0.05, 0.0027]))
def test_limits_are_quantiles_of_the_geometric_distribution(rate: float, alpha: float) -> None:
    limits = gchart.limits(rate, alpha)

    def up_to(gap: int) -> float:
        return float(-np.expm1((gap + 1) * np.log1p(-rate)))

    assert limits.low is None or up_to(limits.low) <= alpha / 2 * (1 + 1e-9)
    assert up_to((-1 if limits.low is None else limits.low) + 1) > alpha / 2 * (1 - 1e-9)
    assert 1 - up_to(limits.high) <= alpha / 2 * (1 + 1e-6) < 1 - up_to(limits.high - 1) + 1e-9


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        gchart.limits(0)
    with pytest.raises(ValueError, match="negative"):
        gchart.chance_of_shorter([3], [-1])


@pytest.mark.requirement("003-11")
def test_limits_of_large_numbers_are_widened_by_what_neighbours_differ() -> None:
    """A share that wanders by a tenth of itself, in periods of a million: every one is beyond the plain limits."""
    rng = np.random.default_rng(1)
    number = np.full((1, 200), 1e6)
    counts = rng.binomial(1_000_000, 0.02 * np.exp(0.1 * rng.standard_normal((1, 200)))).astype(np.float64)
    counts[0, 150] *= 1.8
    for chart in (charts.p_chart(counts, number), charts.u_chart(counts, number)):
        assert chart.sigma_z[0] > 8
        assert chart.out[0, 150]
        assert chart.out.sum() <= 4
    plain = np.abs(counts / number - 0.02) > 3 * np.sqrt(0.02 * 0.98 / number)
    assert plain.mean() > 0.5


def test_chance_alone_is_not_widened_and_periods_without_opportunities_are_nothing() -> None:
    counts = np.random.default_rng(2).poisson(30, size=(1, 4000)).astype(np.float64)
    exposure = np.full((1, 4000), 100.0)
    exposure[0, 7] = counts[0, 7] = 0
    chart = charts.u_chart(counts, exposure)
    assert chart.sigma_z[0] == pytest.approx(1.0, abs=0.05)
    assert chart.out.mean() < 0.006
    assert np.isnan(chart.rate[0, 7])
    assert not chart.out[0, 7]


@pytest.mark.requirement("003-06")
def test_one_customer_who_writes_twenty_times_is_one_report() -> None:
    angry = [("a", "leak", day) for day in range(100, 140)]
    others = [("b", "leak", 101), ("a", "noise", 101), ("a", "leak", 200)]
    assert counting.once([*angry, *others], within=30) == [("a", "leak", 100), *others]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 50)), max_size=30))
def test_what_is_kept_is_apart_and_nothing_else_is_lost(reports: list[tuple[str, str, int]]) -> None:
    kept = counting.once(reports, within=5)
    assert [report[2] for report in kept] == sorted(report[2] for report in kept)
    for customer, problem, day in kept:
        own = sorted(when for who, what, when in reports if (who, what) == (customer, problem))
        assert not any(when < day and day - when <= 5 for when in own)
    assert {report[:2] for report in kept} == {report[:2] for report in reports}


def _table(rng: np.random.Generator, pairs: int) -> tuple[Floats, ...]:
    e = rng.gamma(0.7, 2.0, pairs) + 0.01
    usual = rng.gamma(8.0, 1 / 8.0, pairs)
    return rng.poisson(usual * e).astype(np.float64), e


@pytest.mark.requirement("003-11")
def test_pairs_that_are_told_far_too_often_are_found_among_thousands() -> None:
    n, e = _table(np.random.default_rng(4), 8_000)
    real = np.arange(0, 400, 4)
    e[real] = 4.0
    n[real] = np.random.default_rng(5).poisson(24.0, real.size)
    prior = disproportionality.fit(n, e)
    scores = disproportionality.scores(n, e, prior)
    signal = scores.eb05 >= 2
    assert signal[real].mean() > 0.85
    assert np.delete(signal, real).sum() <= 10
    assert (n[n > 0] / e[n > 0] > 2).sum() > 400  # the plain ratio would call a tenth of all
    assert (scores.eb05 < scores.eb95).all()


@pytest.mark.requirement("003-11")
def test_the_fit_finds_the_parameters_that_made_the_table() -> None:
    rng = np.random.default_rng(6)
    e = rng.gamma(0.5, 1.0, 60_000) + 0.01
    first = rng.random(60_000) < 0.07
    rate = np.where(first, rng.gamma(3.2, 1 / 0.4, 60_000), rng.gamma(2.0, 1 / 1.9, 60_000))
    n = rng.poisson(rate * e).astype(np.float64)
    found = disproportionality.fit(n, e)
    assert found.share == pytest.approx(0.07, abs=0.015)
    assert found.a1 / found.b1 == pytest.approx(8.0, rel=0.15)
    assert found.a2 / found.b2 == pytest.approx(2.0 / 1.9, rel=0.1)


def test_nothing_told_fits_nothing() -> None:
    with pytest.raises(NotFitted):
        disproportionality.fit(np.zeros(5), np.ones(5))


@given(st.integers(0, 60), st.floats(0.01, 50))
def test_quantiles_have_their_share_below(n: int, e: float) -> None:
    prior = Prior(3.2, 0.4, 2.0, 1.9, 0.07)
    count, mean = np.array([float(n)]), np.array([e])
    scores = disproportionality.scores(count, mean, prior)
    q = disproportionality._first_share(count, mean, prior)
    for share, value in ((0.05, scores.eb05), (0.95, scores.eb95)):
        below = q * gammainc(prior.a1 + n, value * (prior.b1 + e))
        below += (1 - q) * gammainc(prior.a2 + n, value * (prior.b2 + e))
        assert below[0] == pytest.approx(share, abs=1e-6)


def test_expected_numbers_add_up_within_each_stratum() -> None:
    table = np.array([[[8.0, 2], [1, 4]], [[0.0, 5], [5, 0]], [[0, 0], [0, 0]]])
    e = disproportionality.expected(table)
    np.testing.assert_allclose(e.sum(axis=0), table.sum(axis=(0, 1)))
    np.testing.assert_allclose(e.sum(axis=1), table.sum(axis=(0, 2)))
    assert e[0, 0] == pytest.approx(10 * 9 / 15 + 5 * 5 / 10)


def test_few_reports_are_no_signal_by_the_lower_limit_of_the_information_component() -> None:
    component, limit = disproportionality.information_component(np.array([1.0, 30.0]), np.array([0.1, 3.0]))
    assert component[0] > 1
    assert limit[0] < 0 < limit[1]


def test_squashing_keeps_number_and_sum() -> None:
    rng = np.random.default_rng(7)
    n, e = rng.poisson(1.0, 20_000).astype(np.float64), rng.gamma(1.0, 1.0, 20_000)
    counts, means, weights = squashed(n, e)
    assert counts.size < 2000
    assert weights.sum() == n.size
    assert np.sum(weights * counts) == n.sum()
    assert np.sum(weights * means) == pytest.approx(e.sum())
    assert means.max() == e.max()
