"""HTTP in: what happened between two moments, beside the time before, for whoever reports on it.

The measures count days in UTC. A report covers the days of its readers' zone, to the moment; see `store`.
"""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict

from services.insights.periods import store
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
    async with (
        ctx.database.reading() as connection,
        store.reading(connection, department) as reader,
    ):
        spans = ((since, until), (before, since))
        now, then = [PeriodCounts(**await reader.counts(*span)) for span in spans]
        received, received_before = [await reader.categories(*span) for span in spans]
        days = await reader.days(last - timedelta(days=DAYS - 1), last, zone)
        newest = await reader.newest(since, until, NEWEST)
    categories = [
        CategoryCounts(key=key or None, now=received.get(key, 0), before=received_before.get(key, 0))
        for key in received.keys() | received_before.keys()
    ]
    categories.sort(key=lambda each: (-each.now, -each.before, each.key is None, each.key or ""))
    return PeriodReport(
        since=since,
        until=until,
        before_since=before,
        now=now,
        before=then,
        categories=categories[:CATEGORIES],
        days=[DayCounts(day=day, received=n, closed=closed) for day, n, closed in days],
        newest=[
            NewComplaint(complaint_id=row.complaint_id, category=row.category, kind=row.kind)
            for row in newest
        ],
    )
