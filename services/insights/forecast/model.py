"""The backlog of the coming weeks: expected arrivals, and how long complaints stay open, drawn many times. Pure.

Arrivals follow the regression of the early warning (`warning/harmonic`), moved to the level of the newest weeks. What
is open now, and whatever will come, ends by Kaplan and Meier's hazards. Both are off by a factor now and then: how far,
the past says, four weeks at a time; each draw has a factor of its own.
"""

from dataclasses import dataclass

import numpy as np

from services.insights.forecast.survival import History, completions, hazards, open_share
from services.insights.warning.harmonic import Shape, expect
from services.insights.warning.negbin import Floats

DRAWS = 1000
LEAST_WEEKS = 13
"""Of history; with less there is no forecast."""
TWO_YEARS = 104
LEVEL_WEEKS = 6
"""Arrivals and endings go on at the level of so many of the newest weeks."""
BLOCK = 4
PAST = 24
"""Weeks whose blocks say how far arrivals and endings are off."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of H weeks from the as-of day."""

    backlog: Floats
    """(DRAWS, H): open at the end of each week."""
    arrivals: Floats
    """(H,): expected."""
    mean_open_days: float
    """Mean time that a complaint stays open, by the hazards."""


def expected_arrivals(weekly: Floats, horizon: int) -> tuple[Floats, Floats, Floats]:
    """Mean (H,) and dispersion (H,) of the coming weeks, and the means (PAST or fewer,) of the newest ones."""
    counts = weekly[None, :]
    known = weekly.size
    harmonics = (0, 1) if known >= TWO_YEARS else (0,)

    def shape(window: int, guard: int) -> Shape:
        return Shape(window=window, guard=guard, harmonics=harmonics)

    padded = np.concatenate([counts, np.zeros((1, horizon))], axis=1)
    ahead = [expect(padded, np.array([known + h]), (1,), shape(known + h, h)) for h in range(horizon)]
    mean = np.array([each.mean[0, 0, 0] for each in ahead])
    phi = np.array([each.phi[0, 0, 0] for each in ahead])
    back = min(PAST, known - LEAST_WEEKS + BLOCK)
    places = np.arange(known - back, known)
    past = expect(counts, places, (1,), shape(known - back, 0)).mean[0, :, 0]
    recent = min(LEVEL_WEEKS, back)
    level = (weekly[-recent:].sum() + 1) / (past[-recent:].sum() + 1)
    return mean * level, phi, past


def spread(seen: Floats, expected: Floats) -> float:
    """Standard deviation of the logarithm of seen by expected, of blocks of four weeks."""
    blocks = seen.size // BLOCK
    if blocks < 2:
        return 0.0
    folded = [each[-blocks * BLOCK :].reshape(blocks, BLOCK).sum(axis=1) + 1 for each in (seen, expected)]
    return float(np.std(np.log(folded[0] / folded[1]), ddof=1))


def forecast(history: History, horizon: int, seed: int) -> Forecast | None:
    """None when the history is shorter than LEAST_WEEKS."""
    weeks = history.arrivals.size // 7
    if weeks < LEAST_WEEKS:
        return None
    weekly = history.arrivals[-weeks * 7 :].reshape(weeks, 7).sum(axis=1)
    mean, phi, past = expected_arrivals(weekly, horizon)
    hazard = hazards(history)
    ended, should = completions(history, hazard, min(PAST, weeks))
    generator = np.random.default_rng(seed)
    arrival_factor = np.exp(generator.normal(0, spread(weekly[-past.size :], past), DRAWS))
    ending_factor = np.exp(generator.normal(0, spread(ended, should), DRAWS))
    recent = min(LEVEL_WEEKS, ended.size)
    pace = float((ended[-recent:].sum() + 1) / (should[-recent:].sum() + 1))
    stock = history.stock
    ages = np.flatnonzero(stock)
    share = np.maximum(open_share(hazard, stock.size + 7 * horizon + 1), 1e-12)
    coming = np.maximum(mean[None, :] * arrival_factor[:, None], 1e-9)
    arrived = _negative_binomial(generator, coming, np.maximum(phi, 1 + 1e-6))
    days = generator.multinomial(arrived, np.full(7, 1 / 7)).reshape(DRAWS, horizon * 7)
    power = (pace * ending_factor)[:, None]
    backlog = np.empty((DRAWS, horizon))
    for week in range(1, horizon + 1):
        ahead = week * 7
        stays = (share[ages + 1 + ahead] / share[ages + 1]) ** power
        left = generator.binomial(stock[ages].astype(np.int64), stays).sum(axis=1)
        age = ahead - np.arange(ahead)
        new = generator.binomial(days[:, :ahead], share[age] ** power).sum(axis=1)
        backlog[:, week - 1] = left + new
    return Forecast(backlog, mean, float(share.sum()))


def _negative_binomial(generator: np.random.Generator, mean: Floats, phi: Floats) -> np.ndarray:
    """Draws with variance phi * mean."""
    size = mean / (phi - 1)
    return generator.poisson(generator.gamma(size, np.broadcast_to(phi - 1, mean.shape)))
