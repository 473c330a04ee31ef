"""What customers need and do not say: rising wishes, and what they take for granted. Pure.

Kano et al., Journal of the Japanese Society for Quality Control 14(2):39, 1984, read from what complaints say instead
of from a questionnaire: what makes people leave where it is missing, and is never praised where it is there, must be;
what is praised, and for want of which nobody leaves, attracts.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.insights.cues.model import Facet
from services.insights.voices.book import LatentNeeds
from services.insights.voices.sums import Group
from services.insights.voices.trend import Trend, trend
from shared.shares import Interval, wilson


class Kano(StrEnum):
    """How customers take a quality."""

    MUST_BE = "must_be"
    """Taken for granted (当然质量): its absence drives people away, its presence is not noticed."""
    ONE_DIMENSIONAL = "one_dimensional"
    """The more the better (一元质量)."""
    ATTRACTIVE = "attractive"
    """A pleasant surprise (魅力质量): praised, and nobody leaves for want of it."""
    INDIFFERENT = "indifferent"
    UNCLEAR = "unclear"
    """Too few complaints speak of it."""


@dataclass(frozen=True)
class Need:
    """One thing in which customers were disappointed."""

    facet: Facet
    complaints: int
    """Of dissatisfied customers, those that name it."""
    leaving: Interval
    """Share of them that leave, or tell others to stay away."""
    praised: int
    """Complaints that say that it was good."""
    praise: Interval
    """Share of those among all that speak of it."""
    wished: int
    """Complaints that name it and wish for something."""
    uncoded: int
    """Of these, those to which the taxonomy has given no place."""
    trend: Trend | None
    """Of its share among the complaints with a wish and without a place."""
    kano: Kano


def needs(everything: Group, uncoded: Group, thresholds: LatentNeeds) -> list[Need]:
    """One for each facet that was named or praised, the most frequent first. `uncoded` are the complaints that have no
    place in the taxonomy."""
    named = sorted({*everything.names("facet"), *everything.names("praised")})
    found = [_need(Facet(name), everything, uncoded, thresholds) for name in named]
    return sorted(found, key=lambda need: (-need.complaints, need.facet))


def _need(facet: Facet, everything: Group, uncoded: Group, thresholds: LatentNeeds) -> Need:
    complaints, praised = everything.n("facet", facet), everything.n("praised", facet)
    leaving = wilson(everything.n("facet_churn", facet), complaints)
    praise = wilson(praised, complaints + praised)
    return Need(
        facet=facet,
        complaints=complaints,
        leaving=leaving,
        praised=praised,
        praise=praise,
        wished=everything.n("facet_wished", facet),
        uncoded=uncoded.n("facet_wished", facet),
        trend=trend(uncoded.of("facet_wished", facet), uncoded.of("wish")),
        kano=_kano(complaints + praised, leaving, praise, _leaving(everything), thresholds),
    )


def _leaving(everything: Group) -> float:
    """Share that leaves among all that speak."""
    heard = everything.n("heard")
    return everything.n("churn") / heard if heard else 0.0


def _kano(speak: int, leaving: Interval, praise: Interval, usual: float, thresholds: LatentNeeds) -> Kano:
    if speak < thresholds.smallest:
        return Kano.UNCLEAR
    noticed = praise.low >= thresholds.praised
    if leaving.low > usual:
        return Kano.ONE_DIMENSIONAL if noticed else Kano.MUST_BE
    return Kano.ATTRACTIVE if noticed else Kano.INDIFFERENT
