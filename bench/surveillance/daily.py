"""Benchmark B: how many days sooner does judging each day find an outbreak than judging the last seven together?

Farrington's algorithm judges each day the sum of the week that ends in it, ours the last 1, 2, 4 and 7 days, or the
evidence of the last two, expected from days. All know the calendar of holidays, as exposure, and all flag the same
share of quiet days. The oracle knows the true mean and dispersion of each day: no better expectation can be sooner with
the same statistic.
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
from services.insights.warning.harmonic import Expected, Shape, expect
from services.insights.warning.negbin import at_least, upper_mid_p

RATE = 0.01
SPANS = (1, 2, 4, 7)
YEARS_LEARNED = 5
CLOSED = 1e-3
"""The exposure of a day on which nobody can complain."""
FARRINGTON = "Farrington flexible, rolling weeks"
SCAN, EVIDENCE = "scan of 1, 2, 4, 7 days", "evidence of 2 days"
OURS, ORACLE = "ours", "oracle"
JUDGES = (FARRINGTON, *(f"{who}, {how}" for who in (OURS, ORACLE) for how in (SCAN, EVIDENCE)))


def measure(
    pool: Executor, replicates: int, seed: int, progress: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """At 1 % of quiet days flagged: detected, days until found, timeliness (undetected counts as 1), sensitivity."""
    asked = [(signal, range(number, number + 1)) for signal in SIGNALS for number in range(replicates)]
    waiting = [pool.submit(_score, signal, part, seed) for signal, part in asked]
    for done, _ in enumerate(as_completed(waiting), start=1):
        progress("daily", done, len(asked))
    found = [future.result() for future in waiting]
    cases = np.concatenate([part["cases"][0].reshape(-1, REACH) for part in found])
    flags, rates = {}, {}
    for name in JUDGES:
        quiet = np.concatenate([part[name][0].ravel() for part in found])
        limit = threshold(quiet, RATE)
        rates[name] = float((quiet <= limit).mean())
        # A day that was not judged has no flag, and none counts after the last case.
        wild = np.concatenate([part[name][1].reshape(-1, REACH) for part in found]) <= limit
        flags[name] = wild & (np.arange(REACH) <= _last(cases)[:, None])
    deviations = np.concatenate([part["cases"][1].ravel() for part in found])
    return {
        "series": len(asked),
        "quiet_days": int(sum(part[FARRINGTON][0].size for part in found)),
        "seed": seed,
        "first_day": {"median": float(np.median(deviations)), "above_2": float((deviations >= 2).mean())},
        "detectors": {
            name: {"false_positive_rate": rates[name], **_figures(flags[name], cases, flags[FARRINGTON])}
            for name in JUDGES
        },
    }


def _last(cases: Floats) -> NDArray[np.int64]:
    return np.asarray(REACH - 1 - np.argmax((cases > 0)[:, ::-1], axis=1))


def _figures(flag: NDArray[np.bool_], cases: Floats, farrington: NDArray[np.bool_]) -> dict[str, float]:
    """Flags and cases (runs, REACH). Delay in days, of those detected; sooner: than Farrington, of those that both
    detect, with its standard error."""
    detected, both = flag.any(axis=1), flag.any(axis=1) & farrington.any(axis=1)
    first = np.argmax(flag, axis=1)
    timeliness = np.where(detected, first / (_last(cases) + 1), 1.0)
    sooner = (np.argmax(farrington, axis=1) - first)[both]
    return {
        "pod": float(detected.mean()),
        "delay": float(first[detected].mean()),
        "timeliness": float(timeliness.mean()),
        "sensitivity": float((flag & (cases > 0)).sum() / (cases > 0).sum()),
        "first_day": float(flag[:, 0].mean()),
        "sooner": float(sooner.mean()),
        "sooner_error": float(sooner.std(ddof=1) / np.sqrt(max(1, sooner.size))),
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
    mean = np.maximum(signal.mean(), 1e-9)
    truth = scan.windows(np.tile(mean, (len(counts), 1)), days, SPANS)
    true = Expected(truth, np.full_like(truth, signal.phi), SPANS)
    sums = scan.windows(counts, days, SPANS)
    wild = sums[own, day - first] + np.column_stack([extra(span) for span in SPANS])
    found: dict[str, tuple[Floats, ...]] = {}
    for who, expected in ((OURS, known), (ORACLE, true)):
        there = Expected(expected.mean[own, day - first], expected.phi[own, day - first], SPANS)
        surge = upper_mid_p(wild, there.mean, there.phi).min(axis=-1)
        found[f"{who}, {SCAN}"] = scan.tails(sums, expected).smallest("surge", SPANS), placed(surge)
        with np.errstate(over="ignore"):  # beyond every number: flagged whatever the limit
            found[f"{who}, {EVIDENCE}"] = -scan.evidence(sums, expected), placed(-scan.evidence(wild, there))
    rolling = scan.windows(counts, np.arange(signal.days - 1, signal.length), (signal.days,))[..., 0]
    usual, phi = _rolling_weeks(rolling, signal)
    weekly = rolling[:, days - signal.days + 1]
    later = weekly[own, day - first] + extra(signal.days)
    found[FARRINGTON] = (
        at_least(weekly, usual, phi),
        placed(at_least(later, usual[own, day - first], phi[own, day - first])),
    )
    deviation = np.sqrt(signal.phi * np.maximum(mean, 0.1))
    return {**found, "cases": (added, added[..., 0] / deviation[start])}


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
