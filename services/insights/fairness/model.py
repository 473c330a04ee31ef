"""A fairness audit: every group against all others, like with like, and what may be said of it. Pure.

Like is: the same category, severity, band of the loss and quarter; of loads the department, except where departments
and layers are compared. A case that lacks one of them is like those that lack it, too. A case of which it is not known
to which group it belongs is left out of that comparison.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import log, log1p

import numpy as np
from numpy.typing import NDArray

from services.insights.fairness import ranks, shares, times
from services.insights.fairness.book import AuditRules
from services.insights.fairness.estimate import Codes, Estimate, Flags, Floats, matched
from services.insights.fairness.measures import MEASURES, MeasureId, Sort
from services.insights.warning.discovery import q_values

NDArrayOfText = NDArray[np.str_]
Stratum = tuple[str, ...]
NUMBERS = {Sort.SHARE: shares.NUMBERS, Sort.RANK: ranks.NUMBERS, Sort.TIME: times.NUMBERS}
_ESTIMATES = {Sort.SHARE: shares.estimate, Sort.RANK: ranks.estimate, Sort.TIME: times.estimate}


class FairnessVerdict(StrEnum):
    """What may be said of one comparison."""

    DISPARITY = "disparity"
    """They differ, by more than matters, and it is hardly chance among all that was looked at."""
    SLIGHT = "slight"
    """They differ, but by less than matters."""
    ALIKE = "alike"
    """The whole 90 % interval lies within what matters."""
    TOO_FEW = "too_few"
    """The cases are too few to say either."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen of one measure: arrays of one length."""

    strata: Codes
    values: Floats
    """A share: 1 or 0; an amount; seconds."""
    happened: Flags
    """Of times: whether it has happened; else always."""
    groups: Mapping[str, NDArrayOfText]
    """Of each characteristic the group of each case; '' while it is not known."""
    people: NDArrayOfText | None = None
    """Of staff: whose case it is. Counted, and never shown."""
    strata_of: Mapping[str, Codes] = field(default_factory=dict)
    """Characteristics by which groups are compared in strata of their own."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group against all others that are known, by one measure."""

    characteristic: str
    group: str
    measure: MeasureId
    n: int
    n_others: int
    """Cases that have their like on the other side."""
    left_out: int
    """Cases that have not."""
    strata: tuple[tuple[Stratum, tuple[float, ...]], ...] = ()
    """The numbers from which the estimate is made, by stratum; named in NUMBERS."""
    median: float | None = None
    median_others: float | None = None
    """Of times, in seconds, in the group's mix of strata; None: less than half has happened."""
    estimate: Estimate | None = None
    q_value: float | None = None
    tolerance: float = 0.0
    verdict: FairnessVerdict = FairnessVerdict.TOO_FEW

    @property
    def worse(self) -> bool | None:
        """Is the group treated worse than the others? None: nothing is known."""
        if self.estimate is None:
            return None
        kind = MEASURES[self.measure]
        return (self.estimate.value < kind.sort.equal) is kind.more_is_better


def audit(
    samples: Mapping[MeasureId, Sample], strata: Sequence[Stratum], rules: AuditRules
) -> list[Comparison]:
    """All comparisons of one audit, judged together. Strata are named by their code's place."""
    found = [
        compare(sample, strata, characteristic, group, measure, rules)
        for measure, sample in samples.items()
        for characteristic in sample.groups
        for group in groups_of(sample.groups[characteristic], rules.most_groups)
    ]
    p = np.array([c.estimate.p_value if c.estimate else np.nan for c in found], dtype=np.float64)
    return [judged(c, float(q), float(rules.limit)) for c, q in zip(found, q_values(p), strict=True)]


def groups_of(known: NDArrayOfText, most: int) -> Iterator[str]:
    """Those to compare with the others: the largest, by name. Of two it is one, because the other says the same."""
    counts = Counter(known[known != ""].tolist())
    if len(counts) < 2:
        return
    largest = sorted(sorted(counts), key=lambda each: -counts[each])[:most]
    yield from sorted(counts)[:1] if len(counts) == 2 else sorted(largest)


def compare(
    sample: Sample,
    names: Sequence[Stratum],
    characteristic: str,
    group: str,
    measure: MeasureId,
    rules: AuditRules,
) -> Comparison:
    """Not judged yet: that needs all of the audit."""
    among = sample.groups[characteristic]
    known = among != ""
    strata = sample.strata_of.get(characteristic, sample.strata)[known]
    is_group = (among == group)[known]
    alike = matched(strata, is_group)
    strata, mine = strata[alike], is_group[alike]
    values, happened = sample.values[known][alike], sample.happened[known][alike]
    n, n_others = int(mine.sum()), int((~mine).sum())
    kind = MEASURES[measure]
    bare = Comparison(
        *(characteristic, group, measure, n, n_others, int(known.sum()) - n - n_others),
        tolerance=float(rules.tolerances[measure]),
    )
    if min(n, n_others) < rules.least or not _many_people(sample, known, alike, mine, rules.least_people):
        return bare
    codes = np.unique(strata)
    rows = _numbers(kind.sort, strata, mine, values, happened)[codes]
    kept = tuple((names[code], tuple(map(float, row))) for code, row in zip(codes, rows, strict=True))
    if kind.sort is Sort.TIME:
        weight = times.weights(strata, mine)
        bare = replace(
            bare,
            median=times.median(values[mine], happened[mine], weight[mine]),
            median_others=times.median(values[~mine], happened[~mine], weight[~mine]),
        )
    return replace(bare, strata=kept, estimate=estimate_of(kind.sort, rows))


def _many_people(sample: Sample, known: Flags, alike: Flags, mine: Flags, least: int) -> bool:
    if sample.people is None:
        return True
    people = sample.people[known][alike]
    return min(np.unique(people[mine]).size, np.unique(people[~mine]).size) >= least


def _numbers(sort: Sort, strata: Codes, group: Flags, values: Floats, happened: Flags) -> Floats:
    if sort is Sort.SHARE:
        return shares.numbers(strata, group, values > 0)
    if sort is Sort.RANK:
        return ranks.numbers(strata, group, values)
    return times.numbers(strata, group, values, happened)


def estimate_of(sort: Sort, rows: Floats) -> Estimate | None:
    """Again from the numbers that were kept of the strata."""
    return _ESTIMATES[sort](rows)


def judged(comparison: Comparison, q_value: float, limit: float) -> Comparison:
    """With what may be said of it."""
    found = comparison.estimate
    if found is None:
        return comparison
    ratio = MEASURES[comparison.measure].sort is Sort.TIME
    margin = log1p(comparison.tolerance) if ratio else comparison.tolerance
    value, low, high = (
        abs(log(each)) if ratio else abs(each) for each in (found.value, found.inner_low, found.inner_high)
    )
    if q_value <= limit and value >= margin:
        verdict = FairnessVerdict.DISPARITY
    elif max(low, high) <= margin:
        verdict = FairnessVerdict.ALIKE
    else:
        verdict = FairnessVerdict.SLIGHT if q_value <= limit else FairnessVerdict.TOO_FEW
    return replace(comparison, q_value=q_value, verdict=verdict)
