"""HTTP in: what happened between two moments, beside the time before, for whoever reports on it.

The measures count days in UTC from rollups. A report covers the days of its readers' zone and one department with its
categories, of which there is no rollup: this reads the complaints, once for a whole report.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlalchemy import text

from services.insights.model import DISSATISFIED
from shared import problems
from shared.auth import Principal, may
from shared.events.vocabulary import Kind
from shared.pages import Moment
from shared.service import Ctx, api_router
from shared.text import SoughtText

router = api_router(tags=["measures"])
LONGEST = timedelta(days=366)
DAYS = 14
"""Days of the series that ends with the period."""
NEWEST = 12
CATEGORIES = 50

_PERIOD = text(
    """
WITH c AS (
    SELECT *, leading_id IS NOT NULL AND withdrawn_at IS NULL AND carried_out_at IS NULL AND closed_at IS NULL AS merged
    FROM complaints
    WHERE registered_at IS NOT NULL AND (CAST(:department AS text) IS NULL OR department = :department)
), spans(name, since, until) AS (
    VALUES ('now', CAST(:since AS timestamptz), CAST(:until AS timestamptz)),
           ('before', CAST(:before AS timestamptz), CAST(:since AS timestamptz))
), counted AS (
    SELECT s.name,
        count(*) FILTER (WHERE registered_at >= s.since AND registered_at < s.until) AS received,
        count(*) FILTER (WHERE closed_at >= s.since AND closed_at < s.until) AS closed,
        count(*) FILTER (WHERE closed_at >= s.since AND closed_at < s.until AND outcome = 'satisfied') AS satisfied,
        count(*) FILTER (WHERE closed_at >= s.since AND closed_at < s.until AND kind = ANY(:kinds)) AS dissatisfied,
        count(*) FILTER (WHERE closed_at >= s.since AND closed_at < s.until AND kind = ANY(:kinds)
                         AND outcome = 'satisfied') AS converted,
        count(*) FILTER (WHERE registered_at < s.until AND NOT merged
                         AND (withdrawn_at IS NULL OR withdrawn_at >= s.until)
                         AND (closed_at IS NULL OR closed_at >= s.until)) AS open,
        coalesce(sum((SELECT count(*) FROM unnest(promises_kept_at) AS p(at)
                      WHERE at >= s.since AND at < s.until)), 0)::bigint AS promises_kept,
        coalesce(sum((SELECT count(*) FROM unnest(promises_broken_at) AS p(at)
                      WHERE at >= s.since AND at < s.until)), 0)::bigint AS promises_broken
    FROM spans s LEFT JOIN c ON true GROUP BY s.name
), categories AS (
    SELECT category AS key, count(*) FILTER (WHERE registered_at >= :since) AS now,
           count(*) FILTER (WHERE registered_at < :since) AS before
    FROM c WHERE registered_at >= :before AND registered_at < :until
    GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1 LIMIT :categories
), days AS (
    SELECT CAST(d AS date) AS day,
           (SELECT count(*) FROM c WHERE registered_at >= d AT TIME ZONE :zone
            AND registered_at < (d + interval '1 day') AT TIME ZONE :zone) AS received,
           (SELECT count(*) FROM c WHERE closed_at >= d AT TIME ZONE :zone
            AND closed_at < (d + interval '1 day') AT TIME ZONE :zone) AS closed
    FROM generate_series(CAST(CAST(:first AS date) AS timestamp), CAST(CAST(:last AS date) AS timestamp),
                         interval '1 day') AS d
), newest AS (
    SELECT id AS complaint_id, category, kind FROM c
    WHERE registered_at >= :since AND registered_at < :until AND NOT merged
    ORDER BY registered_at DESC, id DESC LIMIT :newest
)
SELECT (SELECT json_object_agg(name, row_to_json(counted)) FROM counted) AS counts,
       (SELECT coalesce(json_agg(categories), '[]') FROM categories) AS categories,
       (SELECT json_agg(days ORDER BY day) FROM days) AS days,
       (SELECT coalesce(json_agg(newest), '[]') FROM newest) AS newest
"""
)


class PeriodCounts(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    received: int
    """Complaints of every kind."""
    closed: int
    satisfied: int
    """Of `closed`, by the customer's judgement."""
    dissatisfied: int
    """Of `closed`, those that began as a complaint or a criticism ..."""
    converted: int
    """... and of these, those that ended satisfied."""
    open: int
    """Neither merged into others, withdrawn nor closed at the end, as far as is known now."""
    promises_kept: int
    promises_broken: int


class CategoryCounts(BaseModel):
    key: str | None
    """Null while it is not known."""
    now: int
    before: int


class DayCounts(BaseModel):
    day: date
    received: int
    closed: int


class NewComplaint(BaseModel):
    complaint_id: UUID
    category: str | None
    kind: Kind


class PeriodReport(BaseModel):
    """What happened from `since` until before `until`, and in as long a time before."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    since: datetime
    until: datetime
    before_since: datetime
    now: PeriodCounts
    before: PeriodCounts
    categories: list[CategoryCounts]
    """By category of the complaints received, at most 50, the most frequent first."""
    days: list[DayCounts]
    """The last 14 days of the zone, up to the end of the period."""
    newest: list[NewComplaint]
    """The 12 that came last in the period."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            "no zone is called so: use a name such as Asia/Shanghai 没有这个时区，请使用 Asia/Shanghai 之类的名称"
        ) from None
    return name


ZoneName = Annotated[
    str,
    Query(
        max_length=64,
        pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$",
        description="Zone of the days, such as Asia/Shanghai.",
    ),
    AfterValidator(_known_zone),
]


@router.get("/periods", summary="What happened in a period", responses=problems.documented())
async def read_period(
    who: Annotated[Principal, may("measures:read")],
    ctx: Ctx,
    since: Annotated[Moment, Query(examples=["2026-05-11T00:00:00+08:00"])],
    until: Annotated[Moment, Query(examples=["2026-05-12T00:00:00+08:00"])],
    zone: ZoneName = "UTC",
    department: Annotated[SoughtText | None, Query(description="Only its complaints.")] = None,
) -> PeriodReport:
    """Counts, categories and days, each beside the time before. Exact to the moment, unlike the measures, which count
    days in UTC."""
    if not timedelta() < until - since <= LONGEST:
        detail = "`since` must be before `until`, by a year at most. since 必须早于 until，且不超过一年。"
        raise problems.invalid("The period is not valid", detail, field="query/since")
    last = (until - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
    before = since - (until - since)
    given: dict[str, Any] = {
        "since": since,
        "until": until,
        "before": before,
        "zone": zone,
        "department": department,
        "kinds": sorted(DISSATISFIED),
        "first": last - timedelta(days=DAYS - 1),
        "last": last,
        "newest": NEWEST,
        "categories": CATEGORIES,
    }
    async with ctx.database.reading() as connection:
        row = (await connection.execute(_PERIOD, given)).one()
    return PeriodReport(
        since=since,
        until=until,
        before_since=before,
        now=row.counts["now"],
        before=row.counts["before"],
        categories=row.categories,
        days=row.days,
        newest=row.newest,
    )
