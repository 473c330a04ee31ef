"""The assumptions of the economics beside what one's own cohorts say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.insights.cohorts.model import WINDOWS, Again, Watched, bought_again
from services.insights.cohorts.posterior import Belief, prior, updated
from services.insights.cohorts.store import Cohort, together
from services.insights.economics.book import Assumptions
from services.insights.journeys.steps import CLOSED, Step
from services.insights.losses import Band
from shared.rulebooks.parameter import Parameter

BANDS = (Band.MINOR, Band.MAJOR)
"""Those of which shares are assumed."""
WINDOW = max(WINDOWS)
ENDINGS: Mapping[str, frozenset[str]] = {
    "satisfied": frozenset({Step.SATISFIED}),
    "dissatisfied": frozenset(CLOSED - {Step.SATISFIED}),
}
"""By the assumption's name: how those complaints ended whose customers it is about."""
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Learned:
    """One assumption, what was seen of it, and what follows."""

    band: Band
    name: str
    assumed: Parameter
    seen: Again | None
    """None: nobody was watched long enough."""
    belief: Belief
    """The prior alone when nothing was seen."""


def learn(assumed: Assumptions, found: dict[Cohort, Watched]) -> list[Learned]:
    learned = []
    for band in BANDS:
        for name, endings in ENDINGS.items():
            parameter: Parameter = getattr(assumed.repurchase[band], name)
            seen = bought_again(together(found, endings, frozenset({band.value})), WINDOW)
            before = prior(parameter)
            belief = updated(before, seen) if seen else before
            learned.append(Learned(band, name, parameter, seen, belief))
    return learned


def instead(assumed: Assumptions, learned: list[Learned]) -> Assumptions:
    """The assumptions with the posterior in the place of every share of which something was seen."""
    repurchase = dict(assumed.repurchase)
    for each in learned:
        if each.seen is not None:
            changed = {each.name: _parameter(each)}
            repurchase[each.band] = repurchase[each.band].model_copy(update=changed)
    return assumed.model_copy(update={"repurchase": repurchase})


def _parameter(learned: Learned) -> Parameter:
    low, high = learned.belief.interval
    value = learned.belief.mean
    return Parameter(
        value=_share(value),
        low=_share(min(low, value)),
        high=_share(max(high, value)),
        source_en="The assumption, with what own cohorts showed",
        source_zh="假设值，结合本公司顾客的实际再购情况",
    )


def _share(value: float) -> Decimal:
    return Decimal(value).quantize(_PLACES)
