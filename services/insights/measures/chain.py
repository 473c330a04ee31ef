"""HTTP in: from handling to satisfaction, to loyalty, to revenue, in one answer."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from services.insights import rollups
from services.insights.economics.assumed import in_force
from services.insights.economics.book import ECONOMICS
from services.insights.economics.measured import closed, worth
from services.insights.measures.book import MEASURE_TARGETS
from services.insights.measures.catalogue import BY_ID
from services.insights.measures.linking import CONFIDENCE, correlation
from services.insights.measures.model import Groups
from services.insights.ranges import First, Last, Reader, checked
from shared import clock, problems
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["measures"])

DAYS = 365
RECOVERED = "recovered_per_complaint"
CAUTION = {
    "en": "Units that go together need not cause each other: they differ in their complaints, too. Recovered money is "
    "worked out from satisfaction by the assumptions of the rulebook economics, not from the accounts.",
    "zh": "各单位数据相关并不说明因果，其投诉本身也不相同。"
    "挽回金额系按规则手册 economics 的假设由满意情况推算，并非账面数据。",
}


class ChainStage(StrEnum):
    """A link of the chain, in its order."""

    HANDLING = "handling"
    SATISFACTION = "satisfaction"
    LOYALTY = "loyalty"
    REVENUE = "revenue"


STAGES = {
    ChainStage.HANDLING: ("response_rate_24h", "handling_rate", "promise_kept_rate"),
    ChainStage.SATISFACTION: ("satisfaction_rate",),
    ChainStage.LOYALTY: ("trust_restored_rate", "repurchase_rate"),
    ChainStage.REVENUE: (RECOVERED,),
}


WANTED = rollups.Wanted.some(
    frozenset({"closed"}).union(
        *(BY_ID[name].making.needs for names in STAGES.values() for name in names if name != RECOVERED)
    )
)


class ChainBy(StrEnum):
    """What is compared with each other."""

    DEPARTMENT = "department"
    CATEGORY = "category"
    CHANNEL = "channel"
    PRODUCT = "product"


class ChainFigure(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    stage: ChainStage
    measure: Annotated[str, Field(examples=["satisfaction_rate"])]
    value: float | None
    of: int | None
    """Of how many."""


class ChainUnit(BaseModel):
    key: str | None
    figures: list[ChainFigure]


class ChainLink(BaseModel):
    """Whether units with more of the one have more of the other."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    cause: str
    effect: str
    units: int
    """Units with enough complaints to be compared."""
    rho: float | None
    """Rank correlation from -1 to 1; null with fewer than 10 units, or when nothing varies."""
    low: float | None
    high: float | None
    modelled: bool
    """The effect is worked out by assumptions, partly from the cause: the link shows them, too."""


class Chain(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    by: ChainBy
    currency: str
    confidence: float
    units: list[ChainUnit]
    links: list[ChainLink]
    caution: dict[str, str]
    """How to read it, by language."""


@router.get(
    "/measures/chain",
    summary="From handling to satisfaction, loyalty and revenue",
    responses=problems.documented(),
)
async def read_chain(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    by: Annotated[ChainBy, Query(description="What is compared.")] = ChainBy.DEPARTMENT,
) -> Chain:
    """The figures of each unit along the chain, and whether they go together over the units, with intervals. It shows
    what goes with what, not what causes what. A year unless a range is given."""
    now = clock.now()
    first, last = checked(first, last, now.astimezone(UTC).date(), days=DAYS)
    async with ctx.database.reading() as connection:
        books = await load_books(connection, ECONOMICS, MEASURE_TARGETS)
        groups = await rollups.totals(connection, by.value, first, last, now, wanted=WANTED)
        money = await closed(connection, by.value, first, last)
        assumed = await in_force(connection, books)
    fewest = books.read(MEASURE_TARGETS).fewest
    recovered = {
        key: (
            float(found.figures()["recovered"].value)
            / sum(counts.complaints for counts in money[key].values())
        )
        for key, found in worth(money, assumed).items()
    }
    figures = _figures(groups, recovered)
    units = {key: figures[key] for key in sorted(figures, key=lambda key: (key == "", key))}
    return Chain(
        first=first,
        last=last,
        by=by,
        currency=assumed.currency,
        confidence=CONFIDENCE,
        units=[ChainUnit(key=key or None, figures=figures) for key, figures in units.items()],
        links=_links([figures for key, figures in units.items() if key], fewest),
        caution=CAUTION,
    )


def _figures(groups: Groups, recovered: Mapping[str, float]) -> dict[str, list[ChainFigure]]:
    """Of each group."""
    figures: dict[str, list[ChainFigure]] = {key: [] for key in groups.keys}
    closed_of = groups.summed({"closed": 1})
    for stage, measures in STAGES.items():
        for name in measures:
            found: list[tuple[float | None, int | None]]
            if name == RECOVERED:
                found = [(recovered.get(key), n) for key, n in zip(groups.keys, closed_of, strict=True)]
            else:
                values = BY_ID[name].making.of(groups)
                found = [(each.value, each.denominator) if each else (None, None) for each in values]
            for key, (value, of) in zip(groups.keys, found, strict=True):
                figures[key].append(ChainFigure(stage=stage, measure=name, value=value, of=of))
    return figures


def _links(units: list[list[ChainFigure]], fewest: int) -> list[ChainLink]:
    """Between all measures of each stage and all of the next, over the units with at least `fewest` on both sides."""
    known = [
        {f.measure: f.value for f in figures if f.value is not None and (f.of or 0) >= fewest}
        for figures in units
    ]
    links = []
    for here, there in pairwise(STAGES):
        for cause in STAGES[here]:
            for effect in STAGES[there]:
                pairs = [(unit[cause], unit[effect]) for unit in known if cause in unit and effect in unit]
                links.append(
                    ChainLink(
                        cause=cause,
                        effect=effect,
                        modelled=there is ChainStage.REVENUE,
                        **asdict(correlation(pairs)),
                    )
                )
    return links
