"""The pure parts of the early warning at work: limits, gaps, windows, words."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insights.alerts import limits, null, shapes
from services.insights.alerts.affected import Shared
from services.insights.alerts.book import EARLY_WARNING, EarlyWarning
from services.insights.alerts.explaining import factors
from services.insights.alerts.judging import Portfolio, judge
from services.insights.alerts.precision import shown
from services.insights.alerts.series import Dimension, Key
from services.insights.alerts.severe import bunched, gaps_of
from services.insights.alerts.watch import newest_over
from services.insights.model import JOIN
from services.insights.warning import discovery
from shared.events.insights import WarningStep

chances = st.lists(st.one_of(st.just(float("nan")), st.floats(0, 1)), min_size=1, max_size=60)


@given(chances, st.floats(0.001, 0.5), st.floats(0.001, 0.5))
@pytest.mark.requirement("003-06")
def test_discoveries_are_those_of_benjamini_and_hochberg(p: list[float], watch: float, alert: float) -> None:
    values = np.array(p)
    found, q = limits.discoveries(values, watch, alert), discovery.q_values(values)
    wanted = {i for i in range(len(p)) if values[i] <= watch or q[i] <= alert}
    assert found.keys() == wanted
    for i, each in found.items():
        assert each.q == pytest.approx(q[i])
        assert each.q == pytest.approx(min(1.0, each.deciding_p * each.portfolio / each.deciding_rank))


@given(
    st.floats(1e-12, 1),
    st.floats(0.01, 100),
    st.floats(1, 6),
    st.sampled_from(sorted(null.shipped())),
)
@pytest.mark.requirement("003-06")
def test_a_calibrated_p_follows_from_its_marks(
    p: float, mean: float, phi: float, which: tuple[str, int]
) -> None:
    known = null.shipped()[which]
    exact = known.exact(np.array([p]), np.array([mean]), np.array([phi]))[0]
    again = limits.calibrated(p, limits.null_of(known, p, mean, phi))
    assert again == pytest.approx(exact, rel=1e-6, abs=1e-12)


def test_the_shipped_calibration_is_read_as_it_was_stored() -> None:
    for known in null.shipped().values():
        again = null.read(null.stored(known))
        np.testing.assert_allclose(again.quantiles, known.quantiles, rtol=2e-3)
        np.testing.assert_allclose(again.slopes, known.slopes, rtol=1e-3)


@given(st.integers(0, 400))
def test_a_window_is_the_longest_that_fits(history: int) -> None:
    window = shapes.window_for(history, shapes.WINDOWS)
    assert window <= history
    assert all(each <= window for each in shapes.WINDOWS if each <= history)
    if window:
        assert shapes.weekly(window).harmonics == ((0, 1, 2) if window >= 104 else (0,))


@pytest.mark.requirement("003-06")
def test_series_that_say_nothing_are_left_out_before_the_limit() -> None:
    counts = np.zeros((3, 60))
    counts[0] = 4  # enough for both
    counts[1, -1] = 1  # the first complaint ever
    counts[2, :20] = 1  # too few for silence
    portfolio = Portfolio(WarningStep.WEEK, counts, np.array([59, 59, 5]))
    judged = judge(portfolio, null.shipped(), EARLY_WARNING.shipped)
    assert np.isfinite(judged.calibrated[:, 0]).all()
    assert np.isnan(judged.calibrated[:, 1]).all()
    assert np.isnan(judged.calibrated[:, 2]).all()
    assert judged.window.tolist() == [52, 52, 0]


@given(st.integers(0, 3), st.integers(1, 500))
@pytest.mark.requirement("003-06")
def test_exposure_counts_by_its_changes_and_not_by_its_unit(power: int, seed: int) -> None:
    counts = np.random.default_rng(seed).poisson(6, (2, 60)).astype(np.float64)
    units = np.random.default_rng(seed + 1).uniform(50, 150, (2, 60))
    found = [
        judge(
            Portfolio(WarningStep.WEEK, counts, np.array([59, 59]), units * scale), {}, EARLY_WARNING.shipped
        ).p
        for scale in (1, 10**power)
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


@pytest.mark.requirement("003-06", "N-G")
def test_severe_gaps_speak_once_there_is_a_past() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in (0, 70, 140, 210, 280, 282, 283, 285)]
    gaps = gaps_of(days)
    assert gaps == (70, 70, 70, 70, 2, 1, 2)
    found = bunched(gaps)
    assert found is not None
    assert found.p < 0.001
    assert bunched(gaps[:3]) is None, "nobody knows what is usual"
    regular = bunched((70,) * 8)
    assert regular is not None
    assert regular.p > 0.2


@pytest.mark.requirement("003-06", "N-G")
def test_the_common_factor_is_what_the_affected_have_and_others_have_not() -> None:
    pairs = [Shared("batch", "B7", 18, 19), Shared("batch", "B6", 2, 60), Shared("region", "CN-44", 20, 80)]
    found = factors(pairs, {"batch": (20, 79), "region": (20, 80)})
    assert [(each.attribute, each.value, each.n) for each in found] == [("batch", "B7", 18)]
    assert found[0].expected == pytest.approx(20 * 19 / 79)
    assert found[0].eb05 is None, "three pairs make no prior"
    assert factors([], {}) == ()


def test_precision_has_the_interval_of_clopper_and_pearson() -> None:
    some = shown(None, None, (30, 8, 2))
    assert (some.precision, some.small) == (0.8, True)
    assert some.low == pytest.approx(0.4439, abs=1e-4)
    assert some.high == pytest.approx(0.9748, abs=1e-4)
    nothing = shown(None, None, (3, 0, 0))
    assert (nothing.precision, nothing.low, nothing.high) == (None, 0.0, 1.0)


@pytest.mark.parametrize(
    ("at", "week", "day"),
    [
        (datetime(2026, 3, 9, 7, tzinfo=UTC), date(2026, 3, 2), date(2026, 3, 8)),
        (datetime(2026, 3, 9, 5, tzinfo=UTC), date(2026, 2, 23), date(2026, 3, 7)),
        (datetime(2026, 3, 15, 23, tzinfo=UTC), date(2026, 3, 2), date(2026, 3, 14)),
    ],
)
def test_a_step_is_judged_when_it_has_been_over_for_a_while(at: datetime, week: date, day: date) -> None:
    settle = timedelta(hours=6)
    assert newest_over(WarningStep.WEEK, at, settle) == week
    assert newest_over(WarningStep.DAY, at, settle) == day


def test_a_series_is_told_in_words_and_knows_by_what_its_age_is_told() -> None:
    pair = Key(Dimension.PRODUCT_CATEGORY, JOIN.join(("kettle", "late_delivery")))
    assert pair.words() == ("product kettle, category Late delivery", "产品“kettle”，类别“交付延误”")
    assert pair.born == Key(Dimension.PRODUCT, "kettle")
    assert Key(Dimension.ALL, "").words() == ("all complaints", "全部投诉")
    assert Key(Dimension.REGION, "CN-44").born == Key(Dimension.ALL, "")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"dimensions": ["all", "all"]}, "name each once"),
        ({"recount_weeks": 40, "history_weeks": 40}, "less than history_weeks"),
    ],
)
def test_a_rulebook_that_contradicts_itself_is_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        EarlyWarning.model_validate(EarlyWarning.example | changed)
