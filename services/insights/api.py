"""HTTP in: the measures, their catalogue, and one complaint's row."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.insights import rollups
from services.insights.books import BOOKS
from services.insights.charts.api import router as charts
from services.insights.cohorts.api import router as cohorts
from services.insights.cues.api import router as cues
from services.insights.durations import RELATIVE_ERROR
from services.insights.economics.api import router as economics
from services.insights.effect import router as effect
from services.insights.forecast.api import router as forecast
from services.insights.journeys.api import router as journeys
from services.insights.losses import Band
from services.insights.measures import MEASURES, Direction, Measure, Status, Totals, Unit
from services.insights.periods import router as periods
from services.insights.ranges import First, Last, Reader, checked
from shared import clock, problems
from shared.events.vocabulary import Channel, Kind, Language, Medium, Outcome, Severity, Standing
from shared.rulebooks import api as rulebooks
from shared.service import Ctx, api_router

router = api_router(tags=["measures"])
for room in (effect, economics, periods, cues, charts, journeys, cohorts, forecast, rulebooks.routes(*BOOKS)):
    router.include_router(room)


class By(StrEnum):
    """What the answer is broken down by; `none` gives one group."""

    NONE = "none"
    DAY = "day"
    CATEGORY = "category"
    SEVERITY = "severity"
    DEPARTMENT = "department"
    CHANNEL = "channel"
    PRODUCT = "product"
    REGION = "region"
    HANDLER = "handler"


class Name(BaseModel):
    en: str
    zh: str


class CatalogueEntry(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    id: Annotated[str, Field(examples=["handling_time_p90"])]
    name: Name
    formula: str
    """How it is made, in words."""
    unit: Unit
    target: float | None
    direction: Direction | None
    """Which way is better; absent where there is no target."""
    requirement: str
    """Row of the requirements that asks for it."""


class Catalogue(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[CatalogueEntry]
    quantile_error: float = RELATIVE_ERROR
    """Furthest that a handling time quantile lies from the true one, as a share of it."""


class Reading(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    measure: Annotated[str, Field(examples=["acceptable_rate"])]
    """Id in the catalogue."""
    value: Annotated[float | None, Field(examples=[0.925])]
    """Null when there was nothing to measure."""
    unit: Unit
    target: Annotated[float | None, Field(examples=[0.9])]
    status: Status
    numerator: int | None = None
    denominator: int | None = None
    at_least: bool = False
    """The true value is this or more: too many complaints are still open to tell."""


class Group(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    key: Annotated[str | None, Field(examples=["delivery"])]
    """The day, category, severity, department, channel, product, region or handler; null where it is not known yet,
    and for by=none."""
    measures: list[Reading]


class Measures(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    """First day, in UTC."""
    last: Annotated[date, Field(serialization_alias="to")]
    """Last day, in UTC, included."""
    by: By
    groups: list[Group]


class ComplaintFacts(BaseModel):
    """What the events have told of one complaint so far; null is what they have not."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    registered_at: datetime | None
    kind: Kind | None
    medium: Medium | None
    channel: Channel | None
    language: Language | None
    product: str | None
    loss: Band | None
    """Size of the loss that the customer named."""
    customer_id: UUID | None
    region: str | None
    batch: str | None
    supplier: str | None
    standing: Standing | None
    key_account: bool | None
    leading_id: UUID | None
    offer_chosen_at: datetime | None
    offers_declined: int
    opinion: Outcome | None
    opinion_at: datetime | None
    severity: Severity | None
    category: str | None
    subcategory: str | None
    """As a person coded it."""
    triaged_at: datetime | None
    triaged_automatically: bool | None
    referred_at: datetime | None
    department: str | None
    handler_id: str | None
    assigned_at: datetime | None
    assignments: int
    notices_acknowledged: int
    risks_raised: int
    notices_issued: int
    opened_at: datetime | None
    accepted_at: datetime | None
    accepted_by: str | None
    valid: bool | None
    judged_at: datetime | None
    offer_rounds: int
    agreed_at: datetime | None
    carried_out_at: datetime | None
    """Null again while the case is resumed."""
    updates: int
    """Times a person told the customer how things stand, before the result."""
    follow_ups: int
    resumed: int
    closed_at: datetime | None
    outcome: Outcome | None
    withdrawn_at: datetime | None
    improvement_id: UUID | None
    """The improvement that removes its cause, joined last."""
    promises_made: int
    promises_kept_at: list[datetime]
    promises_broken_at: list[datetime]
    messages_delivered: int
    messages_failed: int


@router.get("/measures/catalogue", summary="What is measured", responses=problems.documented())
async def read_catalogue(who: Reader) -> Catalogue:
    """Every measure with its formula in words, its unit, its target and which way is better."""
    return Catalogue(
        items=[
            CatalogueEntry(
                id=m.id,
                name=Name(**m.name),
                formula=m.formula,
                unit=m.unit,
                target=m.target,
                direction=m.direction,
                requirement=m.requirement,
            )
            for m in MEASURES
        ]
    )


@router.get("/measures", summary="The measures of a range of days", responses=problems.documented())
async def read_measures(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    by: Annotated[By, Query(description="Break down by.")] = By.NONE,
) -> Measures:
    """Values, targets and whether they are met, for the whole or by group.

    Answered from sums per day: the cost depends on the length of the range and the number of groups, not on
    the number of complaints. Handling times, handling rate and conversion follow the complaints *received* in
    the range up to now; closings, satisfaction, triage and promises count on the day they happened.
    """
    now = clock.now()
    first, last = checked(first, last, now.astimezone(UTC).date())
    async with ctx.database.reading() as connection:
        groups = await rollups.totals(connection, by, first, last, now)
    keys = sorted(groups, key=lambda key: (key == "", key))  # what is not known yet comes last
    return Measures(
        first=first,
        last=last,
        by=by,
        groups=[
            Group(key=key or None, measures=[_reading(m, groups[key]) for m in MEASURES]) for key in keys
        ],
    )


@router.get(
    "/complaints/{complaint_id}", summary="What is known of one complaint", responses=problems.documented(404)
)
async def read_complaint(
    who: Reader,
    ctx: Ctx,
    complaint_id: Annotated[UUID, Path(examples=["01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"])],
) -> ComplaintFacts:
    """The row behind the measures: the story of one complaint in times and counts, without personal data."""
    async with ctx.database.reading() as connection:
        row = await rollups.complaint(connection, complaint_id)
    if row is None:
        raise problems.not_found("complaint", "path/complaint_id")
    return ComplaintFacts(**row)


def _reading(measure: Measure, totals: Totals) -> Reading:
    value = measure.of(totals)
    return Reading(
        measure=measure.id,
        value=None if value is None else value.value,
        unit=measure.unit,
        target=measure.target,
        status=measure.status(value),
        numerator=value.numerator if value else None,
        denominator=value.denominator if value else None,
        at_least=bool(value and value.at_least),
    )
