"""Two counts compared exactly, against sums of whole fractions."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.insights.exact import rate_ratio, share_interval

COUNTS = st.integers(0, 60)
EXPOSURES = st.integers(1, 400)


def at_most(k: int, n: int, chance: Fraction) -> Fraction:
    """Probability of k or fewer of n, by adding up."""
    return sum(
        (comb(n, j) * chance**j * (1 - chance) ** (n - j) for j in range(k + 1)),
        start=Fraction(0),
    )


@given(COUNTS, COUNTS, EXPOSURES, EXPOSURES)
@example(0, 0, 1, 1)
@example(60, 0, 90, 30)
@example(0, 60, 90, 30)
@pytest.mark.requirement("P-21", "001-22")
def test_p_is_the_binomial_sum(before: int, after: int, t1: int, t2: int) -> None:
    found = rate_ratio(before, after, t1, t2)
    exact = at_most(after, before + after, Fraction(t2, t1 + t2))
    assert found.p_value == pytest.approx(float(exact), rel=1e-9, abs=1e-12)


@given(COUNTS, COUNTS, EXPOSURES, EXPOSURES)
@example(9, 0, 90, 60)
@pytest.mark.requirement("P-21", "001-22")
def test_at_its_ends_the_interval_leaves_out_a_fortieth(before: int, after: int, t1: int, t2: int) -> None:
    found = rate_ratio(before, after, t1, t2)
    n = before + after

    def chance(ratio: float) -> Fraction:
        share = Fraction(ratio) * t2
        return share / (t1 + share)

    if after == 0:
        assert found.low == 0
    else:
        assert 1 - float(at_most(after - 1, n, chance(found.low))) == pytest.approx(0.025, rel=1e-6)
    if found.high is None:
        assert before == 0
    else:
        assert float(at_most(after, n, chance(found.high))) == pytest.approx(0.025, rel=1e-6)
    if found.ratio is not None:
        assert found.low <= found.ratio <= (found.high or 0)


@given(COUNTS, COUNTS, EXPOSURES, EXPOSURES, st.integers(1, 1000))
def test_only_the_proportion_of_the_exposures_counts(
    before: int, after: int, t1: int, t2: int, times: int
) -> None:
    one, other = rate_ratio(before, after, t1, t2), rate_ratio(before, after, t1 * times, t2 * times)
    assert (one.low, one.p_value) == pytest.approx((other.low, other.p_value), rel=1e-9)


def test_large_counts_are_compared_too() -> None:
    found = rate_ratio(1_000_000, 990_000, 365, 365)
    assert (found.low, found.high) == pytest.approx((0.987253, 0.992755), abs=2e-5)
    assert found.p_value < 1e-11


@pytest.mark.parametrize("wrong", [(-1, 0, 1, 1), (0, 0, 0, 1), (0, 0, 1, -1)])
def test_what_cannot_be_compared_is_refused(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        rate_ratio(*wrong)


@given(st.integers(0, 60), st.integers(1, 60))
@example(0, 9)
@example(9, 9)
def test_the_interval_of_a_share_leaves_out_a_fortieth_at_each_end(part: int, whole: int) -> None:
    part = min(part, whole)
    low, high = share_interval(part, whole)
    if part == 0:
        assert low == 0
    else:
        assert 1 - float(at_most(part - 1, whole, Fraction(low))) == pytest.approx(0.025, rel=1e-6)
    if part == whole:
        assert high == 1
    else:
        assert float(at_most(part, whole, Fraction(high))) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize("wrong", [(-1, 1), (2, 1), (0, 0)])
def test_what_is_no_share_is_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="part"):
        share_interval(*wrong)
