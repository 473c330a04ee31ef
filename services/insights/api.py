"""HTTP in: the rooms of insights, and one complaint's row."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict

from services.insights import rollups
from services.insights.alerts.api import router as alerts
from services.insights.alerts.exposures_api import router as exposures
from services.insights.alerts.pairs_api import router as pairs
from services.insights.attribution.api import router as attribution
from services.insights.books import BOOKS
from services.insights.charts.api import router as charts
from services.insights.cohorts.api import router as cohorts
from services.insights.cues.api import router as cues
from services.insights.economics.api import router as economics
from services.insights.effect import router as effect
from services.insights.fairness.api import router as fairness
from services.insights.forecast.api import router as forecast
from services.insights.hazards.api import router as hazards
from services.insights.journeys.api import router as journeys
from services.insights.lived import benefits, devoted
from services.insights.losses import Band
from services.insights.measures.api import router as measures
from services.insights.model import Facts
from services.insights.pages.api import router as pages
from services.insights.periods.api import router as periods
from services.insights.ranges import Reader
from services.insights.recurrence.api import router as recurrence
from services.insights.reputation.api import router as reputation
from services.insights.suggestions.api import router as suggestions
from services.insights.topics.api import router as topics
from services.insights.training.api import router as training
from services.insights.voices.api import router as voices
from shared import problems
from shared.events.vocabulary import (
    Channel,
    Emotion,
    GapSource,
    Kind,
    Language,
    Medium,
    Outcome,
    SaleMode,
    SaleStep,
    Severity,
    Standing,
)
from shared.rulebooks import api as rulebooks
from shared.service import Ctx, api_router

router = api_router(tags=["measures"])
ROOMS = (
    measures,
    effect,
    economics,
    periods,
    cues,
    charts,
    journeys,
    cohorts,
    alerts,
    exposures,
    pairs,
    topics,
    recurrence,
    voices,
    training,
    hazards,
    suggestions,
    fairness,
    pages,
    forecast,
    attribution,
    reputation,
    rulebooks.routes(*BOOKS),
)
for room in ROOMS:
    router.include_router(room)


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
    claimed: Decimal | None
    """The loss itself, in yuan."""
    customer_id: UUID | None
    region: str | None
    batch: str | None
    supplier: str | None
    standing: Standing | None
    key_account: bool | None
    sale_step: SaleStep | None
    """In which the trouble began."""
    sale_mode: SaleMode | None
    gap_source: GapSource | None
    """Where the difference between what was expected and what was got comes from."""
    public_at: datetime | None
    """Since when it stands in public."""
    leading_id: UUID | None
    contacts: int
    """Times the customer came back with more after the registration."""
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
    acknowledgements_timed: int
    acknowledgement_seconds: int
    """Sum over `acknowledgements_timed`, from the issue of the notice."""
    risks_raised: int
    notices_issued: int
    opened_at: datetime | None
    accepted_at: datetime | None
    accepted_by: str | None
    valid: bool | None
    judged_at: datetime | None
    offer_rounds: int
    offered: Decimal | None
    """Value of the best offer of the newest round, in yuan."""
    offered_material: bool | None
    """Whether anything material was in it."""
    agreed_at: datetime | None
    carried_out_at: datetime | None
    """Null again while the case is resumed."""
    updates: int
    """Times a person told the customer how things stand, before the result."""
    follow_ups: int
    resumed: int
    resumed_at: datetime | None
    first_closed_at: datetime | None
    reopened_at: datetime | None
    """When work began again after a closing, last."""
    escalations: int
    passed_on: int
    """Times it was passed on although it was minor."""
    overdue_since: datetime | None
    """When it missed a promise or the time for its solution, first; null once there is a result."""
    corrected_at: datetime | None
    reviewed_at: datetime | None
    closed_at: datetime | None
    outcome: Outcome | None
    withdrawn_at: datetime | None
    improvement_id: UUID | None
    """The improvement that removes its cause, joined last."""
    promises_made: int
    promises_kept_at: list[datetime]
    promises_broken_at: list[datetime]
    responded_at: datetime | None
    """When a person first told the customer something."""
    emotion_first: Emotion | None
    emotion_last: Emotion | None
    surveyed_at: datetime | None
    rating: int | None
    """1 to 5, by survey, like `process_rating` and `effort`."""
    process_rating: int | None
    effort: int | None
    recommendation: int | None
    """0 to 10."""
    repurchase: bool | None
    trust_said: bool | None
    """By survey."""
    messages_delivered: int
    messages_failed: int
    benefits: list[str]
    """What it did good, of the five benefits; of a closed complaint."""
    devoted: bool
    """The customer has become extremely loyal: stay in touch with them."""


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
    facts = Facts(**row)
    closed = facts.closed_at is not None
    did_good = list(benefits(facts)) if closed else []
    return ComplaintFacts(**row, benefits=did_good, devoted=closed and devoted(facts))
