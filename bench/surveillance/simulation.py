"""Benchmark A's series: weekly counts with known means, past outbreaks and one that happens now.

Noufaily et al., Statistics in Medicine 32:1206, 2013, doi 10.1002/sim.5595, section 4: seven sets of parameters, each
with and without a trend and with none, one or two harmonics of the year. Twelve years of weeks: the first six only to
learn from, then four past outbreaks at random, and 49 weeks that are judged. The size of an outbreak is Poisson with
mean k standard deviations of its first week's count, drawn again below 2 cases; its cases fall whole weeks after the
start, the logarithm of the delay being normal with standard deviation 0.5.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEKS, YEAR = 624, 52
PAST = (312, 575)
"""Past outbreaks start in these weeks, counted from 0, the last one not."""
CURRENT = np.arange(575, 624)
PAST_OUTBREAKS = 4
SPREAD = 0.5
SIZES_PAST = (0, 2, 3, 5, 10)
"""k1: taken in turn by the replicates."""
SIZES_NOW = tuple(range(1, 11))
"""k2: each series is judged without a current outbreak, and once with an outbreak of each size."""
REACH = 12
"""Weeks after the start that an outbreak is followed; a case falls later once in a million."""


@dataclass(frozen=True, slots=True)
class Scenario:
    theta: float
    beta: float
    cosine: float
    sine: float
    phi: float
    harmonics: int

    def mean(self) -> Floats:
        """(WEEKS,)"""
        t = np.arange(1, WEEKS + 1)
        log = self.theta + self.beta * t
        for j in range(1, self.harmonics + 1):
            angle = 2 * np.pi * j * t / YEAR
            log = log + self.cosine * np.cos(angle) + self.sine * np.sin(angle)
        return np.asarray(np.exp(log), dtype=np.float64)


SETS = (
    (0.1, 0.0025, 0.6, 0.6, 1.5),
    (-2.0, 0.005, 0.1, 0.3, 2.0),
    (1.5, 0.003, 0.2, -0.4, 1.0),
    (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0),
    (3.75, 0.001, 0.1, -0.1, 1.1),
    (5.0, 0.0001, 0.05, 0.01, 1.2),
)
"""theta, beta, gamma1, gamma2, phi; Table 1 of the paper groups its 42 scenarios by them."""
SCENARIOS = tuple(
    Scenario(theta, beta if trend else 0.0, cosine, sine, phi, harmonics)
    for (theta, beta, cosine, sine, phi), trend, harmonics in product(SETS, (True, False), (0, 1, 2))
)


@dataclass(frozen=True, slots=True)
class Series:
    """S series without a current outbreak, and what each current outbreak of K sizes would add."""

    scenario: NDArray[np.int64]
    """(S,)"""
    counts: Floats
    """(S, WEEKS)"""
    mean: Floats
    """(S, WEEKS), of the process, without outbreaks."""
    phi: Floats
    """(S,)"""
    start: NDArray[np.int64]
    """(S, K): week of the outbreak's start."""
    added: Floats
    """(S, K, REACH): its cases in the start week and the weeks after."""


def simulate(scenarios: range, replicates: range, seed: int) -> Series:
    """The same series for the same seed, scenario and replicate, whatever else is simulated."""
    rows = [_one(scenario, replicate, seed) for scenario in scenarios for replicate in replicates]
    counts, mean, start, added = (np.stack(part) for part in zip(*rows, strict=True))
    which = np.repeat(np.array(scenarios), len(replicates))
    phi = np.array([SCENARIOS[number].phi for number in which])
    return Series(which, counts, mean, phi, start, added)


def _one(number: int, replicate: int, seed: int) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
    rng = np.random.default_rng([seed, number, replicate])
    scenario = SCENARIOS[number]
    mean = scenario.mean()
    counts = draw(rng, mean, scenario.phi)
    if past := SIZES_PAST[replicate % len(SIZES_PAST)]:
        for week in rng.integers(*PAST, size=PAST_OUTBREAKS):
            cases = outbreak(rng, past, mean[week], scenario.phi)
            reach = min(REACH, WEEKS - week)
            counts[week : week + reach] += cases[:reach]
    start = rng.integers(CURRENT[0], CURRENT[-1] + 1, size=len(SIZES_NOW))
    added = np.stack(
        [outbreak(rng, size, mean[week], scenario.phi) for size, week in zip(SIZES_NOW, start, strict=True)]
    )
    return counts, mean, start, added


def draw(rng: np.random.Generator, mean: Floats, phi: float) -> Floats:
    """Counts with this mean and phi times as much variance."""
    drawn = rng.poisson(mean) if phi == 1 else rng.negative_binomial(mean / (phi - 1), 1 / phi)
    return drawn.astype(np.float64)


def outbreak(rng: np.random.Generator, size: float, mean: float, phi: float) -> Floats:
    """(REACH,): its cases by week since the start."""
    number = 0
    while number < 2:
        number = rng.poisson(size * np.sqrt(phi * mean))
    delays = np.minimum(np.floor(rng.lognormal(0.0, SPREAD, number)), REACH - 1).astype(int)
    return np.bincount(delays, minlength=REACH).astype(np.float64)
