"""Control charts, the g chart and Pareto: pure rules."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insights.charts.model import Interval, Rule, chart, spans
from services.insights.charts.pareto import MOST, Cell, pareto
from services.insights.charts.rare import rare_chart
from services.insights.charts.store import summed
from services.insights.model import COUNTS

DAY = date(2026, 3, 2)
"""A Monday."""
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(days, st.integers(0, 100), st.sampled_from(Interval))
def test_spans_follow_each_other_and_are_whole(first: date, length: int, step: Interval) -> None:
    last = first + timedelta(days=length)
    found = spans(first, last, step)
    assert all((span.last - span.first).days + 1 == step.days for span in found)
    assert all(second.first - one.last == timedelta(days=1) for one, second in pairwise(found))
    if step is Interval.WEEK:
        assert all(span.first.weekday() == 0 for span in found)
    if found:
        assert first <= found[0].first < first + timedelta(days=step.days)
        assert last - timedelta(days=step.days) < found[-1].last <= last


def test_sums_of_weeks_hold_each_day_once() -> None:
    counted = [(DAY + timedelta(days=n), dict.fromkeys(COUNTS, n)) for n in range(-3, 17)]
    weeks = spans(DAY, DAY + timedelta(days=13), Interval.WEEK)
    assert summed(counted, ["received"], weeks) == [sum(range(7)), sum(range(7, 14))]
    assert summed(counted, ["received"], []) == []


@pytest.mark.requirement("002-10", "000-18")
def test_a_surge_is_beyond_the_limit_and_a_silence_below_it() -> None:
    counts = [20, 22, 19, 21, 20, 18, 22, 20, 21, 19, 60, 20, 0, 21]
    [phase] = chart(counts, [7.0] * len(counts), [0], shares=False, run_length=8)
    signals = {n: point.signals for n, point in enumerate(phase.points) if point.signals}
    # The two jumps themselves widen Laney's limits; they still lie beyond.
    assert signals == {10: (Rule.ABOVE,)}
    assert phase.centre == pytest.approx(sum(counts) / len(counts) / 7)
    quiet = [20, 21] * 12 + [0]
    [phase] = chart(quiet, [7.0] * 25, [0], shares=False, run_length=8)
    assert phase.points[-1].signals == (Rule.BELOW,)


def test_eight_on_a_side_are_a_run_and_seven_are_none() -> None:
    counts = [12, 10] * 6 + [14] * 7 + [9] + [10, 12] * 4
    [phase] = chart(counts, [1.0] * len(counts), [0], shares=False, run_length=8)
    assert not any(Rule.RUN_ABOVE in point.signals for point in phase.points)
    longer = [10, 11] * 6 + [15] * 9 + [9] + [10, 11] * 4
    [phase] = chart(longer, [1.0] * len(longer), [0], shares=False, run_length=8)
    assert [n for n, point in enumerate(phase.points) if Rule.RUN_ABOVE in point.signals] == [19, 20]


def test_a_point_without_opportunity_has_no_rate_and_breaks_no_run() -> None:
    part, whole = [9] * 4 + [0] + [9] * 4 + [1] * 6, [10] * 4 + [0] + [10] * 10
    [phase] = chart(part, [float(n) for n in whole], [0], shares=True, run_length=8)
    assert phase.points[4].rate is None
    assert phase.points[4].low is None
    assert [n for n, point in enumerate(phase.points) if Rule.RUN_ABOVE in point.signals] == [8]


@pytest.mark.requirement("003-11")
def test_after_an_improvement_points_are_judged_by_the_new_phase() -> None:
    counts = [30, 31, 29, 30, 32, 28, 30, 31, 29, 30, 10, 11, 9, 10, 12, 8, 10, 11, 9, 10]
    [whole] = chart(counts, [7.0] * 20, [0], shares=False, run_length=8)
    assert any(point.signals for point in whole.points)
    before, after = chart(counts, [7.0] * 20, [0, 10], shares=False, run_length=8)
    assert before.centre == pytest.approx(30 / 7)
    assert after.centre == pytest.approx(10 / 7)
    assert not any(point.signals for phase in (before, after) for point in phase.points)


def test_a_phase_in_which_nothing_was_measured_has_no_centre() -> None:
    one, two = chart([1, 2, 0, 0], [5.0, 5.0, 0.0, 0.0], [0, 2], shares=True, run_length=8)
    assert one.centre == pytest.approx(0.3)
    assert two.centre is None
    assert [point.rate for point in two.points] == [None, None]


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=40),
    st.floats(0.1, 50),
    st.sets(st.integers(1, 39), max_size=4),
)
def test_limits_lie_around_the_centre_and_phases_hold_every_point(
    counts: list[int], exposure: float, cuts: set[int]
) -> None:
    starts = [0, *sorted(cut for cut in cuts if cut < len(counts))]
    phases = chart(counts, [exposure] * len(counts), starts, shares=False, run_length=8)
    assert [point.count for phase in phases for point in phase.points] == counts
    for phase in phases:
        assert phase.centre is not None
        for point in phase.points:
            assert point.low is not None and point.high is not None  # noqa: PT018 - one fact: known
            assert 0 <= point.low <= phase.centre + 1e-9 <= point.high + 2e-9


@pytest.mark.requirement("002-10")
def test_three_severe_ones_within_days_are_a_warning_and_a_long_silence_is_seen() -> None:
    regular = [(DAY + timedelta(days=30 * n), 1) for n in range(10)]
    last = DAY + timedelta(days=270)
    calm = rare_chart(regular, last, 0.0027)
    assert (calm.events, calm.centre, calm.since_last) == (10, 30.0, 0)
    assert not any(gap.short or gap.long for gap in calm.gaps)
    burst = rare_chart(
        [*regular, (last + timedelta(days=1), 1), (last + timedelta(days=2), 1)],
        last + timedelta(days=2),
        0.2,
    )
    assert [gap.days for gap in burst.gaps[-2:]] == [1, 1]
    assert [gap.short for gap in burst.gaps[-3:]] == [False, True, True]
    assert burst.chances_of_so_short[1] < 0.01 < burst.chances_of_so_short[0]
    silent = rare_chart(regular, last + timedelta(days=200), 0.0027)
    assert silent.chance_of_so_long is not None
    assert silent.chance_of_so_long < 0.02
    assert (
        rare_chart([*regular, (last + timedelta(days=600), 1)], last + timedelta(days=600), 0.0027)
        .gaps[-1]
        .long
    )


def test_few_or_no_severe_ones_have_no_limits() -> None:
    nothing = rare_chart([], DAY, 0.0027)
    assert (nothing.events, nothing.centre, nothing.since_last) == (0, None, None)
    one = rare_chart([(DAY, 1)], DAY, 0.0027)
    assert (one.events, one.centre, one.low, one.high, one.gaps) == (1, None, None, None, ())
    same_day = rare_chart([(DAY, 3)], DAY, 0.0027)
    assert (same_day.centre, same_day.high, len(same_day.gaps)) == (0.0, None, 2)


# Pareto

counted = st.dictionaries(
    st.text(min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from([0.5, 1.0, 9.0]), st.integers(1, 50)), min_size=1, max_size=3),
    min_size=1,
    max_size=20,
)


@given(counted, st.sampled_from([0.5, 0.8, 0.95]))
@pytest.mark.requirement("002-10")
def test_the_vital_few_are_as_many_as_reach_the_share(cells: dict[str, list[Cell]], share: float) -> None:
    found = pareto(cells, share, "seed")
    weights = [item.weight for item in found.items]
    assert weights == sorted(weights, reverse=True)
    assert found.items[-1].cumulative == pytest.approx(1)
    vital = [item for item in found.items if item.vital]
    assert [item.vital for item in found.items] == [True] * len(vital) + [False] * (
        len(found.items) - len(vital)
    )
    assert vital[-1].cumulative >= share - 1e-9
    assert len(vital) == 1 or vital[-2].cumulative < share
    for item in found.items:
        assert 0 <= item.low <= item.high <= 1 + 1e-9
    assert found == pareto(cells, share, "seed")


def test_of_many_complaints_the_order_is_certain_and_of_few_it_is_not() -> None:
    many = pareto({"a": [(1.0, 8500)], "b": [(1.0, 900)], "c": [(1.0, 600)]}, 0.8, "x")
    assert [(item.vital, item.certain) for item in many.items] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    few = pareto({key: [(1.0, n)] for key, n in {"a": 3, "b": 2, "c": 2, "d": 1}.items()}, 0.8, "x")
    assert not all(item.certain for item in few.items if item.vital)
    assert few.items[0].high - few.items[0].low > 0.3


@pytest.mark.requirement("002-10")
def test_the_interval_of_the_cumulative_share_covers_the_truth() -> None:
    """Nine samples in ten at least, drawn from known shares."""
    truth = np.array([0.5, 0.3, 0.15, 0.05])
    generator = np.random.default_rng(11)
    covered = 0
    for _ in range(100):
        sample = generator.multinomial(400, truth)
        found = pareto({str(n): [(1.0, int(x))] for n, x in enumerate(sample)}, 0.8, "y")
        covered += found.items[0].low <= truth[int(found.items[0].key)] <= found.items[0].high
    assert covered >= 90


def test_heavy_ones_come_first_though_they_are_few_and_the_smallest_are_one_rest() -> None:
    weighed = pareto({"many": [(1.0, 10)], "severe": [(9.0, 2)]}, 0.8, "x")
    assert [item.key for item in weighed.items] == ["severe", "many"]
    long = pareto({f"{n:03}": [(1.0, 1)] for n in range(MOST + 7)}, 0.8, "x")
    assert (len(long.items), long.rest, long.complaints) == (MOST, 7, MOST + 7)
    assert long.items[-1].cumulative == pytest.approx(MOST / (MOST + 7))
    nothing = pareto({"a": [(0.0, 3)]}, 0.8, "x")
    assert (nothing.items, nothing.rest, nothing.weight) == ((), 3, 0.0)
    assert pareto({}, 0.8, "x").complaints == 0


def test_the_draws_do_not_depend_on_how_cells_of_one_weight_are_cut() -> None:
    """So they take as much room for a thousand products as for a few."""
    whole = pareto({"a": [(1.0, 30), (9.0, 4)], "b": [(1.0, 20)]}, 0.8, "x")
    cut = pareto({"a": [(1.0, 10), (9.0, 1), (1.0, 20), (9.0, 3)], "b": [(1.0, 13), (1.0, 7)]}, 0.8, "x")
    assert cut == whole
