"""Shares, trends and needs: the arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from services.insights.cues.book import VALUES
from services.insights.voices.book import NEEDS
from services.insights.voices.needs import Kano, needs
from services.insights.voices.sums import Group
from services.insights.voices.trend import trend
from shared.shares import wilson
from shared.taxonomy import newest

counts = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=12)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_a_share_lies_within_its_interval(counted: tuple[int, int]) -> None:
    part, of = counted
    interval = wilson(part, of)
    assert 0 <= interval.low <= part / of + 1e-12
    assert part / of - 1e-12 <= interval.high <= 1


def test_the_interval_is_wilsons() -> None:
    assert wilson(0, 0).low == 0
    assert wilson(0, 0).high == 1
    found = wilson(81, 263)  # Newcombe, Statistics in Medicine 17:857, 1998, table I, method 3
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 60), st.integers(0, 60))
def test_of_two_periods_the_trend_is_the_test_of_two_shares(a: int, b: int, c: int, d: int) -> None:
    found = trend([a, c], [a + b, c + d])
    if b + d == 0:
        assert found is None
        return
    assert found is not None
    assert found.p_value == pytest.approx(
        chi2_contingency([[a, b], [c, d]], correction=False).pvalue, rel=1e-9, abs=1e-12
    )
    assert found.slope == pytest.approx(c / (c + d) - a / (a + b), abs=1e-12)


@given(counts)
def test_the_same_backwards_falls_as_it_rose(counted: list[tuple[int, int]]) -> None:
    parts, of = [a for a, _ in counted], [a + b for a, b in counted]
    forth, back = trend(parts, of), trend(parts[::-1], of[::-1])
    assert (forth is None) == (back is None)
    if forth and back:
        assert forth.slope == pytest.approx(-back.slope, abs=1e-12)
        assert forth.p_value == pytest.approx(back.p_value, abs=1e-9)
        assert forth.low <= forth.slope <= forth.high


@pytest.mark.requirement("002-25")
@pytest.mark.parametrize(
    ("named", "leaving", "praised", "kano"),
    [
        (200, 150, 0, Kano.MUST_BE),
        (200, 150, 100, Kano.ONE_DIMENSIONAL),
        (20, 0, 200, Kano.ATTRACTIVE),
        (200, 0, 0, Kano.INDIFFERENT),
        (10, 10, 0, Kano.UNCLEAR),
    ],
)
def test_how_customers_take_a_quality_follows_from_who_leaves_and_who_praises(
    named: int, leaving: int, praised: int, kano: Kano
) -> None:
    group = Group(
        1,
        {
            ("heard", ""): [1000],
            ("churn", ""): [150],
            ("facet", "late"): [named],
            ("facet_churn", "late"): [leaving],
            ("praised", "late"): [praised],
        },
    )
    (need,) = needs(group, Group(1), NEEDS.shipped)
    assert need.kano is kano


@pytest.mark.requirement("000-23")
def test_every_value_of_the_taxonomy_has_a_name_in_the_orientation() -> None:
    for value in newest().values:
        assert VALUES.shipped.called([value.code]), value.code


@pytest.mark.requirement("000-23")
@pytest.mark.parametrize("field", ["facets", "coded"])
def test_an_orientation_names_only_values_that_it_has(field: str) -> None:
    content = VALUES.shipped.model_dump(mode="json")
    content[field] = {"late": ["luck"]}
    with pytest.raises(ValueError, match=f"{field}.late"):
        VALUES.content.model_validate(content)
