"""HTTP in: which complaints may tell the same matter, before one is registered and after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake import found
from services.intake.duplicates import store
from services.intake.duplicates.model import REASONS, Reason, Suggestion
from services.intake.duplicates.telling import telling_of
from services.intake.found import ComplaintId
from services.intake.record.parts import Order, Product
from services.intake.schemas import NewComplaint
from shared import problems
from shared.auth import Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["duplicates"])


class ReasonShown(BaseModel):
    """Why a complaint is suggested."""

    code: Reason
    en: str
    zh: str


class SuggestionShown(BaseModel):
    """A complaint that may tell the same matter."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    reference: str
    registered_at: datetime
    status: str
    leading_id: UUID | None = None
    """The complaint that this one follows: merge into that."""
    score: float
    """From 0.5 to 1: how likely it tells the same matter."""
    reasons: list[ReasonShown]


class Suggestions(BaseModel):
    """The likeliest first; at most ten."""

    items: list[SuggestionShown]

    @classmethod
    def of(cls, found: Sequence[Suggestion]) -> "Suggestions":
        return cls(items=[_shown(suggestion) for suggestion in found])


@router.post(
    "/complaints/check",
    response_model=Suggestions,
    response_model_exclude_none=True,
    summary="Has this been told already?",
    responses=problems.documented(),
)
async def check_complaint(
    told: NewComplaint, who: Annotated[Principal, may("complaints:read")], ctx: Ctx
) -> Suggestions:
    """Complaints that may tell the same matter, for a complaint that is not registered yet. Nothing is stored. A
    complaint can be suggested from about a second after its registration."""
    order, product, customer = told.order or Order(), told.product or Product(), told.customer
    telling = telling_of(
        told.statement.what_went_wrong,
        people={"customer": customer.external_id, "mail": customer.email, "phone": customer.phone},
        order=order.id or order.contract_id,
        products=(product.id, product.name, product.model),
    )
    async with ctx.database.reading() as connection:
        return Suggestions.of(await store.search(connection, telling, ctx.settings.installation_secret))


@router.get(
    "/complaints/{complaint_id}/duplicates",
    response_model=Suggestions,
    response_model_exclude_none=True,
    summary="Which complaints may tell the same matter?",
    responses=problems.documented(404),
)
async def read_duplicates(
    complaint_id: ComplaintId,
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
) -> Suggestions:
    """Suggestions only: whether they are about the same matter, a person decides, who then merges them."""
    secret = ctx.settings.installation_secret
    async with ctx.database.reading() as connection:
        telling = (await store.told(connection, [complaint_id])).get(complaint_id)
        if telling is None:
            raise found.unknown()
        return Suggestions.of(await store.search(connection, telling, secret, but=complaint_id))


def _shown(suggestion: Suggestion) -> SuggestionShown:
    likeness = suggestion.likeness
    return SuggestionShown(
        complaint_id=suggestion.complaint_id,
        reference=suggestion.reference,
        registered_at=suggestion.registered_at,
        status=suggestion.status,
        leading_id=suggestion.leading_id,
        score=likeness.score,
        reasons=[ReasonShown(code=r, en=REASONS[r][0], zh=REASONS[r][1]) for r in likeness.reasons],
    )
