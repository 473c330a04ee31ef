"""HTTP in: complaints, for enterprise systems and agents. Customers come through `tracking.py`."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import from_json, to_json
from sqlalchemy import select

from services.intake import contacts, found, holder, progress, tracking
from services.intake.attachments import api as attachments
from services.intake.attachments import tracking as attachments_tracking
from services.intake.books import BOOKS
from services.intake.channels.api import router as channels
from services.intake.coding.api import router as coding
from services.intake.coding.orientation import router as orientation
from services.intake.dialogue import api as dialogue
from services.intake.dialogue import tracking as dialogue_tracking
from services.intake.door import Door
from services.intake.duplicates import api as duplicates_api
from services.intake.found import ComplaintId
from services.intake.imports.api import router as imports
from services.intake.merging import api as merging_api
from services.intake.merging import store as merging_store
from services.intake.purchases.api import router as purchases
from services.intake.reach.api import router as reach
from services.intake.record import shown
from services.intake.record.api import router as additions
from services.intake.registration import register, tracking_url
from services.intake.schemas import (
    Complaint,
    ComplaintSummary,
    NewComplaint,
    Registered,
)
from services.intake.store import complaints, merges, views
from services.intake.vault import api as vault
from services.intake.vault import tracking as vault_tracking
from shared import clock, idempotency, pages, problems
from shared.auth import Principal, may
from shared.direct import DirectRoute
from shared.idempotency import Answer, Claim, IdempotencyKey
from shared.reference import normalised
from shared.rulebooks import api as rulebooks
from shared.service import Context, Ctx, api_router
from shared.tracking import tracking_token

direct = APIRouter(route_class=DirectRoute)


@direct.post(
    "/complaints",
    status_code=201,
    response_model=Registered,
    tags=["complaints"],
    summary="Register a complaint",
    responses=problems.documented(422),
)
async def register_complaint(
    told: NewComplaint,
    request: Request,
    who: Annotated[Principal, may("complaints:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Record a complaint in the customer's own words. The answer comes when it can no longer be lost.

    Send an `Idempotency-Key` and repeat the request with it until you have an answer: it is registered once.
    """
    registration = register(told, who.id, clock.now())
    claim = None
    if key is not None:
        print_ = idempotency.fingerprint("POST", request.scope["path"], await request.body())
        claim = Claim(who.id, key, print_)
    answer, replayed = await ctx.part(Door).register(registration, claim)
    return _with_token(ctx, answer).response(replayed=replayed)


def _with_token(ctx: Context, stored: Answer) -> Answer:
    """The stored answer holds no token, so that the idempotency table gives nobody access to a case."""
    told: dict[str, Any] = from_json(stored.body)
    token = tracking_token(ctx.settings.installation_secret, UUID(told["id"]))
    url = tracking_url(ctx.settings.base_url, told["reference"], token)
    # Two more members before the brace: cheaper than to write all of them again.
    more = to_json({"tracking_token": token, "tracking_url": url})
    return Answer(stored.status, stored.body[:-1] + b"," + more[1:])


# Routes are tried in order: the busiest comes first, before those of tracking.
router = api_router(routes=direct.routes)


@router.get(
    "/complaints",
    response_model=pages.Page[ComplaintSummary],
    response_model_exclude_none=True,
    tags=["complaints"],
    summary="List complaints, newest first",
    responses=problems.documented(),
)
async def list_complaints(
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
    reference: Annotated[
        str | None, Query(max_length=40, description="Only this one.", examples=["RD-7K3M9QXT-B"])
    ] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[ComplaintSummary]:
    """One page of complaints; follow `next` for more."""
    query = (
        select(complaints, views.c.status, views.c.category, views.c.severity, merges.c.leading_id)
        .outerjoin(views, views.c.complaint_id == complaints.c.id)
        .outerjoin(merges, (merges.c.complaint_id == complaints.c.id) & merges.c.separated_at.is_(None))
    )
    if reference is not None:
        query = query.where(complaints.c.reference == normalised(reference))
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: ComplaintSummary(**{**row, "status": row["status"] or "registered"}),
            complaints.c.registered_at,
            complaints.c.id,
            newest_first=True,
        )


@router.get(
    "/complaints/{complaint_id}",
    response_model=Complaint,
    response_model_exclude_none=True,
    tags=["complaints"],
    summary="Read a complaint, personal data masked",
    responses=problems.documented(404),
)
async def read_complaint(
    complaint_id: ComplaintId, who: Annotated[Principal, may("complaints:read")], ctx: Ctx
) -> Complaint:
    """The complaint as it is known now, with what identifies the customer masked."""
    async with ctx.database.reading() as connection:
        record = await found.record(connection, complaint_id)
        seen = await connection.execute(select(views).where(views.c.complaint_id == complaint_id))
        merge = await merging_store.live(connection, complaint_id)
    view = seen.mappings().one_or_none()
    told = {name: view[name] for name in ("status", "category", "severity")} if view else {}
    leading = {"leading_id": merge.leading_id} if merge else {}
    return shown.complaint(record, {"status": "registered", **told, **leading})


for more in (
    contacts.router,
    reach,
    purchases,
    additions,
    coding,
    orientation,
    channels,
    tracking.router,
    progress.router,
    holder.router,
    merging_api.router,
    duplicates_api.router,
    attachments.router,
    attachments_tracking.router,
    dialogue.router,
    dialogue_tracking.router,
    vault.router,
    vault_tracking.router,
    imports,
    rulebooks.routes(*BOOKS),
):
    router.include_router(more)
