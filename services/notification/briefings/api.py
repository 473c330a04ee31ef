"""HTTP in: read briefings, and try one before it stands in the rulebook."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Response
from sqlalchemy import and_, select

from services.notification.briefings import reading, store
from services.notification.briefings.book import BRIEFINGS, BriefingRow, TransferAudience
from services.notification.briefings.model import Briefing
from services.notification.briefings.rendering import Renderer
from services.notification.briefings.schemas import (
    BriefingFormat,
    BriefingLine,
    BriefingPreview,
    BriefingTimeliness,
    BriefingTrial,
    BriefingView,
)
from services.notification.briefings.sources import SourceMissing, Sources
from services.notification.briefings.store import Planned
from services.notification.briefings.timing import Turn, latest_turn, since
from services.notification.staff.contacts import StaffContacts
from services.notification.store import briefing_tables
from shared import clock, pages, problems
from shared.auth import Principal, may, may_any
from shared.events.vocabulary import Language
from shared.ids import new_id
from shared.pages import Cursor, Limit, Moment, Page
from shared.problems import Problem
from shared.rulebooks.store import load_books
from shared.service import Context, Ctx, api_router

router = api_router(tags=["briefings"])
EVERYTHING = "notices:read"
Reader = Annotated[Principal, may_any(EVERYTHING, "inbox:read")]
FORMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}, "application/pdf": {}}}
}


@router.get(
    "/briefings",
    response_model=Page[BriefingLine],
    response_model_exclude_none=True,
    summary="List briefings, the newest first",
    responses=problems.documented(),
)
async def list_briefings(
    who: Reader,
    ctx: Ctx,
    mine: Annotated[bool, Query(description="Only those that the caller is to read.")] = False,
    audience: Annotated[TransferAudience | None, Query(description="Only those for this audience.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[BriefingLine]:
    """One's own; with `notices:read` all."""
    person = await ctx.part(StaffContacts).who_signs_in(who.id)
    briefings, readers = briefing_tables.briefings, briefing_tables.readers
    own = and_(readers.c.briefing_id == briefings.c.id, readers.c.person == (person or ""))
    query = (
        select(briefings, readers.c.read_at)
        .join(readers, own, isouter=True)
        .where(briefings.c.state == "made")
    )
    if mine or not who.may(EVERYTHING):
        query = query.where(readers.c.person.is_not(None))
    if audience is not None:
        query = query.where(briefings.c.audience == audience.value)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            reading.line,
            briefings.c.made_at,
            briefings.c.id,
            newest_first=True,
        )


@router.get(
    "/briefings/timeliness", summary="How quickly briefings are read", responses=problems.documented(422)
)
async def read_briefing_timeliness(
    who: Annotated[Principal, may(EVERYTHING)],
    ctx: Ctx,
    since: Annotated[
        Moment | None, Query(description="Made from this time on; left out: the last 30 days.")
    ] = None,
    until: Annotated[Moment | None, Query(description="Made before this time; left out: now.")] = None,
) -> list[BriefingTimeliness]:
    """Of each audience: whom its briefings reached, who opened them here, and after how long."""
    end = until or clock.now()
    begin = since or end - timedelta(days=30)
    if begin >= end:
        raise problems.invalid(
            "The period has no length",
            "`since` must be before `until`. since 必须早于 until。",
            field="query/since",
        )
    async with ctx.database.reading() as connection:
        return await reading.timeliness(connection, begin, end)


