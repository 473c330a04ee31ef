"""HTTP in: the process as it really runs."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from services.insights.durations import Spans
from services.insights.journeys import export, questions
from services.insights.journeys.model import BETWEEN
from services.insights.journeys.schemas import (
    FunnelShown,
    FunnelStage,
    MapEdge,
    MapNode,
    ProcessMap,
    StepName,
    Variant,
    VariantsShown,
    Waited,
)
from services.insights.journeys.steps import FUNNEL, NAMES, Step
from services.insights.ranges import COMMON_DAYS, First, Last, Reader, checked
from shared import clock, problems
from shared.service import Ctx, api_router

router = api_router(tags=["process"])

LONGEST_LOG = 366
"""Days: a year."""


def whole_months(first: date | None, last: date | None) -> tuple[date, date]:
    """The range, widened to whole months. Raises a 422 problem that names the field."""
    first, last = checked(first, last, clock.today(), between=COMMON_DAYS)
    return first.replace(day=1), last.replace(day=monthrange(last.year, last.month)[1])


def _waited(times: Mapping[int, int]) -> Waited | None:
    spans = Spans(times)
    p50, p90 = (spans.quantile(share) for share in (0.5, 0.9))
    if p50 is None or p90 is None:
        return None
    return Waited(p50=round(p50.seconds / 3600, 4), p90=round(p90.seconds / 3600, 4))


@router.get("/process/funnel", summary="How far complaints come", responses=problems.documented())
async def read_funnel(who: Reader, ctx: Ctx, first: First = None, last: Last = None) -> FunnelShown:
    """From the registration to a satisfied customer: how many reach each stage, how long they wait for it, where the
    open ones stand and where the others left. Of the complaints of whole months, without those merged into others."""
    first, last = whole_months(first, last)
    async with ctx.database.reading() as connection:
        stages = await questions.funnel(connection, first, last)
    reached = {step: sum(stages[step].reached.values()) for step in FUNNEL}
    registered, before = reached[FUNNEL[0]], 0
    shown = []
    for step in FUNNEL:
        stage, n = stages[step], reached[step]
        shown.append(
            FunnelStage(
                stage=step,
                name=StepName(**NAMES[step]),
                reached=n,
                of_registered=n / registered if registered else None,
                conversion=n / before if before else None,
                waited=_waited(stage.reached) if step is not FUNNEL[0] else None,
                waiting=stage.waiting,
                left=stage.left,
            )
        )
        before = n
    return FunnelShown(first=first, last=last, stages=shown)


@router.get("/process/map", summary="Which step follows which", responses=problems.documented())
async def read_map(who: Reader, ctx: Ctx, first: First = None, last: Last = None) -> ProcessMap:
    """The directly-follows graph of the complaints of whole months: how often each step directly followed another, how
    long it took, and how often it was taken again."""
    first, last = whole_months(first, last)
    async with ctx.database.reading() as connection:
        edges = await questions.edges(connection, first, last)
        stages = await questions.funnel(connection, first, last)
    taken = {Step.REGISTERED: sum(stages[Step.REGISTERED].reached.values())}
    again: dict[Step, int] = {}
    for (_, target), edge in edges.items():
        step = Step(target)
        taken[step] = taken.get(step, 0) + edge.n
        again[step] = again.get(step, 0) + edge.again
    shown = [
        MapEdge(source=Step(a), target=Step(b), taken=edge.n, again=edge.again, waited=waited)
        for (a, b), edge in edges.items()
        if (waited := _waited(edge.times)) is not None
    ]
    return ProcessMap(
        first=first,
        last=last,
        nodes=[
            MapNode(step=step, name=StepName(**NAMES[step]), taken=taken[step], again=again.get(step, 0))
            for step in Step
            if taken.get(step)
        ],
        edges=sorted(shown, key=lambda edge: (-edge.taken, edge.source, edge.target)),
    )


@router.get("/process/variants", summary="Which ways complaints take", responses=problems.documented())
async def read_variants(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    most: Annotated[int, Query(ge=1, le=200, description="So many of the most frequent ones.")] = 20,
) -> VariantsShown:
    """The different sequences of steps of the complaints of whole months that have ended, and how many had to take a
    step more than once."""
    first, last = whole_months(first, last)
    async with ctx.database.reading() as connection:
        rows = await questions.variants(connection, first, last, most)
    return VariantsShown(
        first=first,
        last=last,
        complaints=rows[0].complaints if rows else 0,
        variants=rows[0].variants if rows else 0,
        reworked=rows[0].reworked if rows else 0,
        items=[
            Variant(
                steps=row.variant.split(BETWEEN),
                complaints=row.n,
                share=row.n / row.complaints,
                again=row.again,
            )
            for row in rows
        ],
    )


class LogFormat(StrEnum):
    CSV = "csv"
    XES = "xes"


_MEDIA = {LogFormat.CSV: "text/csv; charset=utf-8", LogFormat.XES: "application/xml"}
_TEXT = {"schema": {"type": "string"}}


@router.get(
    "/process/log",
    summary="The steps, for tools that mine processes",
    response_class=StreamingResponse,
    responses=problems.documented()
    | {200: {"description": "The log.", "content": {"text/csv": _TEXT, "application/xml": _TEXT}}},
)
async def export_log(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    format_: Annotated[LogFormat, Query(alias="format")] = LogFormat.CSV,
) -> StreamingResponse:
    """Every step of the complaints registered in the range (a year at most), as XES (IEEE 1849) or CSV with the names
    of columns that pm4py, Celonis and others know. Complaints by their id; no person is named."""
    first, last = checked(first, last, clock.today(), longest=LONGEST_LOG, between=COMMON_DAYS)
    write = export.as_csv if format_ is LogFormat.CSV else export.as_xes
    return StreamingResponse(write(questions.ways(ctx.database, first, last)), media_type=_MEDIA[format_])
