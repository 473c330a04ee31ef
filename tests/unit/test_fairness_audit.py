"""Groups compared: against published examples, and against worlds of which it is known what is true."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.special import chdtri

from services.insights.fairness import ranks, shares, times
from services.insights.fairness.book import AUDIT_RULES, AuditPeriod, AuditRules
from services.insights.fairness.colleagues import Colleague
from services.insights.fairness.estimate import Estimate, matched
from services.insights.fairness.measures import MEASURES, MeasureId, Sort
from services.insights.fairness.model import (
    Comparison,
    FairnessVerdict,
    Sample,
    audit,
    estimate_of,
    groups_of,
    judged,
)
from services.insights.fairness.reading import contact
from services.insights.fairness.staff import WorkingDays, memberships
from services.insights.fairness.watch import closed
from shared.events.vocabulary import Channel

RULES = AUDIT_RULES.shipped
SEED = 20_260_701


def chi_squared(found: Estimate) -> float:
    return float(chdtri(1, found.p_value))


# published examples

BERKELEY = (
    *((512, 825, 89, 108), (353, 560, 17, 25), (120, 325, 202, 593)),
    *((138, 417, 131, 375), (53, 191, 94, 393), (22, 373, 24, 341)),
)
"""Admitted and applying men, admitted and applying women, by department: Bickel, Hammel and O'Connell, Science 187:398,
1975, table of the six largest (R's UCBAdmissions)."""


@pytest.mark.requirement("003-01", "N-E")
def test_the_classic_of_unfairness_is_none_once_like_is_compared_with_like() -> None:
    by_department = shares.estimate(np.array(BERKELEY, dtype=np.float64))
    assert by_department is not None
    assert chi_squared(by_department) == pytest.approx(1.5246, abs=5e-5)  # R: mantelhaen.test, correct=FALSE
    assert by_department.p_value == pytest.approx(0.2169, abs=5e-5)
    crude = shares.estimate(np.array([np.sum(BERKELEY, axis=0)], dtype=np.float64))
    assert crude is not None
    assert crude.value == pytest.approx(0.445 - 0.304, abs=1e-3)  # the article: 44 and 30 % (of these six)
    assert crude.p_value < 1e-15
    assert by_department.low < by_department.value < 0 < by_department.high


def test_the_pooled_difference_of_the_diabetes_programme() -> None:
    """Deaths under tolbutamide and placebo by age: 0.035 (Rothman, Epidemiology: An Introduction)."""
    found = shares.estimate(np.array([[8, 106, 5, 120], [22, 98, 16, 85]], dtype=np.float64))
    assert found is not None
    assert found.value == pytest.approx(0.035, abs=5e-4)


def test_pairs_are_mcnemars() -> None:
    """Of pairs only those that differ tell: (b - c)^2 / (b + c) (McNemar, Psychometrika 12:153, 1947)."""
    rows = [[1, 1, 0, 1]] * 15 + [[0, 1, 1, 1]] * 6 + [[1, 1, 1, 1]] * 40
    found = shares.estimate(np.array(rows, dtype=np.float64))
    assert found is not None
    assert chi_squared(found) == pytest.approx(81 / 21)
    assert found.value == pytest.approx(9 / 61)


PLACEBO = (1, 22, 3, 12, 8, 17, 2, 11, 8, 12, 2, 5, 4, 15, 8, 23, 5, 11, 4, 1, 8)
MERCAPTOPURINE = (10, 7, -32, 23, 22, 6, 16, -34, -32, -25, -11, -20, -19, 6, -17, -35, 6, 13, -9, -6, -10)
"""Weeks of remission of 21 pairs of children, still going on where negative (Freireich, Blood 21:699, 1963)."""


def remissions() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weeks = np.array(PLACEBO + MERCAPTOPURINE, dtype=np.float64)
    return np.abs(weeks), weeks > 0, np.arange(42) < 21


def test_the_log_rank_test_of_the_leukaemia_trial() -> None:
    weeks, ended, placebo = remissions()
    rows = times.numbers(np.zeros(42, dtype=np.int64), placebo, weeks, ended)
    observed, expected, lead, lead_others, _, n, n_others = rows[0]
    # Kleinbaum and Klein, Survival Analysis, chapter 2: O 21, E 10.75, statistic 16.793.
    assert (observed, n, n_others) == (21, 21, 21)
    assert expected == pytest.approx(10.75, abs=5e-3)
    found = times.estimate(rows)
    assert found is not None
    assert chi_squared(found) == pytest.approx(16.793, abs=5e-4)
    assert lead - lead_others == pytest.approx(observed - expected)
    assert found.value == pytest.approx(lead / lead_others)
    # Cox's proportional hazards, with ties by Efron and by Breslow: 4.82 and 4.52 (ibid., chapter 3).
    assert 4.5 < found.value < 5.2
    ones = np.ones(21)
    assert times.median(weeks[placebo], ended[placebo], ones) == 8
    assert times.median(weeks[~placebo], ended[~placebo], ones) == 23


def test_the_log_rank_test_of_pairs_is_the_sign_test() -> None:
    """The trial's own analysis: of the 21 pairs 18 were for the drug and 3 for the placebo."""
    weeks, ended, placebo = remissions()
    found = times.estimate(times.numbers(np.tile(np.arange(21), 2), placebo, weeks, ended))
    assert found is not None
    assert chi_squared(found) == pytest.approx(15**2 / 21)
    assert found.value == pytest.approx(18 / 3)


def test_wilcoxons_rank_sum_with_ties() -> None:
    """SAS/STAT, NPAR1WAY, example of the arthritis trial: sum 999, expected 810, standard deviation 63.972744."""
    active = [5] * 5 + [4] * 11 + [3] * 5 + [2] + [1] * 5
    placebo = [5] * 2 + [4] * 4 + [3] * 7 + [2] * 7 + [1] * 12
    group = np.arange(59) < 27
    rows = ranks.numbers(np.zeros(59, dtype=np.int64), group, np.array(active + placebo, dtype=np.float64))
    wins, n, n_others, variance = rows[0]
    assert (wins + n * (n + 1) / 2, n, n_others) == (999, 27, 32)
    assert variance**0.5 == pytest.approx(63.972744, abs=5e-7)
    found = ranks.estimate(rows)
    assert found is not None
    assert chi_squared(found) == pytest.approx((189 / 63.972744) ** 2, rel=1e-6)
    assert found.value == pytest.approx(189 / (27 * 32))


def test_van_elteren_weighs_each_stratum_by_its_size_and_one() -> None:
    """By hand, of two strata: ranks 2, 4 of four and 3 of three; T = 6/5 + 3/4, its expectation 5/5 + 2/4, its variance
    (20/12)/25 + (8/12)/16."""
    strata = np.array([0, 0, 0, 0, 1, 1, 1])
    group = np.array([False, True, False, True, False, False, True])
    amount = np.array([1, 2, 3, 4, 10, 20, 30], dtype=np.float64)
    found = ranks.estimate(ranks.numbers(strata, group, amount))
    assert found is not None
    assert chi_squared(found) == pytest.approx((1 / 5 + 1 / 4) ** 2 / (20 / 12 / 25 + 8 / 12 / 16))


# properties

STRATA = st.lists(
    st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 5), st.booleans()), min_size=1, max_size=80
)