@router.get(
    "/briefings/{briefing_id}",
    response_model=BriefingView,
    response_model_exclude_none=True,
    summary="Read a briefing",
    responses=problems.documented(404) | FORMS,
)
async def read_briefing(
    briefing_id: UUID,
    who: Reader,
    ctx: Ctx,
    format: Annotated[
        BriefingFormat, Query(description="Data, a page, or a document on paper.")
    ] = BriefingFormat.JSON,
    language: Annotated[
        Language | None, Query(description="Of the page or the paper; left out: the reader's, else Chinese.")
    ] = None,
) -> BriefingView | Response:
    """Opening it, in whatever format, tells that its reader has read it; the first time counts. Whoever is complained
    about does not read of that here."""
    contact = await ctx.part(StaffContacts).whose_account(who.id)
    person = contact.id if contact else ""
    async with ctx.database.transaction() as transaction:
        found = await store.briefing(transaction.connection, briefing_id)
        if found is None or not (who.may(EVERYTHING) or person in found.readers):
            raise problems.not_found("briefing", "path/briefing_id")
        await store.opened(transaction, briefing_id, person, clock.now())
        readers = await reading.readers(transaction.connection, found) if who.may(EVERYTHING) else None
    shown = found.as_read_by(person) if person in found.readers or not who.may(EVERYTHING) else found
    if format is BriefingFormat.JSON:
        return BriefingView.of(shown, readers)
    spoken = language or (contact.language if contact else Language.ZH)
    renderer = ctx.part(Renderer)
    if format is BriefingFormat.HTML:
        return Response(renderer.html(shown, spoken), media_type="text/html; charset=utf-8")
    name = f'inline; filename="{shown.row.id}-{shown.until:%Y-%m-%d}-{spoken.value}.pdf"'
    written = await asyncio.to_thread(renderer.pdf, shown, spoken)
    return Response(written, media_type="application/pdf", headers={"Content-Disposition": name})


@router.post(
    "/briefings/preview",
    response_model_exclude_none=True,
    summary="Try a briefing",
    responses=problems.documented(422, 503),
)
async def preview_briefing(
    trial: BriefingTrial,
    who: Annotated[Principal, may("rulebooks:write", EVERYTHING)],
    ctx: Ctx,
) -> BriefingPreview:
    """What it would say, and to whom, if it stood in the rulebook. Nothing is sent or kept."""
    row = trial.row
    turn = latest_turn(row, clock.now() if trial.on is None else _end_of_day(trial))
    if turn is None:
        raise _unfit("body/row", "It is due on no day of the month before. 此前一个月内没有应制作的日期。")
    try:
        groups = await ctx.part(Sources).groups(row)
    except SourceMissing as error:
        raise Problem(
            503, "unavailable", "Routing does not tell who would read it", f"Try again later: {error}."
        ) from None
    if trial.department is not None:
        groups = [group for group in groups if group.department == trial.department]
        if not groups:
            raise _unfit(
                "body/department",
                "The row has no such department, or nobody is there. 该简报不含此部门，或部门内无人。",
            )
    readers = list(dict.fromkeys(person for group in groups for person in group.people))
    name = groups[0].name if trial.department is not None else None
    briefing = await _made(ctx, row, turn, trial.department)
    shown = BriefingView.of(briefing)
    shown.department_name = name
    enough = briefing.content.weight + len(briefing.clippings) >= row.at_least
    return BriefingPreview(
        would_be_sent=enough and bool(readers),
        readers=readers,
        briefing=shown,
        html=ctx.part(Renderer).html(briefing, trial.language),
    )


async def _made(ctx: Context, row: BriefingRow, turn: Turn, department: str | None) -> Briefing:
    """As it would be made."""
    async with ctx.database.reading() as connection:
        books = await load_books(connection, BRIEFINGS)
    table, begin = books.read(BRIEFINGS), since(row, turn.until, None)
    content, voices = await ctx.part(Sources).content(
        row, table, begin, turn.until, department, patient=False
    )
    now = clock.now()
    planned = Planned(
        new_id(),
        row,
        books.version(BRIEFINGS),
        department or "",
        department,
        None,
        begin,
        turn.until,
        (),
        now,
    )
    async with ctx.database.reading() as connection:
        clippings = await store.fresh_clippings(connection, planned, None) if row.shows_clippings else []
    return Briefing(planned.id, row, department, None, begin, turn.until, now, content, clippings, voices)


def _end_of_day(trial: BriefingTrial) -> datetime:
    assert trial.on is not None
    return datetime.combine(trial.on, time(23, 59, 59), ZoneInfo(trial.row.zone))


def _unfit(field: str, detail: str) -> Problem:
    return problems.invalid("This cannot be tried", detail, field=field)
