"""HTTP in: whether the rate of complaints fell from one period to another."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.exact import CONFIDENCE, rate_ratio
from services.insights.model import DISSATISFIED
from shared import problems
from shared.auth import Principal, may
from shared.problems import Problem
from shared.service import Ctx, api_router
from shared.text import SoughtText

router: APIRouter = api_router(tags=["measures"])
METHOD = (
    "conditional exact comparison of two Poisson counts (Przyborowski and Wilenski 1940), interval by Clopper and "
    "Pearson (1934)"
)
LONGEST = 3653
"""Days: ten years with their leap days."""

_COUNT = text(
    """
SELECT count(*) FILTER (WHERE registered_at < CAST(:before_to AS timestamptz)
                        AND registered_at >= CAST(:before_from AS timestamptz)) AS before,
       count(*) FILTER (WHERE registered_at < CAST(:after_to AS timestamptz)
                        AND registered_at >= CAST(:after_from AS timestamptz)) AS after
FROM complaints
WHERE registered_at >= least(CAST(:before_from AS timestamptz), CAST(:after_from AS timestamptz))
  AND registered_at < greatest(CAST(:before_to AS timestamptz), CAST(:after_to AS timestamptz))
  AND kind = ANY(CAST(:kinds AS text[])) AND leading_id IS NULL AND withdrawn_at IS NULL
  AND (CAST(:category AS text) IS NULL OR category = :category)
  AND (CAST(:subcategory AS text) IS NULL OR subcategory = :subcategory)
  AND (CAST(:product AS text) IS NULL OR product = :product)
  AND (CAST(:improvement AS uuid) IS NULL OR improvement_id = :improvement)
"""
)

Code = Annotated[str | None, Query(pattern="^[a-z][a-z0-9_]{0,49}$")]
Exposure = Annotated[Decimal | None, Query(gt=0, le=10**12, max_digits=18, decimal_places=6)]


class Period(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    """First day, in UTC."""
    last: Annotated[date, Field(serialization_alias="to")]
    """Last day, in UTC, included."""
    complaints: int
    """Complaints and criticisms received in it; merged and withdrawn ones are not counted."""
    exposure: Decimal
    """What the rate is per: units delivered if the caller knows them, else the days of the period."""


class EffectShown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    before: Period
    after: Period
    rate_ratio: float | None
    """Rate after by rate before; null when there was nothing before."""
    low: float
    high: float | None
    """Null: no upper bound."""
    fell: bool
    """The whole interval lies below 1: only then is it said that the rate fell."""
    confidence: float = CONFIDENCE
    """Of the interval from `low` to `high`."""
    p_value: float
    """Probability of so few or fewer complaints after, had the rate not fallen."""
    method: str = METHOD


@router.get("/effect", summary="Did the rate of complaints fall?", responses=problems.documented())
async def read_effect(
    who: Annotated[Principal, may("measures:read")],
    ctx: Ctx,
    before_from: Annotated[date, Query(examples=["2026-01-01"])],
    before_to: Annotated[date, Query(examples=["2026-03-31"])],
    after_from: Annotated[date, Query(examples=["2026-05-01"])],
    after_to: Annotated[date, Query(examples=["2026-07-29"])],
    category: Code = None,
    subcategory: Code = None,
    product: SoughtText | None = None,
    improvement_id: UUID | None = None,
    exposure_before: Exposure = None,
    exposure_after: Exposure = None,
) -> EffectShown:
    """Complaints of one category, subcategory, product or cause (those joined to an improvement) in two periods, and
    by how much the rate changed, with an exact interval. Counts on the day of receipt."""
    before = _days("before", before_from, before_to)
    after = _days("after", after_from, after_to)
    if before_to >= after_from:
        raise _bad("query/after_from", "The period after begins after the end of the period before.")
    if (exposure_before is None) != (exposure_after is None):
        raise _bad("query/exposure_after", "Give both exposures, in the same unit, or neither.")
    asked: dict[str, object] = {
        "category": category,
        "subcategory": subcategory,
        "product": product,
        "improvement": improvement_id,
    }
    async with ctx.database.reading() as connection:
        n_before, n_after = await _counts(connection, (before_from, before_to), (after_from, after_to), asked)
    t_before, t_after = exposure_before or Decimal(before), exposure_after or Decimal(after)
    found = rate_ratio(n_before, n_after, float(t_before), float(t_after))
    return EffectShown(
        before=Period(first=before_from, last=before_to, complaints=n_before, exposure=t_before),
        after=Period(first=after_from, last=after_to, complaints=n_after, exposure=t_after),
        rate_ratio=found.ratio,
        low=found.low,
        high=found.high,
        fell=found.high is not None and found.high < 1,
        p_value=found.p_value,
    )


async def _counts(
    connection: AsyncConnection, before: tuple[date, date], after: tuple[date, date], asked: dict[str, object]
) -> tuple[int, int]:
    moments = {
        "before_from": _begin(before[0]),
        "before_to": _begin(before[1] + timedelta(days=1)),
        "after_from": _begin(after[0]),
        "after_to": _begin(after[1] + timedelta(days=1)),
    }
    found = await connection.execute(_COUNT, {**moments, **asked, "kinds": sorted(DISSATISFIED)})
    row = found.one()
    return row.before, row.after


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _days(name: str, first: date, last: date) -> int:
    """How many days, both included. Raises a 422 problem that names the field."""
    if not date(1900, 1, 1) <= first <= last <= date(8999, 12, 31):
        raise _bad(f"query/{name}_to", f"`{name}_to` is not before `{name}_from`, and both are after 1900.")
    days = (last - first).days + 1
    if days > LONGEST:
        raise _bad(f"query/{name}_from", f"The period is longer than ten years ({LONGEST} days).")
    return days


def _bad(field: str, detail: str) -> Problem:
    return problems.invalid("The periods are not valid", detail, field=field)
