"""Benchmark B's series: daily counts of sixteen kinds, with days of the week, holidays and one outbreak each.

Noufaily et al., Bioinformatics 35:3110, 2019, doi 10.1093/bioinformatics/bty997, whose code is public; here with seeds
that are used once, and each outbreak in standard deviations of its own series (there, size and places share a seed, and
two series have another one's deviation). Holidays are eight fixed days of the year. Series of weeks with five days have
no weekends, so their year has 260 days.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.surveillance.simulation import Floats, draw

YEARS, WEEKS_OF_YEAR = 7, 52
JUDGED_WEEKS = 49
SIZES = (2, 3, 5, 10)
"""Standard deviations for each day of the week."""
REACH = 28
"""Days that an outbreak is followed; the rest falls on the last."""
HOLIDAYS = (0.002, 0.25, 0.26, 0.34, 0.41, 0.65, 0.982, 0.985)
"""As parts of the year."""


@dataclass(frozen=True, slots=True)
class Signal:
    number: int
    days: int
    """Of a week: 7 or 5."""
    harmonics: int
    week_harmonics: int
    alpha: float
    beta: float
    gammas: tuple[float, float, float, float]
    phi: float
    shift: int
    by: float = 1.0
    """What the mean is divided by."""

    @property
    def length(self) -> int:
        return YEARS * WEEKS_OF_YEAR * self.days

    @property
    def judged(self) -> NDArray[np.int64]:
        return np.arange(self.length - JUDGED_WEEKS * self.days, self.length)

    def calendar(self) -> Floats:
        """(length,): what days of the week and holidays multiply the mean by. Weekends of 7 days come last."""
        week = (1, 1, 1, 1, 1, 2, 2) if self.days == 7 else (1.5, 1.1, 1, 1, 1.1)
        found = np.tile(np.array(week, dtype=np.float64), YEARS * WEEKS_OF_YEAR)
        year = WEEKS_OF_YEAR * self.days
        closed = (
            np.arange(YEARS)[:, None] * year + np.array([int(part * year) for part in HOLIDAYS])
        ).ravel()
        if self.days == 7:
            found[closed] = 2
        else:
            found[closed + 1] = 1.5
            found[closed] = 0
        return found

    def mean(self) -> Floats:
        t = np.arange(1, self.length + 1) + self.shift
        log = self.alpha + self.beta * np.arange(1, self.length + 1)
        g1, g2, g3, g4 = self.gammas
        for j in range(1, self.harmonics + 1):
            angle = 2 * np.pi * j * t / (WEEKS_OF_YEAR * self.days)
            log = log + g1 * np.cos(angle) + g2 * np.sin(angle)
        for j in range(1, self.week_harmonics + 1):
            angle = 2 * np.pi * j * t / self.days
            log = log + g3 * np.cos(angle) + g4 * np.sin(angle)
        return np.asarray(np.exp(log) / self.by * self.calendar(), dtype=np.float64)


SIGNALS = (
    Signal(1, 7, 1, 2, 6, 0, (0.2, 0.2, 0.5, 0.4), 2, 29),
    Signal(3, 7, 1, 2, 0.5, 0, (1.5, 1.4, 0.5, 0.4), 1, -167),
    Signal(4, 7, 0, 2, 5.5, 0, (0, 0, 0.3, 0.25), 1, 1),
    Signal(5, 7, 0, 2, 2, 0, (0, 0, 0.3, 0.25), 1, 1),
    Signal(14, 7, 1, 2, 2, 0.0005, (0.8, 0.8, 0.8, 0.4), 4, 57),
    Signal(15, 7, 4, 1, 0.05, 0, (0.01, 0.01, 1.8, 0.1), 1, -85),
    Signal(16, 7, 1, 2, 3, 0, (0.8, 0.6, 0.8, 0.4), 4, 29),
    Signal(17, 7, 0, 2, 6, 0, (0, 0, 0.8, 0.4), 4, 1),
    Signal(6, 5, 1, 1, 6, 0, (0.3, 2, 0.3, 0.5), 1.5, -50, 10),
    Signal(7, 5, 1, 1, 1, 0, (0.1, 2, 0.05, 0.05), 1, -50),
    Signal(8, 5, 0, 1, 6, 0.0001, (0, 0, 0.6, 0.9), 1.5, 0, 10),
    Signal(9, 5, 1, 1, 3, 0, (1.5, 0.1, 0.2, 0.3), 1, -150),
    Signal(10, 5, 1, 1, 3, 0, (0.2, 0.1, 0.05, 0.15), 1, -200),
    Signal(11, 5, 1, 1, 5, 0, (0.2, 0.1, 0.05, 0.1), 1, 0),
    Signal(12, 5, 2, 1, 0.5, 0, (0.4, 0, 0.05, 0.15), 1, 0),
    Signal(13, 5, 1, 1, 9, 0, (0.5, 0.2, 0.2, 0.5), 1, 0, 100),
)


def simulate(signal: Signal, replicates: range, seed: int) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Counts (R, length); for each size of outbreak its start (R, sizes) and cases by day since (R, sizes, REACH)."""
    mean = signal.mean()
    counts, starts, added = [], [], []
    for replicate in replicates:
        rng = np.random.default_rng([seed, signal.number, replicate, 7])
        counts.append(draw(rng, np.maximum(mean, 1e-9), signal.phi))
        start = rng.integers(signal.judged[0], signal.length, size=len(SIZES))
        starts.append(start)
        added.append(
            np.stack(
                [_outbreak(rng, size, mean[day], signal) for size, day in zip(SIZES, start, strict=True)]
            )
        )
    return np.stack(counts), np.stack(starts), np.stack(added)


def _outbreak(rng: np.random.Generator, size: int, mean: float, signal: Signal) -> Floats:
    number = 0
    while number < 2:
        number = rng.poisson(size * signal.days * np.sqrt(signal.phi * max(mean, 0.1)))
    days = np.minimum(np.floor(rng.lognormal(0.0, 0.5, number) / 0.25), REACH - 1).astype(int)
    days -= days.min()  # it starts with its first case
    return np.bincount(days, minlength=REACH).astype(np.float64)
