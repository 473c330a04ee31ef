"""What p values mean before an installation has a past of its own: as on simulated series without events. Pure.

`null.json` is made by `python -m bench.surveillance --learn`: benchmark A's series (Noufaily et al. 2013), judged from
each length of the past. Once there are enough p values of quiet weeks of one's own, those speak (`learned`).
"""

from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from pydantic_core import from_json

from services.insights.alerts.shapes import WINDOWS
from services.insights.warning import calibration
from services.insights.warning.calibration import Calibration
from services.insights.warning.negbin import Floats

POINTS = 41
"""Of each stratum's quantiles, so many are kept in the file."""
_TINY = 1e-300


def stored(of: Calibration) -> dict[str, Any]:
    """For the file: a few quantiles of each different stratum, and which stratum is which."""
    rows, which = np.unique(
        np.column_stack([of.quantiles[:, [0, *_kept()]], of.slopes]), axis=0, return_inverse=True
    )
    return {
        "strata": [int(each) for each in np.ravel(which)],
        "rows": [[float(f"{value:.4g}") for value in row] for row in rows],
    }


def read(of: dict[str, Any]) -> Calibration:
    """From the file; between its quantiles, logarithms lie on a line."""
    rows = np.array(of["rows"])[np.array(of["strata"])]
    grid = np.log(calibration.GRID[1:])
    places = grid[np.array(_kept()) - 1]
    logs = np.log(np.maximum(rows[:, 1:-1], _TINY))
    marks = np.stack([np.exp(np.interp(grid, places, row)) for row in logs])
    return Calibration(np.column_stack([rows[:, 0], marks]), rows[:, -1])


@cache
def shipped() -> dict[tuple[str, int], Calibration]:
    """By tail (`surge`, `silence`) and window."""
    found = from_json(resources.files("services.insights.alerts").joinpath("null.json").read_bytes())
    return {
        (tail, window): read(found[tail][str(window)]) for tail in ("surge", "silence") for window in WINDOWS
    }


def learned(p: Floats, mean: Floats, phi: Floats) -> Calibration | None:
    """From p values of one's own quiet weeks; None when they are fewer than a stratum needs."""
    return calibration.learn(p, mean, phi) if p.size >= calibration.LEAST else None


def _kept() -> list[int]:
    last = calibration.GRID.size - 1
    return [int(each) for each in np.round(np.linspace(1, last, POINTS))]
