"""HTTP in: control charts."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from fastapi import Query

from services.insights.charts import store
from services.insights.charts.book import CHARTS
from services.insights.charts.model import NAMES, SHARES, Interval, Phase, Span, chart, spans
from services.insights.charts.pareto_api import router as pareto
from services.insights.charts.rare import rare_chart
from services.insights.charts.schemas import (
    ChartBy,
    ChartCount,
    ChartPhase,
    ChartPoint,
    ChartShare,
    ChartSignal,
    ControlChart,
    RareChartShown,
    RareGap,
    RuleName,
)
from services.insights.ranges import COMMON_DAYS, First, Last, Reader, checked
from shared import clock, problems
from shared.events.vocabulary import Severity
from shared.problems import Problem
from shared.rulebooks.model import Books
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router
from shared.text import SoughtText

router = api_router(tags=["charts"])
router.include_router(pareto)

YEAR = 364
"""Days: 52 weeks."""

By = Annotated[ChartBy, Query(description="Whose series; with `value`.")]
Value = Annotated[SoughtText | None, Query(description="Which category, product ...")]
IntervalAsked = Annotated[Interval, Query(description="Days, or whole weeks from Monday.")]
Phases = Annotated[
    list[date] | None,
    Query(
        max_length=12,
        description="Days on which something was changed on purpose: from there on points are judged by each other.",
    ),
]


@router.get("/charts/counts", summary="A u' chart of counts", responses=problems.documented())
async def read_counts(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    count: Annotated[ChartCount, Query(description="What is counted.")] = ChartCount.DISSATISFIED,
    by: By = ChartBy.NONE,
    value: Value = None,
    step: IntervalAsked = Interval.WEEK,
    phase_from: Phases = None,
) -> ControlChart:
    """Counts by day or week with Laney's limits, which chance and the usual variation between neighbours explain. What
    lies beyond, or stays on one side, is a signal: look for its cause. What does not is noise: leave it alone."""
    first, last = _range(first, last)
    places = spans(first, _complete(last), step)
    starts = _starts(places, phase_from or [])
    days, books = await _series(ctx, by, value, first, last)
    counts = store.summed(days, [count.value], places)
    rules = books.read(CHARTS)
    drawn = chart(counts, [step.days] * len(places), starts, shares=False, run_length=rules.run_length)
    return _shown("Laney u'", by, value, step, books, places, drawn)


@router.get("/charts/shares", summary="A p' chart of a share", responses=problems.documented())
async def read_shares(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    share: Annotated[ChartShare, Query(description="Which share.")] = ChartShare.SATISFIED,
    by: By = ChartBy.NONE,
    value: Value = None,
    step: IntervalAsked = Interval.WEEK,
    phase_from: Phases = None,
) -> ControlChart:
    """A share by day or week, as above: satisfied customers, broken promises, slow results."""
    first, last = _range(first, last)
    places = spans(first, _complete(last), step)
    starts = _starts(places, phase_from or [])
    days, books = await _series(ctx, by, value, first, last)
    part, whole = (store.summed(days, names, places) for names in SHARES[share])
    rules = books.read(CHARTS)
    drawn = chart(part, [float(n) for n in whole], starts, shares=True, run_length=rules.run_length)
    return _shown("Laney p'", by, value, step, books, places, drawn)


@router.get("/charts/rare", summary="A g chart of severe complaints", responses=problems.documented())
async def read_rare(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    severity: Annotated[Severity, Query(description="Which complaints.")] = Severity.MAJOR,
) -> RareChartShown:
    """Days between one severe complaint and the next, by days of receipt. When they are rare, counts by week would show
    nothing: two within a few days can be a warning, a long silence a success."""
    first, last = _range(first, last)
    days, books = await _series(ctx, ChartBy.SEVERITY, severity.value, first, last)
    rules = books.read(CHARTS)
    found = rare_chart(
        [(day, counts["received"]) for day, counts in days if counts["received"]],
        min(last, clock.today()),
        float(rules.rare_alpha),
    )
    return RareChartShown(
        first=first,
        last=last,
        severity=severity,
        events=found.events,
        enough=found.events > rules.enough_points,
        rare=found.events * 2 < (last - first).days + 1,
        centre=found.centre,
        low=found.low,
        high=found.high,
        gaps=[RareGap(day=gap.day, days=gap.days, short=gap.short, long=gap.long) for gap in found.gaps],
        since_last=found.since_last,
        chances_of_so_short=list(found.chances_of_so_short),
        chance_of_so_long=found.chance_of_so_long,
        rules_version=books.version(CHARTS),
    )


def _range(first: date | None, last: date | None) -> tuple[date, date]:
    return checked(first, last, clock.today(), days=YEAR, between=COMMON_DAYS)


def _complete(last: date) -> date:
    """Yesterday at the latest: today's count would look low because the day is not over."""
    return min(last, clock.today() - timedelta(days=1))


def _starts(places: Sequence[Span], changed: Sequence[date]) -> list[int]:
    """The places at which phases begin. Raises a 422 problem for a change that lies outside of the range."""
    starts = {0}
    for at in changed:
        following = next((n for n, place in enumerate(places) if place.first >= at), None)
        if not following:
            raise _refused(
                "query/phase_from",
                f"No point begins after {at} with another before it: choose a day within the range. "
                "该日期须在范围之内，且其前后均有数据点。",
            )
        starts.add(following)
    return sorted(starts)


async def _series(
    ctx: Ctx, by: ChartBy, value: str | None, first: date, last: date
) -> tuple[list[tuple[date, store.Day]], Books]:
    if (by is ChartBy.NONE) != (value is None):
        raise _refused(
            "query/value", "Give `by` and `value` together, or neither. by 与 value 须同时填写或同时省略。"
        )
    async with ctx.database.reading() as connection:
        books = await load_books(connection, CHARTS)
        return await store.series(connection, by.value, value or "", first, last), books


def _refused(field: str, detail: str) -> Problem:
    return problems.invalid("The chart cannot be drawn", detail, field=field)


def _shown(
    method: str,
    by: ChartBy,
    value: str | None,
    step: Interval,
    books: Books,
    places: Sequence[Span],
    drawn: Sequence[Phase],
) -> ControlChart:
    rules = books.read(CHARTS)
    phases, signals = [], []
    for phase in drawn:
        mine = places[phase.start : phase.start + len(phase.points)]
        points = []
        for place, point in zip(mine, phase.points, strict=True):
            points.append(
                ChartPoint(
                    first=place.first,
                    last=place.last,
                    count=point.count,
                    number=point.number,
                    rate=point.rate,
                    low=point.low,
                    high=point.high,
                    signals=list(point.signals),
                )
            )
            signals += [
                ChartSignal(first=place.first, last=place.last, rule=rule, name=RuleName(**NAMES[rule]))
                for rule in point.signals
            ]
        if mine:
            phases.append(
                ChartPhase(
                    first=mine[0].first,
                    last=mine[-1].last,
                    centre=phase.centre,
                    sigma_z=phase.sigma_z,
                    enough=sum(point.rate is not None for point in phase.points) >= rules.enough_points,
                    points=points,
                )
            )
    return ControlChart(
        method=method,
        by=by,
        value=value,
        step=step,
        rules_version=books.version(CHARTS),
        run_length=rules.run_length,
        phases=phases,
        signals=signals,
    )
