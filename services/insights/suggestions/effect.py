"""Did it help? What the suggestion is about, counted before it was made and since it was carried out."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.exact import rate_ratio
from services.insights.suggestions.evidence import counted
from services.insights.suggestions.model import Course, Suggestion, SuggestionAction
from shared import driver
from shared.database import sql

_IMPROVEMENT = sql("SELECT opened_at, closed_at FROM improvements WHERE id = :id")
_BACK = sql("SELECT max(found_at) AS at FROM recurred_problems WHERE improvement_id = :id")


@dataclass(frozen=True, slots=True)
class Effect:
    """Two counts, each of so many cases or in so many days, and the ratio of their rates."""

    since: datetime
    until: datetime
    before: int
    exposure_before: float
    after: int
    exposure_after: float
    rate_ratio: float | None
    low: float
    high: float | None
    fell: bool
    p_value: float

    def told(self) -> dict[str, Any]:
        return asdict(self) | {"since": self.since.isoformat(), "until": self.until.isoformat()}


async def course(connection: AsyncConnection, of: Suggestion) -> Course:
    if of.improvement_id is None:
        return Course()
    asked = {"id": of.improvement_id}
    row = (await driver.run(connection, _IMPROVEMENT, asked)).first()
    back = (await driver.run(connection, _BACK, asked)).one()
    return Course(row.opened_at, row.closed_at, back.at) if row else Course(back_at=back.at)


def since_when(of: Suggestion, course: Course) -> datetime | None:
    """From when on it could help; None before it is carried out. What was counted before it was made is not counted
    again: its first day may be the day of the suggestion."""
    if of.action is SuggestionAction.IMPROVEMENT:
        return course.closed_at
    return max(of.made_at, datetime.combine(of.in_force_on, time(), UTC)) if of.in_force_on else None


async def effect(
    connection: AsyncConnection, of: Suggestion, since: datetime, now: datetime
) -> Effect | None:
    """None while there is nothing to compare: no case, or no time has passed."""
    if since >= now:
        return None
    first = of.made_at - timedelta(days=of.days)
    before, exposure_before = await counted(connection, of.source, of.subject, first, of.made_at)
    after, exposure_after = await counted(connection, of.source, of.subject, since, now)
    if exposure_before <= 0 or exposure_after <= 0:
        return None
    found = rate_ratio(before, after, exposure_before, exposure_after)
    return Effect(
        since=since,
        until=now,
        before=before,
        exposure_before=exposure_before,
        after=after,
        exposure_after=exposure_after,
        rate_ratio=found.ratio,
        low=found.low,
        high=found.high,
        fell=found.high is not None and found.high < 1,
        p_value=found.p_value,
    )
