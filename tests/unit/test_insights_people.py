"""People are compared by what anybody would have reached with the same cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from services.insights.measures.comparing import (
    CaseMixVerdict,
    Cases,
    compare,
    expectations,
    mid_p,
    variance_between,
)
from services.insights.measures.linking import Correlation, correlation

EASY, HARD = ("delivery", "general"), ("product", "major")
TELLERS = st.dictionaries(
    st.sampled_from(["ann", "bo", "cy", "di"]),
    st.dictionaries(
        st.sampled_from([EASY, HARD]),
        st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=1,
    ),
    min_size=1,
)


@pytest.mark.requirement("002-16")
def test_whoever_has_the_hard_cases_is_not_worse_for_it() -> None:
    """By raw share 40 % stand beside 80 %; with the same cases they are the same."""
    cases: Cases = {
        "hard": {HARD: (40, 100)},
        "easy": {EASY: (80, 100)},
        "both": {HARD: (20, 50), EASY: (40, 50)},
    }
    found = {each.person: each for each in compare(cases, 20)}
    assert [each.ratio for each in found.values()] == [1.0, 1.0, 1.0]
    assert {each.verdict for each in found.values()} == {CaseMixVerdict.AS_EXPECTED}


@pytest.mark.requirement("002-16")
def test_expected_shrunk_and_verdict_by_hand() -> None:
    """Rates over all: (30 + 90) / 300 = 0.4."""
    cases: Cases = {"few": {EASY: (30, 100)}, "more": {EASY: (90, 200)}, "new": {EASY: (0, 0)}}
    few, more, new = compare(cases, 20)
    assert (few.person, more.person, new.person) == ("few", "more", "new"), "no order of what they reached"
    assert (few.expected, more.expected) == (40.0, 80.0)
    assert few.ratio == pytest.approx(0.75)
    assert more.ratio == pytest.approx(1.125)
    # Weights 40/0.6 and 80/0.6; mean 1, Q = 66.67 x 0.0625 + 133.33 x 0.015625 = 6.25; scale 200 - 111.11 = 88.89.
    between = (6.25 - 1) / (200 - 200 / 1.8)
    assert few.shrunk == pytest.approx(1 - 0.25 * between / (between + 0.6 / 40))
    assert more.shrunk == pytest.approx(1 + 0.125 * between / (between + 0.6 / 80))
    assert few.funnel is not None
    assert few.funnel.low == binom.ppf(0.025, 100, 0.4) / 40
    assert (new.verdict, new.ratio, new.shrunk) == (CaseMixVerdict.TOO_FEW, None, None)


@pytest.mark.requirement("002-16")
def test_with_few_cases_nothing_is_said_and_far_out_it_is() -> None:
    cases: Cases = {"newcomer": {EASY: (0, 19)}, "odd": {EASY: (5, 100)}, "rest": {EASY: (500, 1000)}}
    newcomer, odd, rest = compare(cases, 20)
    assert (newcomer.verdict, newcomer.low) == (CaseMixVerdict.TOO_FEW, None)
    assert odd.verdict is CaseMixVerdict.FEWER
    assert rest.verdict is CaseMixVerdict.AS_EXPECTED


@given(TELLERS)
def test_expectations_add_up_to_what_was_observed_and_the_shrunk_lie_between(cases: Cases) -> None:
    observed = sum(o for strata in cases.values() for o, _ in strata.values())
    assert sum(expectations(cases).values()) == pytest.approx(observed)
    for each in compare(cases, 1):
        if each.ratio is not None:
            assert each.low is not None
            assert each.high is not None
            assert each.low <= each.ratio <= each.high
            assert each.shrunk is not None
            assert min(1.0, each.ratio) - 1e-9 <= each.shrunk <= max(1.0, each.ratio) + 1e-9


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_mid_p_interval_holds_the_share_and_its_tails(given: tuple[int, int]) -> None:
    observed, n = given
    low, high = mid_p(observed, n)
    assert 0 <= low <= observed / n <= high <= 1
    for limit, tail in ((low, 0.975), (high, 0.025)):
        if 0 < limit < 1:
            assert binom.cdf(observed, n, limit) - binom.pmf(observed, n, limit) / 2 == pytest.approx(tail)


def test_people_who_differ_no_more_than_by_chance_do_not_differ() -> None:
    assert variance_between([(40, 100, 40.0), (41, 100, 40.0)]) == 0.0
    assert variance_between([(40, 100, 40.0)]) == 0.0


@pytest.mark.requirement("000-21")
def test_a_rank_correlation_has_the_interval_of_its_formula_and_none_with_few_units() -> None:
    """Eleven units with the squared differences of ranks adding up to 110: rho = 1 - 6 x 110 / (11 x 120) = 0.5."""
    ranks = [8, 3, 2, 5, 4, 6, 7, 1, 11, 10, 9]
    found = correlation([(float(n), float(rank)) for n, rank in enumerate(ranks, 1)])
    assert found.units == 11
    assert found.rho == pytest.approx(0.5)
    # atanh 0.5 = 0.54931; 1.95996 x sqrt(1.125 / 8) = 0.73499
    assert found.low == pytest.approx(-0.18358, abs=1e-4)
    assert found.high == pytest.approx(0.85759, abs=1e-4)
    assert correlation([(float(n), float(n)) for n in range(9)]) == Correlation(9)
    assert correlation([(float(n), 1.0) for n in range(12)]) == Correlation(12)
