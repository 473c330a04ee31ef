"""HTTP in: complaints, for enterprise systems and agents. Customers come through `tracking.py`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic_core import from_json, to_json
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake import tracking
from services.intake.door import Door
from services.intake.duplicates import api as duplicates_api
from services.intake.merging import api as merging_api
from services.intake.merging import store as merging_store
from services.intake.registration import known_of, register, tracking_token, tracking_url
from services.intake.schemas import (
    Complaint,
    ComplaintSummary,
    Contact,
    Customer,
    NewComplaint,
    Registered,
)
from services.intake.store import complaints, merges, views
from shared import clock, idempotency, pages, problems
from shared.auth import Principal, may
from shared.direct import DirectRoute
from shared.idempotency import Answer, Claim, IdempotencyKey
from shared.masking import mask
from shared.service import Context, Ctx, api_router

direct = APIRouter(route_class=DirectRoute)

ComplaintId = Annotated[UUID, Path(description="Id that registering answered with.")]


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
        print_ = idempotency.fingerprint(request.method, request.url.path, await request.body())
        claim = Claim(who.id, key, print_)
    answer, replayed = await ctx.part(Door).register(registration, claim)
    return _with_token(ctx, answer).response(replayed=replayed)


def _with_token(ctx: Context, stored: Answer) -> Answer:
    """The stored answer holds no token, so that the idempotency table gives nobody access to a case."""
    body: dict[str, Any] = from_json(stored.body)
    token = tracking_token(ctx.settings.installation_secret, UUID(body["id"]))
    url = tracking_url(ctx.settings.base_url, body["reference"], token)
    return Answer(stored.status, to_json(body | {"tracking_token": token, "tracking_url": url}))


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
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[ComplaintSummary]:
    """One page of complaints; follow `next` for more."""
    query = (
        select(complaints, views.c.status, views.c.category, views.c.severity, merges.c.leading_id)
        .outerjoin(views, views.c.complaint_id == complaints.c.id)
        .outerjoin(merges, (merges.c.complaint_id == complaints.c.id) & merges.c.separated_at.is_(None))
        .order_by(complaints.c.registered_at.desc(), complaints.c.id.desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        at, after = pages.decode(cursor, datetime, UUID)
        query = query.where(text("(complaints.registered_at, complaints.id) < (:at, :after)")).params(
            at=at, after=after
        )
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    items = [ComplaintSummary(**{**row, "status": row["status"] or "registered"}) for row in rows[:limit]]
    more = len(rows) > limit
    return pages.Page(items=items, next=pages.encode(items[-1].registered_at, items[-1].id) if more else None)


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
    """The complaint as told, with what identifies the customer masked."""
    async with ctx.database.reading() as connection:
        row = await _row(connection, complaint_id)
        view = (
            (await connection.execute(select(views).where(views.c.complaint_id == complaint_id)))
            .mappings()
            .one_or_none()
        )
        merge = await merging_store.live(connection, complaint_id)
    known = known_of(Customer.model_construct(**{n: row[n] for n in ("name", "email", "phone", "address")}))
    shown = {**row, "status": "registered", "statement": {}}
    for name in ("what_went_wrong", "feeling", "wanted"):
        shown["statement"][name] = mask(row[name], known) if row[name] else None
    if view is not None:
        shown |= {name: view[name] for name in ("status", "category", "severity")}
    if merge is not None:
        shown["leading_id"] = merge.leading_id
    return Complaint(**shown)


@router.get(
    "/complaints/{complaint_id}/contact",
    response_model=Contact,
    tags=["customers"],
    summary="How to reach the customer",
    responses=problems.documented(404),
)
async def read_contact(
    complaint_id: ComplaintId, who: Annotated[Principal, may("customers:read")], ctx: Ctx
) -> Contact:
    """Personal data. Ask at the moment of use, and keep nothing of it."""
    async with ctx.database.reading() as connection:
        row = await _row(connection, complaint_id)
    token = tracking_token(ctx.settings.installation_secret, complaint_id)
    url = tracking_url(ctx.settings.base_url, row["reference"], token)
    return Contact(**{n: row[n] for n in ("name", "email", "phone", "language")}, tracking_url=url)


async def _row(connection: AsyncConnection, complaint_id: UUID) -> dict[str, Any]:
    found = await connection.execute(select(complaints).where(complaints.c.id == complaint_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise problems.not_found("complaint", "path/complaint_id")
    return dict(row)


router.include_router(tracking.router)
router.include_router(merging_api.router)
router.include_router(duplicates_api.router)
