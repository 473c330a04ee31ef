"""HTTP in: what complaints are worth, and which cause to remove first."""

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

import numpy as np
from fastapi import Query

from services.insights.economics.assumed import in_force
from services.insights.economics.book import ECONOMICS
from services.insights.economics.draws import Draws
from services.insights.economics.measured import closed, figure, worth
from services.insights.economics.model import prevention
from services.insights.economics.schemas import (
    EconomicsBy,
    EconomicsShown,
    FixRanked,
    MoneyFigure,
    PreventionAsked,
    PreventionRanked,
    WorthShown,
)
from services.insights.ranges import First, Last, Reader, checked
from shared import clock, problems
from shared.problems import FieldError
from shared.rulebooks.parameter import Parameter
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["economics"])

YEAR = 365


@router.get("/economics", summary="What complaints are worth", responses=problems.documented())
async def read_economics(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    by: Annotated[EconomicsBy, Query(description="Break down by.")] = EconomicsBy.NONE,
) -> EconomicsShown:
    """The market that is at risk, what handling has kept and could keep, and what people tell each other: by the
    complaints closed in the range, and by the assumptions of the rulebook `economics`. Nearly all of it depends on how
    many silent customers stand behind each complaint, of which sources differ a hundredfold: mind the interval.
    """
    first, last = checked(first, last, clock.today())
    async with ctx.database.reading() as connection:
        books = await load_books(connection, ECONOMICS)
        groups = await closed(connection, None if by is EconomicsBy.NONE else by.value, first, last)
        assumed = await in_force(connection, books)
    shown = [
        WorthShown(
            key=group or None,
            **{name: sum(getattr(counts, name) for counts in groups[group].values()) for name in _COUNTED},
            **{name: MoneyFigure(**asdict(each)) for name, each in found.figures().items()},
        )
        for group, found in worth(groups, assumed).items()
    ]
    return EconomicsShown(
        first=first,
        last=last,
        by=by,
        currency=assumed.currency,
        assumptions_version=books.version(ECONOMICS),
        groups=sorted(shown, key=lambda each: (-each.market_at_risk.value, each.key or "")),
    )


_COUNTED = ("complaints", "satisfied", "slow")
_GIVEN = {"source_en": "whoever asks", "source_zh": "提问者"}


@router.post(
    "/economics/prevention", summary="Rank fixes by what they return", responses=problems.documented()
)
async def rank_fixes(asked: PreventionAsked, who: Reader, ctx: Ctx) -> PreventionRanked:
    """For each fix: (market at risk + handling of its cause in a year) x chance that it works x years / cost."""
    first, last = checked(asked.first, asked.last, clock.today(), days=YEAR, place="body")
    async with ctx.database.reading() as connection:
        books = await load_books(connection, ECONOMICS)
        groups = await closed(
            connection, None if asked.by is EconomicsBy.NONE else asked.by.value, first, last
        )
        assumed = await in_force(connection, books)
    if asked.by is EconomicsBy.NONE:
        groups = {fix.key: groups.get("", {}) for fix in asked.fixes}
    if unknown := [n for n, fix in enumerate(asked.fixes) if not groups.get(fix.key)]:
        raise problems.invalid(
            "Nothing is known of some causes",
            errors=[
                FieldError(
                    field=f"body/fixes/{n}/key",
                    detail=f"No complaint of this {asked.by} was closed in the range. 该范围内没有此项已结案的投诉。",
                )
                for n in unknown
            ],
        )
    found = worth(groups, assumed)
    a_year = Decimal(YEAR) / ((last - first).days + 1)
    ranked = []
    for fix in asked.fixes:
        cause = found[fix.key]
        chance = Draws().of(f"works/{fix.name}", Parameter(**fix.works.model_dump(), **_GIVEN))
        scale = a_year * fix.share
        value = prevention(cause.assumed, fix.works.value, fix.years * scale, fix.cost)
        ones = np.ones_like(chance)
        drawn = prevention(cause.drawn, chance, ones * float(fix.years * scale), ones * float(fix.cost))
        complaints = sum(counts.complaints for counts in groups[fix.key].values())
        ranked.append(
            FixRanked(
                key=fix.key,
                name=fix.name,
                complaints_a_year=round(complaints * scale, 2),
                returns=MoneyFigure(**asdict(figure(value, drawn))),
            )
        )
    return PreventionRanked(
        currency=assumed.currency,
        assumptions_version=books.version(ECONOMICS),
        fixes=sorted(ranked, key=lambda each: (-each.returns.low, each.name)),
    )
