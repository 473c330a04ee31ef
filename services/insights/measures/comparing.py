"""People compared fairly: what they reached beside what anybody would have with the same cases. Pure.

Indirect standardisation: the expected count of a person is the sum over strata of (cases of the person) x (rate of all
people in the stratum). The interval is the mid-p interval of a binomial count (Berry and Armitage, The Statistician 44,
1995), divided by the expected count, which is taken as known. The shrunk ratio is the empirical Bayes estimate with the
variance between people by the method of moments (DerSimonian and Laird, Controlled Clinical Trials 7, 1986). The limits
of the funnel are exact binomial ones at 95 % and 99.8 % (Spiegelhalter, Statistics in Medicine 24, 2005).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scipy.optimize import brentq
from scipy.stats import binom

CONFIDENCE = 0.95
WIDE = 0.998
"""Outside of these limits chance alone is an unlikely reason, even when many people are looked at."""

Stratum = tuple[str, ...]
Cases = Mapping[str, Mapping[Stratum, tuple[int, int]]]
"""By person and stratum: (how many counted, of how many)."""


class CaseMixVerdict(StrEnum):
    """What can be said of a person's count."""

    AS_EXPECTED = "as_expected"
    MORE = "more"
    FEWER = "fewer"
    TOO_FEW = "too_few"
    """Too few cases to say anything."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which the ratio lies by chance."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """One person. Ratios are observed by expected: 1 is what anybody would reach with the same cases."""

    person: str
    observed: int
    of: int
    expected: float
    verdict: CaseMixVerdict
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    shrunk: float | None = None
    """Drawn towards 1, the more the fewer cases there are."""
    funnel: Limits | None = None
    """95 %."""
    funnel_wide: Limits | None = None
    """99.8 %."""


def compare(cases: Cases, fewest: int) -> list[Standing]:
    """By the persons' ids: in no order of what they reached. Nothing but the counts is said below `fewest` cases."""
    expected = expectations(cases)
    totals = {
        person: (sum(observed for observed, _ in strata.values()), sum(n for _, n in strata.values()))
        for person, strata in cases.items()
    }
    enough = {
        person: (observed, n, expected[person])
        for person, (observed, n) in totals.items()
        if n >= fewest and 0 < expected[person] < n
    }
    between = variance_between(enough.values())
    return [
        _standing(person, *enough[person], between)
        if person in enough
        else Standing(person, *totals[person], expected[person], CaseMixVerdict.TOO_FEW)
        for person in sorted(totals)
    ]


def expectations(cases: Cases) -> dict[str, float]:
    """Of each person; over all people together they are what was observed."""
    everybody: defaultdict[Stratum, list[int]] = defaultdict(lambda: [0, 0])
    for strata in cases.values():
        for stratum, (observed, n) in strata.items():
            everybody[stratum][0] += observed
            everybody[stratum][1] += n
    rates = {stratum: observed / n for stratum, (observed, n) in everybody.items() if n}
    return {
        person: sum(n * rates[stratum] for stratum, (_, n) in strata.items() if n)
        for person, strata in cases.items()
    }


def _chance(n: int, expected: float) -> float:
    """Variance of the ratio when only chance is at work."""
    return (1 - expected / n) / expected


def variance_between(people: Iterable[tuple[int, int, float]]) -> float:
    """Of the true ratios of people, each (observed, of, expected); 0 when chance explains all differences."""
    known = [(observed / expected, 1 / _chance(n, expected)) for observed, n, expected in people]
    if len(known) < 2:
        return 0.0
    weight = sum(w for _, w in known)
    mean = sum(r * w for r, w in known) / weight
    spread = sum(w * (r - mean) ** 2 for r, w in known)
    scale = weight - sum(w * w for _, w in known) / weight
    return max(0.0, (spread - (len(known) - 1)) / scale)


def _standing(person: str, observed: int, n: int, expected: float, between: float) -> Standing:
    ratio = observed / expected
    low, high = mid_p(observed, n)
    funnel, wide = (_funnel(n, expected, share) for share in (CONFIDENCE, WIDE))
    verdict = CaseMixVerdict.AS_EXPECTED
    if not wide.low <= ratio <= wide.high:
        verdict = CaseMixVerdict.MORE if ratio > 1 else CaseMixVerdict.FEWER
    return Standing(
        person,
        observed,
        n,
        expected,
        verdict,
        ratio=ratio,
        low=low * n / expected,
        high=high * n / expected,
        shrunk=1 + between / (between + _chance(n, expected)) * (ratio - 1),
        funnel=funnel,
        funnel_wide=wide,
    )


def mid_p(observed: int, n: int) -> tuple[float, float]:
    """The interval of a share: half of the chance of what was observed counts to either side."""
    tail = (1 - CONFIDENCE) / 2

    def at_most(share: float) -> float:
        return float(binom.cdf(observed, n, share) - binom.pmf(observed, n, share) / 2)

    low = 0.0 if observed == 0 else brentq(lambda share: at_most(share) - (1 - tail), 0, 1)
    high = 1.0 if observed == n else brentq(lambda share: at_most(share) - tail, 0, 1)
    return float(low), float(high)


def _funnel(n: int, expected: float, share: float) -> Limits:
    tail = (1 - share) / 2
    low, high = (float(binom.ppf(tail_, n, expected / n)) / expected for tail_ in (tail, 1 - tail))
    return Limits(low, high)
