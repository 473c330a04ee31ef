"""HTTP in: timeliness, the accountability record, participation, and trials of the distribution table."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import select, text

from services.routing.store import transfer
from services.routing.transfer import access, measuring
from services.routing.transfer.distribution import DISTRIBUTION
from services.routing.transfer.lapses import LapseKind
from services.routing.transfer.schemas import (
    DistributionTrial,
    LapseShown,
    NoticeMeasures,
    Participation,
    PersonCode,
    TrialResult,
)
from shared import clock, pages, problems
from shared.auth import Principal, may
from shared.events.vocabulary import Audience
from shared.pages import Moment
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["notices"])
lapses = transfer.lapses
Since = Annotated[Moment | None, Query(description="From this time on; left out: the last 30 days.")]
Until = Annotated[Moment | None, Query(description="Before this time; left out: now.")]


@router.get("/notices/measures", summary="How timely the audiences are", responses=problems.documented(422))
async def read_notice_measures(
    who: access.Reader, ctx: Ctx, since: Since = None, until: Until = None
) -> list[NoticeMeasures]:
    """Acknowledgement rate and time of the notices issued in a period, for each audience whose notices the
    caller may read."""
    allowed = [a for a in Audience if who.may(access.EVERYTHING) or who.may(access.scope_of(a))]
    end = until or clock.now()
    begin = since or end - timedelta(days=30)
    if begin >= end:
        raise problems.invalid(
            "The period has no length",
            "`since` must be before `until`. since 必须早于 until。",
            field="query/since",
        )
    async with ctx.database.reading() as connection:
        return await measuring.measures(connection, begin, end, allowed)


@router.get(
    "/accountability",
    response_model=pages.Page[LapseShown],
    response_model_exclude_none=True,
    summary="What was late, and who was responsible",
    responses=problems.documented(),
)
async def list_lapses(
    who: Annotated[Principal, may(access.EVERYTHING)],
    ctx: Ctx,
    person: Annotated[
        PersonCode | None, Query(description="Only what this person was responsible for.")
    ] = None,
    kind: LapseKind | None = None,
    complaint_id: UUID | None = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[LapseShown]:
    """The newest first: notices that nobody acknowledged in time, tasks not done in time, promises broken."""
    c, query = lapses.c, select(lapses)
    if person is not None:
        query = query.where(text("people @> ARRAY[CAST(:person AS text)]")).params(person=person)
    if kind is not None:
        query = query.where(c.kind == kind.value)
    if complaint_id is not None:
        query = query.where(c.complaint_id == complaint_id)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: LapseShown(**row),
            c.found_at,
            c.id,
            newest_first=True,
        )


@router.get(
    "/complaints/{complaint_id}/participation",
    summary="Which departments take part",
    responses=problems.documented(404),
)
async def read_participation(
    complaint_id: UUID, who: Annotated[Principal, may("cases:read")], ctx: Ctx
) -> Participation:
    """Who was told, and who has acknowledged or done something. A case should be no department's alone."""
    async with ctx.database.reading() as connection:
        found = await measuring.participation(connection, complaint_id)
    if found is None:
        raise problems.not_found("complaint", "path/complaint_id")
    return found


@router.post(
    "/rulebooks/distribution/trial",
    tags=["rulebooks"],
    summary="Try a distribution table on past facts",
    responses=problems.documented(422),
)
async def try_distribution(
    trial: DistributionTrial, who: Annotated[Principal, may("rulebooks:write")], ctx: Ctx
) -> TrialResult:
    """Which notices it would have issued that the table in force does not, and the other way round. Nothing is
    told to anybody. It looks at 20,000 facts at most, the newest of the period."""
    async with ctx.database.reading() as connection:
        books = await load_books(connection, DISTRIBUTION)
        rows = await measuring.heard(connection, trial.since, trial.until)
    return measuring.compare(rows, books.read(DISTRIBUTION), trial.content)
