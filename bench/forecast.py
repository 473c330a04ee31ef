"""The forecast of the backlog beside what anybody could say: as it was a year ago, and as it is now.

    python -m bench.forecast [--cases FILE]

Simulated desks (seasonal arrivals, weekly capacity that wanders), and, with FILE, real cases with the columns
`open` and `close`. At each origin four weeks are forecast from what was known then. MASE is the mean absolute
error by the mean absolute error of the seasonal naive forecast (52 weeks; of the last value without two years) within
the history (Hyndman and Koehler, International Journal of Forecasting 22:679, 2006).
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from services.insights.forecast.model import TWO_YEARS, forecast
from services.insights.forecast.survival import History
from services.insights.warning.negbin import Floats

AHEAD = 4
YEAR = 52
WINDOW = 728
QUANTILES = (0.1, 0.5, 0.9)


@dataclass
class Score:
    ours: list[float] = field(default_factory=list)
    seasonal: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    mase: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    pinball: list[float] = field(default_factory=list)
    pinball_last: list[float] = field(default_factory=list)


def simulated(seed: int, days: int = 1300) -> tuple[Floats, Floats]:
    """Days of registration and of the end (inf: never within) of the complaints of one desk."""
    generator = np.random.default_rng(seed)
    day = np.arange(days)
    level = generator.uniform(4, 30)
    season = 1 + generator.uniform(0.1, 0.5) * np.cos(2 * np.pi * (day / 365 - generator.random()))
    weekday = np.where(day % 7 < 5, 1.2, 0.5)
    drift = np.exp(np.repeat(np.cumsum(generator.normal(0, 0.05, days // 7 + 1)), 7)[:days])
    arrived = generator.poisson(generator.gamma(5, level * season * weekday * drift / 5))
    begins = np.repeat(day, arrived).astype(float)
    pace = np.exp(np.repeat(np.cumsum(generator.normal(0, 0.04, days // 7 + 1)), 7)[:days])
    took = generator.gamma(1.5, generator.uniform(5, 25), begins.size) / pace[begins.astype(int)]
    return begins, np.floor(begins + took)


def read(path: Path) -> tuple[Floats, Floats]:
    begins, ends = [], []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["open"]:
                begins.append(date.fromisoformat(row["open"][:10]).toordinal())
                closed = row["close"][:10]
                ends.append(date.fromisoformat(closed).toordinal() if closed[:2] == "20" else np.inf)
    first = min(begins)
    opened = np.array(begins, float) - first
    return opened, np.maximum(np.array(ends, float) - first, opened)


def history(begins: Floats, ends: Floats, as_of: int) -> History:
    """What was known at the end of that day."""
    first = max(0, as_of - WINDOW + 1)
    days = as_of - first + 1
    here = (begins >= first) & (begins <= as_of)
    ended, open_ = np.zeros((days, days)), np.zeros((days, days))
    begin, end = begins[here].astype(int), ends[here]
    done = end <= as_of
    np.add.at(ended, (begin[done] - first, (end[done] - begin[done]).astype(int)), 1)
    np.add.at(open_, (begin[~done] - first, as_of - begin[~done]), 1)
    return History(ended, open_)


def backlog(begins: Floats, ends: Floats, day: int) -> int:
    """Open at the end of the day, of those that the forecast of that time would count."""
    return int(((begins <= day) & (begins > day - WINDOW) & (ends > day)).sum())


def score(begins: Floats, ends: Floats, last_day: int, into: Score, every: int = 28) -> None:
    weekly = [backlog(begins, ends, day) for day in range(6, last_day + 1, 7)]
    for at in range(TWO_YEARS, len(weekly) - AHEAD, every // 7):
        found = forecast(history(begins, ends, at * 7 + 6), AHEAD, at)
        assert found is not None
        low, middle, high = np.quantile(found.backlog, QUANTILES, axis=0)
        past = np.array(weekly[: at + 1], float)
        scale = np.abs(past[YEAR:] - past[:-YEAR]).mean()
        for h in range(AHEAD):
            truth = weekly[at + 1 + h]
            error = abs(truth - middle[h])
            into.ours.append(error)
            into.mase.append(error / max(scale, 1e-9))
            into.seasonal.append(abs(truth - weekly[at + 1 + h - YEAR]))
            into.last.append(abs(truth - weekly[at]))
            into.covered.append(bool(low[h] <= truth <= high[h]))
            for q, value in zip(QUANTILES, (low[h], middle[h], high[h]), strict=True):
                into.pinball.append(_pinball(truth, value, q))
                into.pinball_last.append(_pinball(truth, weekly[at], q))


def _pinball(truth: float, value: float, q: float) -> float:
    return float(max(q * (truth - value), (q - 1) * (truth - value)))


def lines(name: str, found: Score) -> Iterator[str]:
    mean = {key: float(np.mean(values)) for key, values in vars(found).items()}
    yield f"{name}: {len(found.ours)} forecasts"
    yield f"  MASE over 4 weeks (52-week naive)       {mean['mase']:.3f}"
    yield f"  mean error, ours                        {mean['ours']:.1f}"
    yield f"  mean error, as a year ago               {mean['seasonal']:.1f}"
    yield f"  mean error, as now                      {mean['last']:.1f}"
    yield f"  pinball loss, ours / as now             {mean['pinball']:.2f} / {mean['pinball_last']:.2f}"
    yield f"  within the 80 % interval                {mean['covered']:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=Path, help="CSV with open and close")
    parser.add_argument("--desks", type=int, default=10)
    asked = parser.parse_args()
    desks = Score()
    for seed in range(asked.desks):
        begins, ends = simulated(seed)
        score(begins, ends, 1299, desks)
    print("\n".join(lines(f"{asked.desks} simulated desks", desks)))
    if asked.cases:
        begins, ends = read(asked.cases)
        real = Score()
        score(begins, ends, int(begins.max()), real)
        print("\n".join(lines(asked.cases.name, real)))


if __name__ == "__main__":
    main()
