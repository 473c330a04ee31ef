"""HTTP in: results of training, and certificates."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import select, text

from services.routing.directory.acting import known_as, person_of
from services.routing.directory.schemas import PersonId
from services.routing.store import directory, training
from services.routing.training.confiding import confided
from services.routing.training.schemas import CertificateHeld, ResultShown
from shared import clock, pages, problems
from shared.auth import Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["training"])


@router.get(
    "/training/results",
    response_model=pages.Page[ResultShown],
    response_model_exclude_none=True,
    summary="List results",
    responses=problems.documented(),
)
async def list_results(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    person: Annotated[PersonId | None, Query(description="Only of this person.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[ResultShown]:
    """The newest first. Feedback is shown to the person and to whoever may `training:write`."""
    return await _results(ctx, who, person, limit, cursor)


@router.get(
    "/training/results/me",
    response_model=pages.Page[ResultShown],
    response_model_exclude_none=True,
    summary="Your own results",
    responses=problems.documented(403),
)
async def list_my_results(
    who: Annotated[Principal, may()], ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[ResultShown]:
    """With the feedback that was given to you. It takes no scope, only an account in the directory."""
    async with ctx.database.reading() as connection:
        me = await person_of(connection, who)
    return await _results(ctx, who, me, limit, cursor)


async def _results(
    ctx: Ctx, who: Principal, person: str | None, limit: int, cursor: str | None
) -> pages.Page[ResultShown]:
    c = training.results.c
    query = select(training.results).order_by(c.assessed_at.desc(), c.id.desc()).limit(limit + 1)
    if person is not None:
        query = query.where(c.person == person)
    if cursor is not None:
        at, after = pages.decode(cursor, datetime, UUID)
        query = query.where(text("(assessed_at, id) < (:at, :after)")).params(at=at, after=after)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
        me = await known_as(connection, who)
    return pages.page(
        rows,
        limit,
        lambda row: ResultShown(**confided(who, me, dict(row))),
        lambda row: (row["assessed_at"], row["id"]),
    )


@router.get(
    "/training/certificates",
    response_model=pages.Page[CertificateHeld],
    summary="Who holds which certificate",
    responses=problems.documented(),
)
async def list_certificates(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    person: Annotated[PersonId | None, Query(description="Only of this person.")] = None,
    expires_within: Annotated[
        int | None, Query(ge=0, le=3650, description="Only valid ones that expire within so many days.")
    ] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[CertificateHeld]:
    """The first to expire first. One that has expired does not count any more."""
    c, now = directory.certificates.c, clock.now()
    query = select(directory.certificates).order_by(c.expires_at, c.person, c.code).limit(limit + 1)
    if person is not None:
        query = query.where(c.person == person)
    if expires_within is not None:
        query = query.where(c.expires_at > now, c.expires_at <= now + timedelta(days=expires_within))
    if cursor is not None:
        at, whose, code = pages.decode(cursor, datetime, str, str)
        query = query.where(text("(expires_at, person, code) > (:at, :whose, :after)"))
        query = query.params(at=at, whose=whose, after=code)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return pages.page(
        rows,
        limit,
        lambda row: CertificateHeld(**row, valid=row["expires_at"] > now),
        lambda row: (row["expires_at"], row["person"], row["code"]),
    )
