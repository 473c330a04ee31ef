"""HTTP in: what customers mean, all together."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.cues.book import VALUES
from services.insights.cues.hearing import LONGEST_TEXT, hear
from services.insights.cues.model import Cue
from services.insights.ranges import First, Last, Reader, checked
from services.insights.tellings.model import Telling
from services.insights.tellings.store import tellings
from services.insights.voices import labels, showing, sums
from services.insights.voices.book import NEEDS
from services.insights.voices.needs import Need, needs
from services.insights.voices.schemas import (
    DemandsShown,
    EmotionsShown,
    NeedShown,
    NeedsShown,
    OpportunityShown,
    ValuesShown,
    VoiceCut,
)
from services.insights.voices.store import voices
from shared import clock, pages, problems
from shared.auth import Principal, may
from shared.events.vocabulary import Language
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router
from shared.taxonomy import newest
from shared.text import SoughtText

router = api_router(tags=["voice of the customer"])

DAYS = 182
"""Half a year: shorter ranges hardly show a trend."""
By = Annotated[VoiceCut, Query(description="Break down by.")]
Key = Annotated[SoughtText | None, Query(description="Only this one of the cut.")]
_EXAMPLES = text(
    "SELECT facet, (array_agg(id ORDER BY registered_at DESC, id DESC))[1:5] AS ids FROM "
    "(SELECT id, registered_at, facets FROM voices WHERE cardinality(wishes) > 0 "
    "AND registered_at >= :since AND registered_at <= :until ORDER BY registered_at DESC LIMIT 2000) newest, "
    "unnest(facets) AS facet GROUP BY facet"
)


def _range(first: date | None, last: date | None) -> tuple[date, date]:
    return checked(first, last, clock.today(), days=DAYS)


@router.get("/values", summary="Which values customers miss", responses=problems.documented())
async def read_values(
    who: Reader, ctx: Ctx, first: First = None, last: Last = None, by: By = VoiceCut.NONE, key: Key = None
) -> ValuesShown:
    """Share of each value over time: what was disappointed, told by its positive opposite. What a person coded wins
    over what is heard in the words, and that over what the category says. Half a year up to `to` if `from` is left
    out."""
    first, last = _range(first, last)
    async with ctx.database.reading() as connection:
        books = await load_books(connection, VALUES, NEEDS)
        whats = (*labels.LABELS, "unlabelled")
        found = await sums.read(connection, by, first, last, whats, key)
    return ValuesShown(
        first=first,
        last=last,
        step_days=found.step,
        by=by,
        values_version=books.version(VALUES),
        groups=showing.values(found, books.read(VALUES), newest(), books.read(NEEDS)),
        more=found.more,
    )


@router.get("/needs", summary="What customers need and do not say", responses=problems.documented())
async def read_needs(who: Reader, ctx: Ctx, first: First = None, last: Last = None) -> NeedsShown:
    """Latent needs (潜在需求): disappointments whose share rises among the complaints that wish for something and have
    no place in the taxonomy; and how customers take each quality, in the sense of Kano. Half a year up to `to` if
    `from` is left out."""
    first, last = _range(first, last)
    whats = ("facet", "facet_churn", "facet_wished", "praised", "wish", "churn")
    async with ctx.database.reading() as connection:
        books = await load_books(connection, NEEDS)
        everything = await sums.read(connection, "none", first, last, whats)
        uncoded = await sums.read(connection, "category", first, last, whats, "")
        examples = await _examples(connection, first, last)
    thresholds = books.read(NEEDS)
    nothing = sums.Group(everything.periods)
    every, without = everything.groups.get("", nothing), uncoded.groups.get("", nothing)
    found = needs(every, without, thresholds)
    show = showing.trends([each.trend for each in found], everything.step)
    enough = without.n("wish") >= thresholds.smallest
    limit = float(thresholds.false_discoveries) if enough else 0.0
    return NeedsShown(
        first=first,
        last=last,
        step_days=everything.step,
        thresholds_version=books.version(NEEDS),
        wishes=every.n("wish"),
        uncoded_wishes=without.n("wish"),
        small=not enough,
        needs=[_need(each, show, limit, examples.get(each.facet, ())) for each in found],
    )


async def _examples(connection: AsyncConnection, first: date, last: date) -> Mapping[str, Sequence[UUID]]:
    span = {
        "since": datetime.combine(first, time(), UTC),
        "until": datetime.combine(last, time.max, UTC),
    }
    return {row.facet: row.ids for row in await connection.execute(_EXAMPLES, span)}


def _need(need: Need, show: showing.Show, limit: float, examples: Sequence[UUID]) -> NeedShown:
    trend = show(need.trend)
    return NeedShown(
        facet=need.facet,
        complaints=need.complaints,
        leaving_low=need.leaving.low,
        leaving_high=need.leaving.high,
        praised=need.praised,
        praise_low=need.praise.low,
        praise_high=need.praise.high,
        kano=need.kano,
        wished=need.wished,
        uncoded=need.uncoded,
        trend=trend,
        latent=trend is not None and trend.low > 0 and trend.q_value <= limit,
        examples=list(examples),
    )


@router.get("/emotions", summary="How customers feel, and how that changes", responses=problems.documented())
async def read_emotions(
    who: Reader, ctx: Ctx, first: First = None, last: Last = None, by: By = VoiceCut.NONE, key: Key = None
) -> EmotionsShown:
    """Shares of emotions, and of the complaints that began negative those that turned (情绪转化): from the first
    contact that tells an emotion to the last. Half a year up to `to` if `from` is left out."""
    first, last = _range(first, last)
    async with ctx.database.reading() as connection:
        thresholds = (await load_books(connection, NEEDS)).read(NEEDS)
        found = await sums.read(connection, by, first, last, ("emotion", "course"), key)
    return EmotionsShown(
        first=first,
        last=last,
        step_days=found.step,
        by=by,
        groups=[showing.emotions(key, group, thresholds) for key, group in found.groups.items()],
        more=found.more,
    )


@router.get("/demands", summary="What customers ask for and threaten with", responses=problems.documented())
async def read_demands(
    who: Reader, ctx: Ctx, first: First = None, last: Last = None, by: By = VoiceCut.NONE, key: Key = None
) -> DemandsShown:
    """Shares of the remedies that are wanted and refused, of threats, of customers who leave, of dangers and of
    business opportunities, as heard in the words. Half a year up to `to` if `from` is left out."""
    first, last = _range(first, last)
    whats = ("remedy", "refused", "threat", "churn", "danger", "opportunity")
    async with ctx.database.reading() as connection:
        thresholds = (await load_books(connection, NEEDS)).read(NEEDS)
        found = await sums.read(connection, by, first, last, whats, key)
    return DemandsShown(
        first=first,
        last=last,
        step_days=found.step,
        by=by,
        groups=[showing.demands(key, group, thresholds) for key, group in found.groups.items()],
        more=found.more,
    )


@router.get(
    "/opportunities",
    response_model=pages.Page[OpportunityShown],
    summary="Complaints in which there is business",
    responses=problems.documented(),
)
async def list_opportunities(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    product: Annotated[SoughtText | None, Query(description="Only of this one.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[OpportunityShown]:
    """Customers who complain and would buy more, or ask for something else (隐藏的商机): for sales, the newest first.
    Each with the words that said so."""
    v, t = voices.c, tellings.c
    told = (t.language, t.what_went_wrong, t.feeling, t.wanted, t.added)
    shown = (
        v.id,
        v.registered_at,
        v.customer_id,
        v.product,
        v.region,
        v.channel,
        v.category,
        v.opportunities,
    )
    query = (
        select(*shown, *told)
        .select_from(voices.outerjoin(tellings, t.id == v.id))
        .where(func.cardinality(v.opportunities) > 0, v.registered_at.is_not(None))
    )
    if product is not None:
        query = query.where(v.product == product)
    async with ctx.database.reading() as connection:
        rows = await connection.execute(
            pages.part(query, limit, cursor, v.registered_at, v.id, newest_first=True)
        )
        some = rows.mappings().all()
    words = await asyncio.to_thread(lambda: {row["id"]: _words(row) for row in some[:limit]})
    return pages.page(
        some, limit, lambda row: _opportunity(row, words), lambda row: (row["registered_at"], row["id"])
    )


def _words(row: RowMapping) -> list[str]:
    telling = Telling(id=row["id"], added=row["added"] or [])
    telling.what_went_wrong, telling.feeling, telling.wanted = (
        row["what_went_wrong"],
        row["feeling"],
        row["wanted"],
    )
    language = Language(row["language"]) if row["language"] else None
    return [
        finding.words
        for said in telling.contacts
        for finding in hear(said[:LONGEST_TEXT], language).findings
        if finding.cue is Cue.OPPORTUNITY
    ]


def _opportunity(row: RowMapping, words: Mapping[UUID, list[str]]) -> OpportunityShown:
    known: dict[str, Any] = {name: row[name] for name in OpportunityShown.model_fields if name in row}
    return OpportunityShown(complaint_id=row["id"], words=words[row["id"]][:20], **known)
