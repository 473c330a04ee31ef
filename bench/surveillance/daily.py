"""Benchmark B: how many days sooner does judging each day find an outbreak than judging the last seven together?

Farrington's algorithm judges each day the sum of the week that ends in it, ours the last 1, 2, 4 and 7 days, expected
from days. Both know the calendar of holidays, as exposure, and both flag the same share of quiet days.
"""

from collections.abc import Callable
from concurrent.futures import Executor, as_completed
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.surveillance.days import REACH, SIGNALS, WEEKS_OF_YEAR, Signal, simulate
from bench.surveillance.figures import threshold
from bench.surveillance.simulation import Floats
from services.insights.warning import farrington, scan
from services.insights.warning.harmonic import Shape, expect
from services.insights.warning.negbin import at_least, upper_mid_p

RATE = 0.01
SPANS = (1, 2, 4, 7)
YEARS_LEARNED = 5
CLOSED = 1e-3
"""The exposure of a day on which nobody can complain."""
FARRINGTON, OURS = "Farrington flexible, rolling weeks", "ours, scan of 1, 2, 4, 7 days"


def measure(
    pool: Executor, replicates: int, seed: int, progress: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """At 1 % of quiet days flagged: detected, days until found, timeliness (undetected counts as 1), sensitivity."""
    asked = [(signal, range(number, number + 1)) for signal in SIGNALS for number in range(replicates)]
    waiting = [pool.submit(_score, signal, part, seed) for signal, part in asked]
    for done, _ in enumerate(as_completed(waiting), start=1):
        progress("daily", done, len(asked))
    found = [future.result() for future in waiting]
    detectors = {}
    for name in (FARRINGTON, OURS):
        quiet = np.concatenate([part[name][0].ravel() for part in found])
        limit = threshold(quiet, RATE)
        wild = np.concatenate([part[name][1].reshape(-1, REACH) for part in found])
        cases = np.concatenate([part["cases"][0].reshape(-1, REACH) for part in found])
        detectors[name] = {
            "false_positive_rate": float((quiet <= limit).mean()),
            **_figures(wild <= limit, cases),
        }
    return {
        "series": len(asked),
        "quiet_days": int(sum(part[OURS][0].size for part in found)),
        "seed": seed,
        "detectors": detectors,
    }


def _figures(flag: NDArray[np.bool_], cases: Floats) -> dict[str, float]:
    """Flags and cases (runs, REACH); a day that was not judged has no flag. Delay in days, of those detected."""
    last = REACH - 1 - np.argmax((cases > 0)[:, ::-1], axis=1)
    within = flag & (np.arange(REACH) <= last[:, None])
    detected = within.any(axis=1)
    first = np.argmax(within, axis=1)
    timeliness = np.where(detected, first / (last + 1), 1.0)
    return {
        "pod": float(detected.mean()),
        "delay": float(first[detected].mean()),
        "timeliness": float(timeliness.mean()),
        "sensitivity": float((within & (cases > 0)).sum() / (cases > 0).sum()),
    }


def _score(signal: Signal, replicates: range, seed: int) -> dict[str, tuple[Floats, ...]]:
    """For each detector the scores of quiet days, and of the days of outbreaks (R, sizes, REACH), NaN past the end."""
    counts, start, added = simulate(signal, replicates, seed)
    days, first = signal.judged, int(signal.judged[0])
    own, size, since = np.nonzero(np.ones(added.shape, dtype=bool))
    day = start[own, size] + since
    inside = day < signal.length
    own, size, since, day = own[inside], size[inside], since[inside], day[inside]
    so_far = np.cumsum(np.pad(added, ((0, 0), (0, 0), (1, 0))), axis=2)

    def extra(span: int) -> Floats:
        return np.asarray(so_far[own, size, since + 1] - so_far[own, size, np.maximum(since + 1 - span, 0)])

    def placed(scores: Floats) -> Floats:
        whole = np.full(added.shape, np.nan)
        whole[own, size, since] = scores
        return whole

    exposure = np.tile(np.maximum(_holidays(signal), CLOSED), (len(counts), 1))
    year = WEEKS_OF_YEAR * signal.days
    shape = Shape(window=YEARS_LEARNED * year, guard=4 * signal.days, year=year, cycle=signal.days)
    known = expect(counts, days, SPANS, shape, exposure)
    sums = scan.windows(counts, days, SPANS)
    wild = sums[own, day - first] + np.column_stack([extra(span) for span in SPANS])
    surge = upper_mid_p(wild, known.mean[own, day - first], known.phi[own, day - first]).min(axis=-1)
    rolling = scan.windows(counts, np.arange(signal.days - 1, signal.length), (signal.days,))[..., 0]
    mean, phi = _rolling_weeks(rolling, signal)
    weekly = rolling[:, days - signal.days + 1]
    found = {
        OURS: (scan.tails(sums, known).smallest("surge", SPANS), placed(surge)),
        FARRINGTON: (
            at_least(weekly, mean, phi),
            placed(
                at_least(
                    weekly[own, day - first] + extra(signal.days),
                    mean[own, day - first],
                    phi[own, day - first],
                )
            ),
        ),
    }
    return {**found, "cases": (added,)}


def _holidays(signal: Signal) -> Floats:
    """The calendar without the days of the week, which are learned."""
    calendar = signal.calendar()
    return calendar / np.tile(
        np.median(calendar.reshape(-1, signal.days), axis=0), len(calendar) // signal.days
    )


def _rolling_weeks(rolling: Floats, signal: Signal) -> tuple[Floats, Floats]:
    """(R, judged days) each: expected sum and dispersion of the week that ends in each day, from weeks before."""
    days, shape = signal.judged - signal.days + 1, (len(rolling), signal.judged.size)
    mean, phi = np.empty(shape), np.empty(shape)
    calendar = np.tile(signal.calendar(), (len(rolling), 1))
    open_ = (
        scan.windows(calendar, np.arange(signal.days - 1, signal.length), (signal.days,))[..., 0]
        / signal.days
    )
    for part in range(signal.days):
        here = np.nonzero(days % signal.days == part)[0]
        weeks = rolling[:, part :: signal.days]
        judged = farrington.judge(
            weeks, days[here] // signal.days, farrington.Rules(as_r=True), open_[:, part :: signal.days]
        )
        mean[:, here], phi[:, here] = judged.expected, judged.phi
    return mean, phi
