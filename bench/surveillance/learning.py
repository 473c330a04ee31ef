"""The calibration that Redress is shipped with: p values of simulated series without events, by length of the past."""

from concurrent.futures import Executor
from typing import Any

import numpy as np

from bench.surveillance.benchmark import LEARNED_FROM, Learned, Progress, every, parts_of
from bench.surveillance.simulation import CURRENT, SCENARIOS, simulate
from services.insights.alerts import null
from services.insights.alerts.book import EARLY_WARNING
from services.insights.alerts.shapes import SPANS, WINDOWS, weekly
from services.insights.warning import calibration, counting, scan
from services.insights.warning.harmonic import expect


def learn(pool: Executor, replicates: int, seed: int, progress: Progress) -> dict[str, Any]:
    """What `null.json` holds: by tail and window."""
    found: dict[str, Any] = {
        "seed": seed + LEARNED_FROM,
        "replicates": replicates,
        "surge": {},
        "silence": {},
    }
    for window in WINDOWS:
        asked = [
            (number, part, window, seed + LEARNED_FROM)
            for number in range(len(SCENARIOS))
            for part in parts_of(replicates)
        ]
        pieces = list(every(pool, _judge, asked, f"{window} weeks", progress))
        for tail, number in (("surge", 0), ("silence", 1)):
            p, mean, phi = (
                np.concatenate(part) for part in zip(*(piece[number] for piece in pieces), strict=True)
            )
            found[tail][str(window)] = null.stored(calibration.learn(p, mean, phi))
    return found


def _judge(scenario: int, replicates: range, window: int, seed: int) -> tuple[Learned, Learned]:
    series = simulate(range(scenario, scenario + 1), replicates, seed)
    expected = expect(series.counts, CURRENT, SPANS, weekly(window))
    sums = scan.windows(series.counts, CURRENT, SPANS)
    mean, phi = expected.mean[..., 0], expected.phi[..., 0]
    surge = scan.p_of_evidence(scan.evidence(sums, expected))
    silence = scan.tails(sums, expected).smallest("silence", SPANS)
    # Those that are judged: a series is looked at because it has enough, and that is no fair choice.
    book = EARLY_WARNING.shipped
    told = counting.enough(series.counts, CURRENT, book.least, book.recent)
    wanted = expected.mean[..., -1] >= book.silence_least
    return (surge[told], mean[told], phi[told]), (silence[wanted], mean[wanted], phi[wanted])