def columns(
    cases: Sequence[tuple[int, bool, int, bool]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    strata, group, value, happened = zip(*cases, strict=True)
    return np.array(strata), np.array(group), np.array(value, dtype=np.float64), np.array(happened)


def all_of(cases: Sequence[tuple[int, bool, int, bool]], other_way: bool) -> list[Estimate | None]:
    strata, group, value, happened = columns(cases)
    group = ~group if other_way else group
    kept = matched(strata, group)
    strata, group, value, happened = strata[kept], group[kept], value[kept], happened[kept]
    if not strata.size:
        return [None] * 3
    there = np.unique(strata)
    return [
        shares.estimate(shares.numbers(strata, group, value > 2)[there]),
        ranks.estimate(ranks.numbers(strata, group, value)[there]),
        times.estimate(times.numbers(strata, group, value, happened)[there]),
    ]


@given(STRATA)
def test_whoever_is_named_first_the_answer_is_the_same(cases: list[tuple[int, bool, int, bool]]) -> None:
    for number, (one, other) in enumerate(zip(all_of(cases, False), all_of(cases, True), strict=True)):
        assert (one is None) == (other is None)
        if one is None or other is None:
            continue
        assert one.p_value == pytest.approx(other.p_value)
        if number < 2:
            assert one.value == pytest.approx(-other.value, abs=1e-9)
            assert one.low == pytest.approx(-other.high, abs=1e-9)
        else:
            assert one.value == pytest.approx(1 / other.value)
            assert one.low == pytest.approx(1 / other.high)
        assert one.low <= one.inner_low <= one.value + 1e-12
        assert one.value <= one.inner_high + 1e-12
        assert one.inner_high <= one.high


@given(STRATA)
def test_the_order_of_the_cases_is_nothing(cases: list[tuple[int, bool, int, bool]]) -> None:
    for one, other in zip(all_of(cases, False), all_of(cases[::-1], False), strict=True):
        assert (one is None) == (other is None)
        if one and other:
            assert (one.value, one.low, one.p_value) == pytest.approx((other.value, other.low, other.p_value))


@given(STRATA)
def test_only_cases_with_their_like_are_compared(cases: list[tuple[int, bool, int, bool]]) -> None:
    strata, group, *_ = columns(cases)
    kept = matched(strata, group)
    for stratum in set(strata.tolist()):
        here = strata == stratum
        assert set(kept[here].tolist()) == {len(set(group[here].tolist())) == 2}


def test_weights_give_the_others_the_mix_of_the_group() -> None:
    strata = np.array([0, 0, 0, 1, 1, 1, 1])
    group = np.array([True, True, False, True, False, False, False])
    assert times.weights(strata, group).tolist() == [1, 1, 2, 1, *[pytest.approx(1 / 3)] * 3]


@pytest.mark.parametrize("sort", list(Sort))
def test_where_nobody_differs_nothing_is_said(sort: Sort) -> None:
    strata, group, same = np.zeros(8, dtype=np.int64), np.arange(8) < 4, np.ones(8)
    never = np.zeros(8, dtype=np.bool_)
    rows = {
        Sort.SHARE: shares.numbers(strata, group, same > 0),
        Sort.RANK: ranks.numbers(strata, group, same),
        Sort.TIME: times.numbers(strata, group, same, never),
    }[sort]
    assert estimate_of(sort, rows) is None


# whole audits of simulated worlds


def world(
    seed: int, cases: int, gap: float, groups: int = 6
) -> tuple[dict[MeasureId, Sample], list[tuple[str, ...]]]:
    """Cases of twelve strata that differ much in everything. Group membership depends on the stratum, too, so that
    crude comparisons would mislead; within a stratum only the group g0 is treated otherwise, by `gap`."""
    random = np.random.default_rng(seed)
    strata = random.integers(0, 12, cases)
    lean = np.where((np.arange(groups)[None, :] + strata[:, None]) % 3 == 0, 3.0, 1.0)
    chances = lean / lean.sum(axis=1, keepdims=True)
    member = (random.random(cases)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
    treated = np.where(member == 0, gap, 0.0)
    share = random.random(cases) < 0.3 + 0.03 * strata + treated
    hours = random.exponential((1 + strata) * np.exp(-3 * treated))
    amount = random.lognormal(strata / 4 + 3.6 * treated)
    names = {"region": np.array([f"g{each}" for each in member], dtype=np.str_)}
    always = np.ones(cases, dtype=np.bool_)
    samples = {
        MeasureId.ACCEPTABLE: Sample(strata, share.astype(np.float64), always, names),
        MeasureId.HANDLING_TIME: Sample(strata, np.minimum(hours, 10), hours <= 10, names),
        MeasureId.OFFER_PER_LOSS: Sample(strata, amount, always, names),
    }
    return samples, [(str(each), "", "", "") for each in range(12)]


ROUNDS = 60


def rounds(cases: int, gap: float) -> list[list[Comparison]]:
    return [audit(*world(SEED + number, cases, gap), RULES) for number in range(ROUNDS)]


@pytest.mark.slow
@pytest.mark.requirement("003-01", "N-E")
def test_where_all_are_treated_alike_audits_seldom_find_a_disparity() -> None:
    """The limit is 5 % of the disparities; where there is none, of the audits. 18 comparisons each; 8 of 60 would
    have a chance of one in a hundred."""
    found = [[c for c in each if c.verdict is FairnessVerdict.DISPARITY] for each in rounds(4_000, 0.0)]
    assert sum(map(bool, found)) <= 7
    few = rounds(200, 0.0)
    assert sum(any(c.verdict is FairnessVerdict.DISPARITY for c in each) for each in few) <= 7
    assert any(c.verdict is FairnessVerdict.TOO_FEW for c in few[0])


@pytest.mark.slow
@pytest.mark.requirement("003-01", "N-E")
def test_ten_points_are_found_in_nine_of_ten_audits_of_four_thousand_cases() -> None:
    found = rounds(4_000, 0.10)
    for measure in (MeasureId.ACCEPTABLE, MeasureId.HANDLING_TIME, MeasureId.OFFER_PER_LOSS):
        of = [next(c for c in each if (c.group, c.measure) == ("g0", measure)) for each in found]
        hits = sum(c.verdict is FairnessVerdict.DISPARITY for c in of)
        assert hits >= 0.9 * ROUNDS, measure
        assert not any(c.worse for c in of if c.verdict is FairnessVerdict.DISPARITY)
    differences = [
        c.estimate.value
        for each in found
        for c in each
        if c.estimate and (c.group, c.measure) == ("g0", "acceptable")
    ]
    assert np.mean(differences) == pytest.approx(0.10, abs=0.01)
    for measure, true in ((MeasureId.ACCEPTABLE, 0.1), (MeasureId.HANDLING_TIME, np.exp(0.3))):
        estimates = [c.estimate for each in found for c in each if (c.group, c.measure) == ("g0", measure)]
        covered = [e is not None and e.low <= true <= e.high for e in estimates]
        assert sum(covered) >= 52, measure  # 95 %: fewer of 60 have a chance of 1 in 200


@pytest.mark.slow
def test_very_many_cases_make_no_alarm_of_a_difference_that_does_not_matter() -> None:
    found = audit(*world(SEED, 120_000, 0.02), RULES)
    acceptable = next(c for c in found if (c.group, c.measure) == ("g0", "acceptable"))
    assert acceptable.q_value is not None
    assert acceptable.q_value < 0.05
    assert acceptable.verdict in {FairnessVerdict.ALIKE, FairnessVerdict.SLIGHT}
    others = [c for c in found if c.measure == "acceptable" and c.group not in {"g0"}]
    assert all(c.verdict is FairnessVerdict.ALIKE for c in others)


def test_what_is_kept_of_the_strata_gives_the_estimate_again() -> None:
    for c in audit(*world(SEED, 2_000, 0.1), RULES):
        rows = np.array([numbers for _, numbers in c.strata])
        assert estimate_of(MEASURES[c.measure].sort, rows) == c.estimate


# what is said


def found(value: float, half: float, measure: MeasureId = MeasureId.SATISFIED) -> Comparison:
    estimate = Estimate(value, value - half, value + half, value - half * 0.84, value + half * 0.84, 0.5)
    return Comparison("account", "key", measure, 100, 100, 0, estimate=estimate, tolerance=0.05)


def test_a_difference_is_an_alarm_only_if_it_is_plain_and_matters() -> None:
    assert judged(found(0.08, 0.04), 0.01, 0.05).verdict is FairnessVerdict.DISPARITY
    assert judged(found(0.08, 0.04), 0.06, 0.05).verdict is FairnessVerdict.TOO_FEW
    assert judged(found(0.04, 0.03), 0.01, 0.05).verdict is FairnessVerdict.SLIGHT
    assert judged(found(0.02, 0.01), 0.01, 0.05).verdict is FairnessVerdict.ALIKE
    assert judged(found(0.00, 0.04), 0.9, 0.05).verdict is FairnessVerdict.ALIKE
    assert judged(found(0.00, 0.20), 0.9, 0.05).verdict is FairnessVerdict.TOO_FEW
    assert judged(found(1.00, 0.04, MeasureId.HANDLING_TIME), 0.9, 0.05).verdict is FairnessVerdict.ALIKE
    assert judged(found(0.94, 0.01, MeasureId.HANDLING_TIME), 0.01, 0.05).verdict is FairnessVerdict.DISPARITY
    assert judged(found(1.06, 0.01, MeasureId.HANDLING_TIME), 0.01, 0.05).verdict is FairnessVerdict.DISPARITY


def test_who_is_treated_worse_depends_on_what_is_better() -> None:
    assert found(-0.1, 0.01).worse
    assert not found(0.1, 0.01).worse
    assert found(0.1, 0.01, MeasureId.WITHDRAWN).worse
    assert found(0.8, 0.01, MeasureId.HANDLING_TIME).worse
    assert not found(1.2, 0.01, MeasureId.FIRST_RESPONSE).worse
    assert Comparison("account", "key", MeasureId.LOAD, 0, 0, 0).worse is None


def test_of_two_groups_one_is_compared_and_of_many_the_largest() -> None:
    two = np.array(["key", "ordinary", "ordinary", ""])
    assert list(groups_of(two, 5)) == ["key"]
    assert list(groups_of(np.array(["key", ""]), 5)) == []
    many = np.array(["a", "b", "b", "c", "c", "c", "d"])
    assert list(groups_of(many, 2)) == ["b", "c"]
    assert list(groups_of(many, 9)) == ["a", "b", "c", "d"]


def test_of_few_people_nothing_is_said_however_many_cases_they_have() -> None:
    cases = 400
    who = np.array([f"p{number % 4}" for number in range(cases)])
    groups = {"department": np.where(np.arange(cases) % 4 < 2, "quality", "sales")}
    values = (np.arange(cases) % 4 < 2).astype(np.float64)
    whole = np.ones(cases, dtype=np.bool_)
    sample = Sample(np.zeros(cases, dtype=np.int64), values, whole, groups, who)
    [said] = audit({MeasureId.HELD_AGAINST: sample}, [("", "", "", "")], RULES)
    assert (said.verdict, said.estimate, said.strata) == (FairnessVerdict.TOO_FEW, None, ())
    nobody = Sample(sample.strata, values, whole, groups)
    [told] = audit({MeasureId.HELD_AGAINST: nobody}, [("", "", "", "")], RULES)
    assert told.verdict is FairnessVerdict.DISPARITY


def test_loads_are_compared_among_people_of_one_department() -> None:
    """Those of quality have ten times the work, and more of them are new: it is not for being new."""
    cases = 400
    quality = np.arange(cases) % 2 == 0
    new = np.arange(cases) % 10 < np.where(quality, 8, 2)
    groups = {
        "experience": np.where(new, "new", "experienced"),
        "department": np.where(quality, "quality", "sales"),
    }
    values = np.where(quality, 10.0, 1.0) + (np.arange(cases) % 3).astype(np.float64)
    whole, alike = np.ones(cases, dtype=np.bool_), np.zeros(cases, dtype=np.int64)
    desks = np.where(quality, 1, 2).astype(np.int64)
    sample = Sample(alike, values, whole, groups, strata_of={"experience": desks})
    names = [("", "", "", ""), ("", "", "", "", "quality"), ("", "", "", "", "sales")]
    said = {each.characteristic: each for each in audit({MeasureId.LOAD: sample}, names, RULES)}
    assert {name for name, _ in said["experience"].strata} == set(names[1:])
    assert said["experience"].verdict is not FairnessVerdict.DISPARITY
    assert {name for name, _ in said["department"].strata} == {names[0]}
    assert said["department"].verdict is FairnessVerdict.DISPARITY
    blind = Sample(alike, values, whole, groups)
    [told] = [
        each for each in audit({MeasureId.LOAD: blind}, names, RULES) if each.characteristic != "department"
    ]
    assert told.verdict is FairnessVerdict.DISPARITY, "what it would be without the department"


# the rulebook, and when


def test_rules_that_leave_a_measure_out_are_refused() -> None:
    given = AuditRules.example | {"tolerances": {"satisfied": "0.05"}}
    with pytest.raises(ValidationError, match="handling_time"):
        AuditRules.model_validate(given)
    assert set(RULES.tolerances) == set(MEASURES)


def test_the_period_that_is_audited_has_been_closed_for_long_enough() -> None:
    def at(day: date, period: AuditPeriod, wait: int = 14) -> tuple[date, date]:
        return closed(datetime(day.year, day.month, day.day, 9, tzinfo=UTC), period, wait)

    third = (date(2026, 7, 1), date(2026, 9, 30))
    second = (date(2026, 4, 1), date(2026, 6, 30))
    assert at(date(2026, 10, 15), AuditPeriod.QUARTER) == third
    assert at(date(2026, 10, 14), AuditPeriod.QUARTER) == second
    assert at(date(2027, 1, 14), AuditPeriod.QUARTER) == third
    assert at(date(2026, 1, 20), AuditPeriod.MONTH) == (date(2025, 12, 1), date(2025, 12, 31))
    assert at(date(2026, 3, 1), AuditPeriod.MONTH, 0) == (date(2026, 2, 1), date(2026, 2, 28))


def test_every_channel_is_a_way_of_contact() -> None:
    assert {contact(channel) for channel in Channel} == {"phone", "online", "offline"}
    assert (contact("phone"), contact("store"), contact("chat"), contact(None)) == (
        "phone",
        "offline",
        "online",
        "",
    )


def test_loads_count_working_days() -> None:
    """From the day on which somebody began; Friday 6 March is the last working day of the week."""
    week = WorkingDays(date(2026, 3, 2), date(2026, 3, 8))
    begun = {"before": datetime(2026, 1, 5, tzinfo=UTC), "monday": datetime(2026, 3, 2, 7, tzinfo=UTC)}
    begun |= {"thursday": datetime(2026, 3, 5, 7, tzinfo=UTC), "sunday": datetime(2026, 3, 8, tzinfo=UTC)}
    found = {name: week.since(at) for name, at in begun.items()}
    assert found == {"before": 5, "monday": 5, "thursday": 2, "sunday": 1}, "never by nothing"


@pytest.mark.parametrize(
    ("days", "experience"), [(None, ""), (-3, "new"), (0, "new"), (179, "new"), (180, "experienced")]
)
def test_people_belong_to_the_groups_that_cases_and_the_directory_tell(
    days: int | None, experience: str
) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    since = None if days is None else at - timedelta(days=days)
    row: Any = SimpleNamespace(person_id="li", department="quality" if since else None, since=since, at=at)
    known = {"li": Colleague("sales", "north", "1", "en+zh")}
    department = "quality" if since else "sales"
    assert memberships(row, known, 180) == (department, "north", "1", "en+zh", experience)
    stranger = (row.department or "", "", "", "", experience)
    assert memberships(row, {}, 180) == stranger, "the directory does not know them any more"
