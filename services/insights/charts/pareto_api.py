"""HTTP in: Pareto by count, cost and severity, from the tallies by month."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query

from services.insights.charts.book import CHARTS, ChartRules
from services.insights.charts.pareto import Cell, pareto
from services.insights.charts.schemas import ParetoBy, ParetoItem, ParetoShown, ParetoWeight
from services.insights.economics.assumed import in_force
from services.insights.economics.book import ECONOMICS, Assumptions
from services.insights.economics.model import Counts, money, rates_of
from services.insights.journeys import questions
from services.insights.journeys.api import whole_months
from services.insights.losses import Band
from services.insights.ranges import First, Last, Reader
from shared import problems
from shared.events.vocabulary import Severity
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["charts"])

Weigh = Callable[[Any], float | None]
"""What each complaint of a tally weighs; None: it is not counted."""
CENT = Decimal("0.01")


@router.get("/charts/pareto", summary="Which few make most of it", responses=problems.documented())
async def read_pareto(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    by: Annotated[ParetoBy, Query(description="Of what.")] = ParetoBy.CATEGORY,
    weight: Annotated[ParetoWeight, Query(description="By what.")] = ParetoWeight.COUNT,
) -> ParetoShown:
    """Items of whole months in falling order with their cumulative share, and which of them surely belong to the few
    that make up most (80 %): when there are not many complaints, their order is partly chance. The cost is the market
    at risk by the assumptions of the rulebook `economics`, over the complaints that are closed."""
    first, last = whole_months(first, last)
    async with ctx.database.reading() as connection:
        rules = await load_books(connection, CHARTS)
        assumed = await load_books(connection, ECONOMICS)
        economics = await in_force(connection, assumed)
        rows = await questions.tallies(connection, by.value, first, last)
    chart_rules = rules.read(CHARTS)
    cells = _cells(rows, _weigher(weight, chart_rules, economics))
    seed = f"{by}/{weight}/{first}/{last}"
    found = await asyncio.to_thread(pareto, cells, float(chart_rules.vital_share), seed)
    costly = weight is ParetoWeight.COST
    return ParetoShown(
        first=first,
        last=last,
        by=by,
        weight_by=weight,
        currency=economics.currency if costly else None,
        vital_share=chart_rules.vital_share,
        complaints=found.complaints,
        weight=_rounded(found.weight),
        rest=found.rest,
        items=[
            ParetoItem(
                key=item.key or None,
                complaints=item.complaints,
                weight=_rounded(item.weight),
                share=item.weight / found.weight,
                cumulative=item.cumulative,
                low=item.low,
                high=item.high,
                vital=item.vital,
                certain=item.certain,
                chance=item.chance,
            )
            for item in found.items
        ],
        rules_version=rules.version(CHARTS),
        assumptions_version=assumed.version(ECONOMICS) if costly else None,
    )


def _rounded(weight: float) -> Decimal:
    return Decimal(weight).quantize(CENT)


def _cells(rows: Sequence[Any], weigh: Weigh) -> dict[str, list[Cell]]:
    cells: defaultdict[str, list[Cell]] = defaultdict(list)
    for row in rows:
        weight = weigh(row)
        if weight is not None:
            cells[row.value].append((weight, row.n))
    return cells


def _weigher(weight: ParetoWeight, rules: ChartRules, assumed: Assumptions) -> Weigh:
    if weight is ParetoWeight.COUNT:
        return lambda row: 1.0
    if weight is ParetoWeight.SEVERITY:
        weights = {severity.value: float(n) for severity, n in rules.severity_weights.items()}
        return lambda row: weights.get(row.severity, weights[Severity.GENERAL])
    # The market at risk is linear in the complaints: each one's part depends on its band and on how it ended.
    each = {
        (band, satisfied): float(money(Counts(1, int(satisfied)), rates_of(assumed, band)).market_at_risk)
        for band in Band
        for satisfied in (True, False)
    }

    def cost(row: Any) -> float | None:
        band = Band(row.loss) if row.loss else Band.MIDDLE
        return None if row.ending == "open" else each[band, row.ending == "satisfied"]

    return cost
