"""Who buys again: Kaplan-Meier, intervals, and what becomes of an assumption."""

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insights.cohorts.learned import instead, learn
from services.insights.cohorts.model import Watched, bought_again
from services.insights.cohorts.posterior import Belief, prior, updated
from services.insights.economics.book import ECONOMICS
from services.insights.losses import Band
from shared.rulebooks.parameter import Parameter
from shared.shares import wilson


@pytest.mark.requirement("000-15")
def test_by_hand() -> None:
    """Ten customers: two buy on day 5, one on day 20, one is watched for 10 days only, six are watched to the end."""
    watched = Watched({5: 2, 20: 1}, {10: 1, 180: 6})
    found = bought_again(watched, 30)
    assert found is not None
    assert found.share == pytest.approx(1 - (8 / 10) * (6 / 7))
    greenwood = 2 / (10 * 8) + 1 / (7 * 6)
    remaining = 1 - found.share
    assert found.effective == pytest.approx(found.share / (remaining * greenwood))
    assert found.followed == 9
    early = bought_again(watched, 5)
    assert early is not None
    assert early.share == 0


@given(st.integers(1, 300), st.data())
def test_when_all_are_watched_to_the_end_it_is_the_plain_share_with_wilsons_interval(
    number: int, data: st.DataObject
) -> None:
    buyers = data.draw(st.integers(0, number))
    days = data.draw(st.lists(st.integers(0, 29), min_size=buyers, max_size=buyers))
    found = bought_again(Watched(Counter(days), {180: number - buyers}), 30)
    assert found is not None
    assert found.share == pytest.approx(buyers / number)
    assert found.effective == pytest.approx(number)
    assert (found.low, found.high) == pytest.approx(wilson(buyers, number))
    assert found.low <= found.share + 1e-9 <= found.high + 2e-9


def test_nobody_knows_what_nobody_was_watched_for() -> None:
    assert bought_again(Watched({}, {}), 30) is None
    assert bought_again(Watched({3: 1}, {10: 5}), 30) is None
    assert bought_again(Watched({3: 4}, {}), 30) is not None, "all of them bought"


@pytest.mark.requirement("000-15", "N-F")
def test_open_windows_do_not_make_the_share_too_small() -> None:
    generator = np.random.default_rng(5)
    covered, naive = 0, []
    for _ in range(200):
        waits = np.where(generator.random(300) < 0.6, generator.exponential(40, 300), 10_000)
        ends = generator.uniform(0, 200, 300)
        seen = waits < ends
        bought = Counter(int(day) for day in waits[seen])
        not_yet = Counter(int(day) for day in ends[~seen])
        found = bought_again(Watched(bought, not_yet), 90)
        truth = 0.6 * (1 - np.exp(-90 / 40))
        assert found is not None
        covered += found.low <= truth <= found.high
        naive.append(float(np.mean(seen & (waits < 90))) < truth)
    assert covered / 200 >= 0.9
    assert np.mean(naive) > 0.9, "the plain share is too small"


def assumed(low: str, value: str, high: str) -> Parameter:
    return Parameter(
        value=Decimal(value), low=Decimal(low), high=Decimal(high), source_en="a survey", source_zh="调查"
    )


def test_a_prior_has_the_mean_and_the_variance_of_the_draws() -> None:
    belief = prior(assumed("0.3", "0.5", "0.7"))
    assert belief.mean == pytest.approx(0.5)
    assert belief.a * belief.b / (belief.strength**2 * (belief.strength + 1)) == pytest.approx(0.4**2 / 12)
    sure = prior(assumed("0.5", "0.5", "0.5"))
    assert sure.strength > 1e5
    assert prior(assumed("0", "0", "0")).mean < 1e-3


@pytest.mark.requirement("N-F", "000-16")
def test_the_posterior_covers_the_truth_nine_times_in_ten() -> None:
    """Whose assumption is honest (the truth is drawn from it) and whose customers are counted."""
    generator = np.random.default_rng(17)
    before = prior(assumed("0.4", "0.55", "0.7"))
    covered = 0
    for _ in range(1000):
        truth = generator.beta(before.a, before.b)
        buyers = int(generator.binomial(60, truth))
        seen = bought_again(Watched({10: buyers}, {180: 60 - buyers}), 180)
        assert seen is not None
        low, high = updated(before, seen).interval
        covered += low <= truth <= high
    assert 0.9 <= covered / 1000 < 0.95


def test_many_customers_outweigh_the_assumption_and_none_leave_it() -> None:
    shipped = ECONOMICS.shipped
    nothing = learn(shipped, {})
    assert all(each.seen is None for each in nothing)
    assert instead(shipped, nothing) == shipped
    many = {("closed_satisfied", "major"): Watched({20: 9000}, {180: 1000})}
    learned = {(each.band, each.name): each for each in learn(shipped, many)}
    assert learned[Band.MAJOR, "satisfied"].belief.mean == pytest.approx(0.9, abs=0.01)
    changed = instead(shipped, list(learned.values()))
    assert changed.repurchase[Band.MAJOR].satisfied.value > Decimal("0.88")
    assert changed.repurchase[Band.MAJOR].dissatisfied == shipped.repurchase[Band.MAJOR].dissatisfied
    assert changed.repurchase[Band.MINOR] == shipped.repurchase[Band.MINOR]


@given(st.floats(0.01, 0.99), st.floats(1, 500), st.integers(0, 200), st.integers(0, 200))
def test_the_posterior_lies_between_what_was_assumed_and_what_was_seen(
    mean: float, strength: float, buyers: int, others: int
) -> None:
    before = Belief(mean * strength, (1 - mean) * strength)
    seen = bought_again(Watched({1: buyers}, {180: others}), 180)
    if seen is None:
        assert buyers + others == 0
        return
    after = updated(before, seen)
    assert min(mean, seen.share) - 1e-6 <= after.mean <= max(mean, seen.share) + 1e-6
    assert after.strength == pytest.approx(strength + buyers + others)
