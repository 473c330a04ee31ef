"""Who has more lapses than their cases explain: the arithmetic."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from services.insights.training.book import TRAINING
from services.insights.training.model import Conduct, Excess, Lapse, Stratum, excesses

BOOK = TRAINING.shipped
AT = datetime(2026, 3, 1, tzinfo=UTC)


def found(*strata: tuple[str, str, str, int, int]) -> list[Excess]:
    """Of (who, category, severity, cases, broken promises)."""
    return excesses(
        [
            Stratum(who, category, severity, cases, {Lapse.PROMISE_BROKEN: lapsed})
            for who, category, severity, cases, lapsed in strata
        ],
        BOOK,
    )


@pytest.mark.requirement("002-15")
def test_whoever_has_more_than_others_with_such_cases_is_found_with_exact_figures() -> None:
    (need,) = found(
        ("li.na", "late_delivery", "general", 40, 20),
        ("wang", "late_delivery", "general", 80, 8),
        ("zhao", "late_delivery", "general", 80, 8),
    )
    assert (need.who, need.lapse, need.about) == ("li.na", Lapse.PROMISE_BROKEN, "late_delivery")
    assert (need.complaints, need.cases) == (20, 40)
    assert need.expected == pytest.approx(40 * 36 / 200)
    assert need.ratio.ratio == pytest.approx(5)
    exact = binomtest(20, 36, 40 / 200, alternative="greater")
    assert need.p_value == pytest.approx(exact.pvalue)
    share = binomtest(20, 36).proportion_ci(0.95, "exact").low
    assert need.ratio.low == pytest.approx(share / (1 - share) * 160 / 40)


@pytest.mark.requirement("002-15", "N-F")
def test_whoever_has_the_hard_cases_is_not_blamed_for_them() -> None:
    easy, hard = ("dimension", "general"), ("function_fault", "major")
    strata = [
        ("hero", *hard, 90, 45),
        ("hero", *easy, 10, 0),
        ("wang", *hard, 10, 5),
        ("wang", *easy, 90, 2),
        ("zhao", *hard, 10, 5),
        ("zhao", *easy, 90, 2),
    ]
    assert found(*strata) == []
    crude = [(who, "", "", sum(s[3] for s in strata if s[0] == who), sum(s[4] for s in strata if s[0] == who))
             for who in ("hero", "wang", "zhao")]  # fmt: skip
    assert [need.who for need in found(*crude)] == ["hero"], "without the case mix the hero would be blamed"


@pytest.mark.requirement("002-15")
def test_few_cases_and_cases_that_nobody_else_has_say_nothing() -> None:
    assert found(("li.na", "late", "general", 4, 4), ("wang", "late", "general", 200, 0)) == []
    assert found(("li.na", "late", "general", 40, 40), ("wang", "other", "general", 200, 0)) == []
    assert found() == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.just("general"), st.integers(1, 60)),
        unique_by=lambda each: each[:2],
    ),
    st.integers(0, 10),
)
def test_where_all_are_alike_nobody_is_found(cases: Sequence[tuple[str, str, str, int]], tenths: int) -> None:
    assert found(*((*each[:3], each[3] * 10, each[3] * tenths) for each in cases)) == []


def test_of_many_alike_hardly_anybody_is_found() -> None:
    random = Random(7)
    wrong = 0
    for _ in range(40):
        strata = [
            (f"p{number}", "late", "general", 50, sum(random.random() < 0.2 for _ in range(50)))
            for number in range(30)
        ]
        wrong += bool(found(*strata))
    assert wrong <= 8  # of 40 looks at most one in ten is expected to find anybody


def test_a_lapse_is_about_its_category_only_where_most_are_of_it() -> None:
    (need,) = found(
        *(("li.na", category, "general", 20, 10) for category in ("a", "b", "c")),
        *(("wang", category, "general", 80, 4) for category in ("a", "b", "c")),
    )
    assert need.about == "promise_broken"


@given(st.permutations([0, 1, 2, 3]))
def test_lapses_are_kept_in_one_order_whichever_is_heard_first(order: list[int]) -> None:
    told = [
        (Lapse.RESULT_FELL, AT + timedelta(days=2), "li.na"),
        (Lapse.RATED_BADLY, AT + timedelta(days=1), None),
        (Lapse.PROMISE_BROKEN, AT, "wang"),
        (Lapse.REPLY_FLAGGED, AT, "wang"),
    ]
    one, other = Conduct(id=UUID(int=1)), Conduct(id=UUID(int=1))
    for each in told:
        one.lapse(*each)
    for position in order:
        other.lapse(*told[position])
    assert one == other
