"""The port of Farrington's algorithm and EARS answer as R does, and EBGM as openEBGM does."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from services.insights.warning import disproportionality, ears, farrington
from services.insights.warning.farrington import Rules
from services.insights.warning.negbin import Floats
from services.insights.warning.thresholds import Threshold

GOLDEN = Path(__file__).parents[1] / "data" / "surveillance"
WEEKS = np.arange(575, 624)
SOME = np.arange(0, WEEKS.size, 6)
ALL = np.arange(WEEKS.size)
KEPT = 1e-8
"""R's answers are kept with ten digits."""


@pytest.fixture(scope="module")
def counts() -> Floats:
    return np.genfromtxt(GOLDEN / "farrington_counts.csv.gz", delimiter=",")


def _answers(name: str) -> NDArray[np.void]:
    table: NDArray[np.void] = np.genfromtxt(GOLDEN / f"{name}.csv.gz", delimiter=",", names=True)
    return table


def _same(ours: Floats, theirs: Floats, relative: float = KEPT) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=KEPT, equal_nan=True)


@pytest.mark.requirement("003-06")
@pytest.mark.parametrize("chosen", [SOME, pytest.param(ALL, marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize("threshold", Threshold)
@pytest.mark.parametrize(("kept", "trend_p"), [("always", 1.0), ("default", 0.05)])
def test_every_bound_p_value_and_alarm_is_that_of_r(
    counts: Floats, kept: str, trend_p: float, threshold: Threshold, chosen: NDArray[np.int64]
) -> None:
    golden = _answers(f"farrington_{kept}")
    judged = farrington.judge(counts, WEEKS[chosen], Rules(trend_p=trend_p, threshold=threshold, as_r=True))

    def theirs(column: str) -> Floats:
        return np.asarray(golden[column], dtype=np.float64).reshape(counts.shape[0], WEEKS.size)[:, chosen]

    _same(counts[:, WEEKS[chosen]], theirs("y"))
    assert (judged.trend == (theirs("trend") == 1)).all()
    _same(judged.slope, theirs("slope"), 1e-6)  # of size 1e-6 where there is nearly none
    _same(judged.phi, theirs("phi"), 1e-7)
    _same(judged.expected, theirs("mu0"), 1e-7)
    # Where a series is nearly empty R's upper limit of the mean goes to 1e10 and more, and with it the bound.
    _same(judged.bound, theirs(f"U_{threshold}"), 2e-6 if threshold is Threshold.UPPER_MEAN else KEPT)
    _same(judged.p, theirs(f"p_{threshold}"))
    assert (judged.alarm == (theirs(f"alarm_{threshold}") == 1)).all()
    assert judged.alarm.any()


@pytest.mark.requirement("003-06")
def test_only_with_its_quirk_does_it_keep_trends_that_are_not_there() -> None:
    """A Poisson series without a trend: a test at 5 % keeps one in about 5 % of weeks, R's in many more."""
    flat = np.random.default_rng(5).negative_binomial(20.0, 0.2, size=(300, 312)).astype(np.float64)
    week = np.array([311])
    ours, theirs = (farrington.judge(flat, week, Rules(as_r=quirk)).trend.mean() for quirk in (False, True))
    assert ours < 0.1
    assert theirs > 0.3


@pytest.mark.requirement("003-06")
def test_ears_is_that_of_r(counts: Floats) -> None:
    golden = _answers("ears")
    for suffix, least in (("", 0.0), ("s", 0.5)):
        found = ears.bounds(counts, WEEKS, least)
        for name, high in (("C1", found.c1), ("C2", found.c2), ("C3", found.c3)):
            _same(high, np.asarray(golden[f"U_{name}{suffix}"]).reshape(high.shape))
            alarm = np.asarray(golden[f"alarm_{name}{suffix}"]).reshape(high.shape) == 1
            assert ((counts[:, WEEKS] > high) == alarm).all()


def test_the_published_c3_depends_on_the_present_count_and_that_of_r_does_not() -> None:
    calm = np.tile([3.0, 5.0, 4.0], (1, 10))
    surge = calm.copy()
    surge[0, -1] = 40
    week = np.array([29])
    assert ears.c3_scores(surge, week, 0.5)[0, 0] > ears.C3_LIMIT > ears.c3_scores(calm, week, 0.5)[0, 0]
    assert surge[0, -1] <= ears.bounds(surge, week).c3[0, 0]


@pytest.mark.requirement("003-11")
def test_scores_of_pairs_are_those_of_openebgm() -> None:
    """The example of openEBGM's vignette on scores: hyperparameters and pairs of the data set caers."""
    prior = disproportionality.Prior(3.25379356, 0.39988854, 2.02612692, 1.90807970, 0.06534557)
    n = np.array([16.0, 19, 6, 8, 1])
    e = np.array([0.40643623, 0.89690107, 0.07866508, 0.30482718, 0.0360548272])
    scores = disproportionality.scores(n, e, prior)
    np.testing.assert_allclose(scores.ebgm, [23.26, 16.78, 18.28, 15.25, 2.23], atol=0.0051)
    np.testing.assert_allclose(
        scores.eb05, [15.68, 11.65, 10.16, 9.00, 0.49], atol=0.01
    )  # theirs stops halving early
