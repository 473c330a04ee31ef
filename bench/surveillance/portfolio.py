"""Does a false-discovery limit over thousands of series keep its promise, and what does it still find?"""

from typing import Any

import numpy as np

from bench.surveillance.figures import Scored, Weeks, figures
from services.insights.warning.discovery import q_values

LIMIT = 0.1
TAILS = (0.01, 0.001, 0.0001)


def measure(calibrated: Scored, plain: Scored, weeks: Weeks, judged: int) -> dict[str, Any]:
    """All series of a week are one portfolio: false alerts when nothing happens, what a single real one must reach.

    Also how often quiet weeks have a p value below each of the tails, by how often they should, before and after the
    calibration. The last cases of past outbreaks fall into the first of these weeks; alerts about them count as false.
    """
    p = calibrated.quiet.reshape(-1, judged)
    alerts = np.stack([q_values(week) <= LIMIT for week in p.T])
    alone = LIMIT / p.shape[0]
    """What the only real event of a week must reach, if nothing else does."""
    runs = int(weeks.run.max()) + 1
    return {
        "series": p.shape[0],
        "false_alerts_per_10000_series_weeks": float(alerts.mean() * 10_000),
        "weeks_with_a_false_alert": float(alerts.any(axis=1).mean()),
        "single_event": figures(calibrated, weeks, alone, runs),
        "tails": {
            str(tail): {
                "calibrated": float((calibrated.quiet <= tail).mean() / tail),
                "as_it_comes": float((plain.quiet <= tail).mean() / tail),
            }
            for tail in TAILS
        },
    }
