"""Is a problem back after its improvement was closed? Pure.

Either customers tell it again in nearly the same words, or the rate of complaints of its category and product did not
fall. Both are compared exactly with the time before the improvement (`exact`): whoever still tells what a thousand told
before is no sign that it is back, and few complaints are no proof of a rate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.insights.exact import RateRatio, rate_ratio
from services.insights.recurrence.book import RecurredProblems
from shared.events.learning import RecurredBy

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """Complaints of one problem, before and after: by words, or by category and product."""

    improvement_id: UUID
    closed_at: datetime
    by: RecurredBy
    before: int
    """In the days to compare with, up to the opening."""
    after: int
    """Since the closing, those left out whose cause somebody found elsewhere."""
    customers: int
    """Who told those since the closing."""
    evidence: tuple[UUID, ...]
    """Complaints since the closing, the newest first."""


@dataclass(frozen=True, slots=True)
class Recurred:
    """A problem that is back."""

    watched: Watched
    ratio: RateRatio
    days_after: float


def recurred(watched: Iterable[Watched], rules: RecurredProblems, at: datetime) -> list[Recurred]:
    """One finding for each improvement at most, in the order of their ids: the words say more than the rate."""
    found: dict[UUID, Recurred] = {}
    for each in sorted(watched, key=lambda each: (each.improvement_id, each.by is RecurredBy.RATE)):
        if each.improvement_id not in found and each.after and each.closed_at < at:
            days = (at - each.closed_at) / DAY
            ratio = rate_ratio(each.before, each.after, rules.compare_days, days)
            if _is_back(each, ratio, days, rules):
                found[each.improvement_id] = Recurred(each, ratio, days)
    return list(found.values())


def _is_back(watched: Watched, ratio: RateRatio, days: float, rules: RecurredProblems) -> bool:
    fell = ratio.high is not None and ratio.high < 1
    if watched.by is RecurredBy.SAME_WORDS:
        return watched.customers >= rules.least_customers and not (fell and rules.spare_when_fallen)
    enough = watched.after >= rules.least_complaints and days >= rules.least_days
    return enough and not fell and ratio.low > rules.ratio_above
