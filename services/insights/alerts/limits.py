"""From p values to levels, with what is needed to work each one out again. Pure."""

from dataclasses import dataclass

import numpy as np

from services.insights.warning import calibration
from services.insights.warning.calibration import Calibration
from services.insights.warning.negbin import Floats
from shared.events.insights import WarningLevel, WarningNull


@dataclass(frozen=True, slots=True)
class Discovery:
    """How unusual one of many is: q = p of the deciding one x portfolio / its rank (Benjamini and Hochberg 1995)."""

    q: float
    portfolio: int
    deciding_p: float
    deciding_rank: int

    def level(self, p: float, watch: float, alert: float) -> WarningLevel | None:
        if self.q <= alert:
            return WarningLevel.ALERT
        return WarningLevel.WATCH if p <= watch else None


def discoveries(p: Floats, watch: float, alert: float) -> dict[int, Discovery]:
    """Those whose p value (of any shape; NaN: not judged) is at most `watch` or whose q is at most `alert`, by flat
    index. The q values are those of `discovery.q_values`."""
    flat = p.ravel()
    known = np.nonzero(~np.isnan(flat))[0]
    order = known[np.argsort(flat[known], kind="stable")]
    steps = flat[order] * order.size / np.arange(1, order.size + 1)
    found: dict[int, Discovery] = {}
    deciding = order.size - 1
    for rank in range(order.size - 1, -1, -1):
        if steps[rank] <= steps[deciding]:
            deciding = rank
        value = flat[order[rank]]
        q = min(1.0, float(steps[deciding]))
        if value <= watch or q <= alert:
            found[int(order[rank])] = Discovery(q, order.size, float(flat[order[deciding]]), deciding + 1)
    return found


def null_of(known: Calibration, p: float, mean: float, phi: float) -> WarningNull:
    """The marks between which the p value lies, in the stratum of its series."""
    number = int(calibration.stratum(np.array(mean), np.array(phi)))
    marks, slope = known.quantiles[number], float(known.slopes[number])
    edge = max(float(marks[1]), 1e-300)
    if p < edge:
        return WarningNull(above=edge, share_above=calibration.EXCESS, slope=slope)
    points = np.append(marks[1:], 1.0)
    shares = np.append(calibration.GRID[1:], 1.0)
    place = int(np.clip(np.searchsorted(points, p, side="right"), 1, points.size - 1))
    return WarningNull(
        below=float(points[place - 1]),
        share_below=float(shares[place - 1]),
        above=float(points[place]),
        share_above=float(shares[place]),
        slope=slope,
    )


def calibrated(p: float, null: WarningNull | None) -> float:
    """What a p value means, by the marks."""
    if null is None:
        return p
    if null.below is None:
        beyond = max(0.0, float(np.log(null.above) - np.log(max(p, 1e-300))))
        return float(null.share_above * np.exp(-beyond / null.slope))
    return float(np.interp(p, (null.below, null.above), (null.share_below, null.share_above)))
