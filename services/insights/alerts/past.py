"""Past p values, by which the next are calibrated; and exposures. In bulk, as arrays."""

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts import null
from services.insights.alerts.counts import Counted
from services.insights.alerts.judging import TAILS, Calibrations, Judged
from services.insights.alerts.shapes import DAY_WINDOWS, WINDOWS
from services.insights.alerts.store import series_scores
from services.insights.warning.calibration import Calibration
from services.insights.warning.negbin import Floats
from shared import driver
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.events.insights import WarningStep

KEPT = {WarningStep.WEEK: timedelta(weeks=104), WarningStep.DAY: timedelta(days=28)}
"""So long p values are kept: of days there are more than enough in four weeks."""
MOST = 500_000
"""p values that a calibration is learned from, the newest."""

# Weeks of what was confirmed are no quiet weeks: they would make real surges look usual.
_QUIET = sql(
    "SELECT array_agg(p) AS p, array_agg(mean) AS mean, array_agg(phi) AS phi FROM (SELECT s.p, s.mean, s.phi "
    "FROM series_scores s WHERE s.step = :step AND s.tail = :tail AND s.starts < :before AND NOT EXISTS "
    "(SELECT FROM alerts a WHERE a.verdict = 'confirmed' AND a.dimension = s.dimension AND a.value = s.value "
    "AND a.tail = s.tail AND s.starts BETWEEN a.since AND a.starts) ORDER BY s.starts DESC, s.dimension, s.value "
    "LIMIT :most) AS quiet"
)
_EXPOSURES = sql(
    "SELECT dimension, value, week, amount::float8 AS amount FROM exposures WHERE week BETWEEN :first AND :newest"
)


async def calibrations(connection: AsyncConnection, step: WarningStep, before: date) -> Calibrations:
    """Of one's own quiet past when there is enough of it; else those that are shipped, which are of weeks."""
    found: dict[tuple[str, int], Calibration] = {}
    shipped = null.shipped() if step is WarningStep.WEEK else {}
    for tail in TAILS:
        given = {"step": step, "tail": tail, "before": before, "most": MOST}
        row = (await driver.run(connection, _QUIET, given)).one()
        p, mean, phi = (np.array(each or [], dtype=np.float64) for each in (row.p, row.mean, row.phi))
        own = null.learned(p, mean, phi)
        for window in WINDOWS if step is WarningStep.WEEK else DAY_WINDOWS:
            chosen = own or shipped.get((tail.value, window))
            if chosen is not None:
                found[tail.value, window] = chosen
    return found


async def keep(transaction: Transaction, step: WarningStep, counted: Counted, judged: Judged) -> None:
    """Remember what was judged; forget what is too old."""
    rows = [
        {
            **{"step": step, "starts": counted.starts, "tail": tail},
            **{"dimension": counted.keys[i].dimension, "value": counted.keys[i].value},
            **{"p": float(judged.p[number, i]), "mean": float(judged.mean[i, 0])},
            "phi": float(judged.phi[i, 0]),
        }
        for number, tail in enumerate(TAILS)
        for i in np.nonzero(np.isfinite(judged.calibrated[number]) & _fitted(judged))[0]
    ]
    await insert_rows(transaction, series_scores, rows)
    await transaction.execute(
        sql("DELETE FROM series_scores WHERE step = :step AND starts < :oldest"),
        {"step": step, "oldest": counted.starts - KEPT[step]},
    )


def _fitted(judged: Judged) -> NDArray[np.bool_]:
    """Not those of EARS, whose p values mean something else."""
    return np.asarray(np.isfinite(judged.p[1]))


async def exposure(connection: AsyncConnection, counted: Counted) -> Floats | None:
    """(S, T) of weekly series; NaN where it is not known. None: of nothing. A pair has that of its first part, unless
    its own was given."""
    steps = counted.counts.shape[1]
    first = counted.starts - timedelta(weeks=steps - 1)
    known: dict[tuple[str, str], list[tuple[date, float]]] = defaultdict(list)
    given = {"first": first, "newest": counted.starts}
    for row in await driver.run(connection, _EXPOSURES, given):
        known[row.dimension, row.value].append((row.week, row.amount))
    if not known:
        return None
    found = np.full((len(counted.keys), steps), np.nan)
    for number, key in enumerate(counted.keys):
        for name in ((key.dimension.value, key.value), *list(key.parts.items())[:1]):
            if name in known:
                for week, amount in known[name]:
                    found[number, (week - first).days // 7] = amount
                break
    return found
