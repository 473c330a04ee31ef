"""HTTP in: results of training, and certificates."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

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
    async with ctx.database.reading() as connection:
        me = await known_as(connection, who)
        return await _results(connection, who, me, person, limit, cursor)


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
        return await _results(connection, who, me, me, limit, cursor)


async def _results(
    connection: AsyncConnection,
    who: Principal,
    me: str | None,
    person: str | None,
    limit: int,
    cursor: str | None,
) -> pages.Page[ResultShown]:
    """Of `person`, or everybody's, as `who` may see them, who is the person `me`."""
    c = training.results.c
    query = select(training.results)
    if person is not None:
        query = query.where(c.person == person)
    return await pages.read(
        connection,
        query,
        limit,
        cursor,
        lambda row: ResultShown(**confided(who, me, row)),
        c.assessed_at,
        c.id,
        newest_first=True,
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
    query = select(directory.certificates)
    if person is not None:
        query = query.where(c.person == person)
    if expires_within is not None:
        query = query.where(c.expires_at > now, c.expires_at <= now + timedelta(days=expires_within))
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: CertificateHeld(**row, valid=row["expires_at"] > now),
            c.expires_at,
            c.person,
            c.code,
        )
