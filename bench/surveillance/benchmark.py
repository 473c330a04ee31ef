"""Benchmark A, in one run for all detectors: learn the calibration on other series, then score and count."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from typing import Any

import numpy as np

from bench.surveillance import detectors, portfolio
from bench.surveillance.detectors import FARRINGTON, OURS
from bench.surveillance.figures import Scored, Weeks, at_rates, figures
from bench.surveillance.simulation import CURRENT, SCENARIOS, SIZES_NOW, Floats, simulate
from services.insights.warning import calibration, farrington, scan
from services.insights.warning.calibration import Calibration
from services.insights.warning.harmonic import expect

AT_ONCE = 10
"""Replicates of a scenario in one piece of work."""
LEARNED_FROM = 1_000_000
"""Added to the seed: the calibration is learned from series that are not judged."""

Progress = Callable[[str, int, int], None]
Learned = tuple[Floats, Floats, Floats]
Piece = tuple[dict[str, Scored], Weeks, Floats]


def measure(pool: Executor, replicates: int, seed: int, progress: Progress) -> dict[str, Any]:
    """POD and the rest for each detector at the rates, the portfolio, and what Farrington's own alarms do."""
    began = time.monotonic()
    pieces = [(number, part) for number in range(len(SCENARIOS)) for part in parts_of(replicates)]
    learned = list(
        every(pool, _learn, [(*piece, seed + LEARNED_FROM) for piece in pieces], "learn", progress)
    )
    known = calibration.learn(*(np.concatenate(part) for part in zip(*learned, strict=True)))
    found = list(every(pool, _score, [(*piece, seed, known) for piece in pieces], "judge", progress))
    runs = len(SCENARIOS) * replicates * len(SIZES_NOW)
    weeks = _joined([weeks for _, weeks, _ in found], [own.shape[0] for _, _, own in found])
    scored = {
        name: Scored(
            *(np.concatenate([getattr(piece[name], side) for piece, _, _ in found]) for side in SIDES)
        )
        for name in found[0][0]
    }
    own = Scored(np.concatenate([own for _, _, own in found]).ravel(), np.empty(0))
    calibrated = scored[f"{OURS}, calibrated"]
    return {
        "series": len(SCENARIOS) * replicates,
        "quiet_weeks": calibrated.quiet.size,
        "outbreaks": runs,
        "seed": seed,
        "seconds": time.monotonic() - began,
        "detectors": {name: at_rates(scores, weeks, runs) for name, scores in scored.items()},
        "farrington_as_published": {"false_positive_rate": float(own.quiet.mean())},
        "ours_watch_level": figures(calibrated, weeks, 0.01, runs),
        "farrington_nominal": figures(scored[FARRINGTON], weeks, 0.01, runs),
        "portfolio": portfolio.measure(calibrated, scored[OURS], weeks, CURRENT.size),
    }


SIDES = ("quiet", "outbreak")


def parts_of(replicates: int) -> Iterator[range]:
    for first in range(0, replicates, AT_ONCE):
        yield range(first, min(first + AT_ONCE, replicates))


def every(
    pool: Executor, work: Callable[..., Any], asked: list[Any], what: str, progress: Progress
) -> Iterator[Any]:
    """The answers in the order of the questions, whichever comes first."""
    waiting = [pool.submit(work, *one) for one in asked]
    for done, _ in enumerate(as_completed(waiting), start=1):
        progress(what, done, len(asked))
    for future in waiting:
        yield future.result()


def _learn(scenario: int, replicates: range, seed: int) -> Learned:
    """p values of weeks without a current outbreak, and what was expected then."""
    series = simulate(range(scenario, scenario + 1), replicates, seed)
    ours = expect(series.counts, CURRENT, detectors.SPANS)
    sums = scan.windows(series.counts, CURRENT, detectors.SPANS)
    p = scan.p_of_evidence(scan.evidence(sums, ours))
    return p.ravel(), ours.mean[..., 0].ravel(), ours.phi[..., 0].ravel()


def _score(scenario: int, replicates: range, seed: int, known: Calibration) -> Piece:
    series = simulate(range(scenario, scenario + 1), replicates, seed)
    models = detectors.fit(series)
    quiet, outbreak = detectors.quiet(series), detectors.outbreaks(series)
    calm = detectors.scores(series, models, quiet, known)
    wild = detectors.scores(series, models, outbreak.cells, known)
    weeks = Weeks(outbreak.run, outbreak.since, outbreak.cases > 0)
    return (
        {name: Scored(calm[name], wild[name]) for name in calm},
        weeks,
        models.farrington.alarm.astype(np.float64),
    )


def _joined(parts: list[Weeks], series: list[int]) -> Weeks:
    """The runs of all pieces, numbered on."""
    before = np.cumsum([0, *series[:-1]]) * len(SIZES_NOW)
    run = np.concatenate([part.run + first for part, first in zip(parts, before, strict=True)])
    return Weeks(run, np.concatenate([p.since for p in parts]), np.concatenate([p.cases for p in parts]))


def speed(pool: Executor, number: int, processes: int) -> dict[str, Any]:
    """Seconds for one week of so many series, by the wall and by the CPU: ours and Farrington."""
    found: dict[str, Any] = {"series": number, "processes": processes}
    for name in ("ours", "farrington"):
        for warm in [pool.submit(_one_week, name, 10, part) for part in range(processes)]:
            warm.result()  # the libraries are read
        began = time.perf_counter()
        parts = [pool.submit(_one_week, name, number // processes, part) for part in range(processes)]
        cpu = sum(part.result() for part in parts)
        found[name] = {"seconds": time.perf_counter() - began, "cpu_seconds": cpu}
    return found


def _one_week(name: str, number: int, seed: int) -> float:
    """CPU seconds that judging the newest week of so many series takes."""
    rng = np.random.default_rng(seed)
    mean = rng.gamma(0.5, 20.0, size=(number, 1))
    counts = rng.poisson(mean, size=(number, 313)).astype(np.float64)
    week, began = np.array([312]), time.process_time()
    if name == "ours":
        ours = expect(counts, week, detectors.SPANS)
        sums = scan.windows(counts, week, detectors.SPANS)
        scan.evidence(sums, ours)
        scan.tails(sums, ours)
    else:
        farrington.judge(counts, week, farrington.Rules(as_r=True))
    return time.process_time() - began
