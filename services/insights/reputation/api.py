"""HTTP in: a product's reputation. Satisfied customers from the sums by day, public complaints by their index."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import Query

from services.insights.charts.model import Span
from services.insights.charts.store import series, summed
from services.insights.model import DISSATISFIED
from services.insights.ranges import First, Last, Reader, checked
from services.insights.reputation.model import (
    Course,
    Judged,
    Verdict,
    course,
    spells,
    total,
    weeks_after,
    weeks_before,
)
from services.insights.reputation.schemas import AfterCase, Opinions, Reputation
from shared import clock, driver, problems
from shared.database import sql
from shared.service import Ctx, api_router
from shared.shares import wilson
from shared.text import SoughtText

router = api_router(tags=["reputation"])

YEAR = 364
"""Days: 52 weeks."""
LONGEST = 731

_PUBLIC = sql(
    """
SELECT CAST(public_at AT TIME ZONE 'UTC' AS date) AS day, count(*) AS n
FROM complaints
WHERE product = :product AND public_at BETWEEN :since AND :until AND kind = ANY(CAST(:kinds AS text[]))
GROUP BY 1 ORDER BY 1
"""
)


@router.get(
    "/reputation", summary="Did a public case harm the product's name?", responses=problems.documented()
)
async def read_reputation(
    who: Reader,
    ctx: Ctx,
    product: SoughtText,
    first: First = None,
    last: Last = None,
    spell: Annotated[int, Query(ge=1, le=13, description="Weeks that are judged together.")] = 4,
) -> Reputation:
    """Satisfied customers of one product, week by week, before and after the first public complaint of the range (731
    days at most), and whether they became fewer and then as many again, as far as chance allows to say. What else
    happened in those weeks is not known here."""
    first, last = checked(first, last, clock.today(), days=YEAR, longest=LONGEST)
    given = {
        "product": product,
        "since": datetime.combine(first, time.min, UTC),
        "until": datetime.combine(last, time.max, UTC),
        "kinds": sorted(DISSATISFIED),
    }
    async with ctx.database.reading() as connection:
        public = [(row.day, row.n) for row in await driver.run(connection, _PUBLIC, given)]
        days = await series(connection, "product", product, first, last)
    case = public[0][0] if public else None
    past = weeks_before(first, case) if case else []
    rest = weeks_after(case or first, last)
    weeks = [*past, *rest]
    counted = zip(summed(days, ["satisfied"], weeks), summed(days, ["closed"], weeks), strict=True)
    judged = [Judged(*each) for each in counted]
    before, since = judged[: len(past)], judged[len(past) :]
    together = spells(since, spell) if case else []
    found = course(total(before), together) if case else Course(Verdict.NO_CASE, [])
    places = [Span(rest[n * spell].first, rest[(n + 1) * spell - 1].last) for n in range(len(together))]
    return Reputation(
        first=first,
        last=last,
        product=product,
        case_at=case,
        verdict=found.verdict,
        confidence=found.confidence,
        before=_opinions(Span(past[0].first, past[-1].last), total(before), public) if past else None,
        after=_after(found, places, total(before), public),
        dip_from=places[found.dip].first if found.dip is not None else None,
        recovered_from=places[found.recovery].first if found.recovery is not None else None,
        weeks=[_opinions(week, of, public) for week, of in zip(weeks, judged, strict=True)],
    )


Public = Sequence[tuple[date, int]]
"""Public complaints by day."""


def _after(found: Course, places: Sequence[Span], before: Judged, public: Public) -> list[AfterCase]:
    shown = []
    for place, spell in zip(places, found.spells, strict=True):
        low, high = spell.difference or (None, None)
        mine, theirs = spell.judged.share, before.share
        shown.append(
            AfterCase(
                **dict(_opinions(place, spell.judged, public)),
                difference=None if mine is None or theirs is None else mine - theirs,
                difference_low=low,
                difference_high=high,
                worse=spell.worse,
            )
        )
    return shown


def _opinions(place: Span, judged: Judged, public: Public) -> Opinions:
    interval = wilson(judged.satisfied, judged.closed)
    return Opinions(
        first=place.first,
        last=place.last,
        closed=judged.closed,
        satisfied=judged.satisfied,
        share=judged.share,
        low=interval.low,
        high=interval.high,
        public=sum(n for day, n in public if place.first <= day <= place.last),
    )
