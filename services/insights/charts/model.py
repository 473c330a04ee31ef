"""Control charts of one series in phases, and the rules by which a point is a signal. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from services.insights.warning import charts
from services.insights.warning.negbin import Floats


class Interval(StrEnum):
    DAY = "day"
    WEEK = "week"

    @property
    def days(self) -> int:
        return 1 if self is Interval.DAY else 7


class Rule(StrEnum):
    """Why a point is a signal."""

    ABOVE = "above_limit"
    BELOW = "below_limit"
    RUN_ABOVE = "run_above_centre"
    RUN_BELOW = "run_below_centre"


NAMES: Mapping[Rule, Mapping[str, str]] = {
    Rule.ABOVE: {"en": "above the upper limit", "zh": "超出控制上限"},
    Rule.BELOW: {"en": "below the lower limit", "zh": "低于控制下限"},
    Rule.RUN_ABOVE: {"en": "a run above the centre", "zh": "连续位于中心线上方"},
    Rule.RUN_BELOW: {"en": "a run below the centre", "zh": "连续位于中心线下方"},
}

SHARES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "satisfied": (("satisfied",), ("closed",)),
    "acceptable": (("satisfied", "acceptable"), ("closed",)),
    "closed_slowly": (("closed_slowly",), ("closed",)),
    "promises_broken": (("promises_broken",), ("promises_kept", "promises_broken")),
    "converted": (("converted",), ("dissatisfied",)),
    "withdrawn": (("withdrawn",), ("received",)),
}
"""By name: the counts that are its numerator, and those that are its denominator."""


@dataclass(frozen=True, slots=True)
class Span:
    """A day or a week, both ends included."""

    first: date
    last: date


def spans(first: date, last: date, step: Interval) -> list[Span]:
    """The days, or the whole weeks from Monday to Sunday, that lie between; a part of a week is left out."""
    begin = first if step is Interval.DAY else first + timedelta(days=-first.weekday() % 7)
    number = max(0, ((last - begin).days + 1) // step.days)
    starts = (begin + timedelta(days=n * step.days) for n in range(number))
    return [Span(start, start + timedelta(days=step.days - 1)) for start in starts]


@dataclass(frozen=True, slots=True)
class Point:
    count: int
    number: float
    rate: float | None
    """None where there was no opportunity."""
    low: float | None
    high: float | None
    signals: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Phase:
    """Points that are judged by each other: a new phase begins where the process was changed on purpose."""

    start: int
    centre: float | None
    """None: nothing was measured."""
    sigma_z: float
    """Variation between neighbours in units of chance: 1 is chance alone."""
    points: tuple[Point, ...]


def chart(
    counts: Sequence[int], numbers: Sequence[float], starts: Sequence[int], *, shares: bool, run_length: int
) -> list[Phase]:
    """Laney's p' chart of counts by numbers, or his u' chart of counts by exposure, for each phase.

    `starts`: the places at which the phases begin, the first of them 0, ascending.
    """
    found = []
    for begin, end in zip(starts, [*starts[1:], len(counts)], strict=True):
        part, number = np.array([counts[begin:end]], float), np.array([numbers[begin:end]], float)
        if not number.sum():
            empty = tuple(Point(int(n), 0.0, None, None, None, ()) for n in counts[begin:end])
            found.append(Phase(begin, None, 1.0, empty))
            continue
        drawn = charts.p_chart(part, number) if shares else charts.u_chart(part, number)
        found.append(_phase(begin, part[0], number[0], drawn, run_length))
    return found


def _phase(begin: int, counts: Floats, numbers: Floats, drawn: charts.Chart, run_length: int) -> Phase:
    rates, low, high, centre = drawn.rate[0], drawn.low[0], drawn.high[0], float(drawn.centre[0])
    points = []
    for n, run in enumerate(_runs(rates, centre)):
        known = numbers[n] > 0
        signals = []
        if known and rates[n] > high[n]:
            signals.append(Rule.ABOVE)
        if known and rates[n] < low[n]:
            signals.append(Rule.BELOW)
        if abs(run) >= run_length:
            signals.append(Rule.RUN_ABOVE if run > 0 else Rule.RUN_BELOW)
        rate, below, above = (float(each[n]) if known else None for each in (rates, low, high))
        points.append(Point(int(counts[n]), float(numbers[n]), rate, below, above, tuple(signals)))
    return Phase(begin, centre, float(drawn.sigma_z[0]), tuple(points))


def _runs(rates: Floats, centre: float) -> Iterator[int]:
    """For each point how many in succession, up to it, lie on its side; negative below. One on the centre ends a run,
    one where nothing was measured is passed over."""
    run = 0
    for rate in rates:
        if np.isnan(rate):
            yield 0
            continue
        side = int(np.sign(rate - centre))
        run = run + side if side * run > 0 else side
        yield run
