"""HTTP in: the analysis of the cause, its verification by somebody else, and the effect by the numbers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Path, Query, Response

from services.resolution.desk import Reader, Worker
from services.resolution.improvement import asking
from services.resolution.improvement.commands import NewAnalysis, NewEffect, NewVerification
from services.resolution.improvement.desk import AtImprovementDesk
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import Numbers
from services.resolution.improvement.searching import Findings
from services.resolution.improvement.views import EffectNumbers, ImprovementView
from shared import problems
from shared.aggregate import NotPossible
from shared.masking import mask
from shared.service import api_router

router = api_router(tags=["improvements"])
CHANGED = problems.documented(404, 409, 412, 422)


@router.post(
    "/improvements/{improvement_id}/analyses",
    response_model=ImprovementView,
    summary="Analyse the cause",
    responses=CHANGED,
)
async def analyse(body: NewAnalysis, who: Worker, desk: AtImprovementDesk) -> Response:
    """Why it occurred and why it was not detected: chains of whys, and a fishbone of possible causes. The newest
    analysis counts, and somebody else verifies it."""
    least = (await desk.seen()).book.least_whys
    for name, chains in (("occurrence", body.occurrence), ("escape", body.escape)):
        for number, chain in enumerate(chains):
            if len(chain) < least:
                raise problems.invalid(
                    "The chain of whys is too short",
                    f"Ask why at least {least} times; the last answer is the root. 至少追问 {least} 次为什么。",
                    field=f"body/{name}/{number}",
                )
    findings = Findings(
        _masked(body.occurrence),
        _masked(body.escape),
        {branch: tuple(map(mask, causes)) for branch, causes in body.fishbone.items()},
        mask(body.root_cause),
        mask(body.escape_cause),
        mask(body.impact),
    )
    by = await asking.person_behind(desk.editing.ctx, who.id)
    return await desk.act(who, lambda improvement, at: improvement.analyse(findings, by, at))


def _masked(chains: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(mask, chain)) for chain in chains)


@router.post(
    "/improvements/{improvement_id}/analyses/{number}/verification",
    response_model=ImprovementView,
    summary="Verify an analysis of the cause",
    responses=CHANGED,
)
async def verify_analysis(
    number: Annotated[int, Path(ge=1, le=32_000, description="Of the newest analysis.")],
    body: NewVerification,
    who: Worker,
    desk: AtImprovementDesk,
) -> Response:
    """By somebody other than its author. Not confirmed, the cause is analysed anew."""
    by = await asking.person_behind(desk.editing.ctx, who.id)
    return await desk.act(who, lambda i, at: i.verify(number, body.confirmed, mask(body.how), by, at))


@router.get(
    "/improvements/{improvement_id}/effect",
    summary="Read the numbers of the effect as they are now",
    responses=problems.documented(404, 409, 422),
)
async def read_effect(
    who: Reader,
    desk: AtImprovementDesk,
    exposure_before: Annotated[Decimal | None, Query(gt=0, le=10**12, decimal_places=3)] = None,
    exposure_after: Annotated[Decimal | None, Query(gt=0, le=10**12, decimal_places=3)] = None,
) -> EffectNumbers:
    """Complaints of the same category and product before the opening, and in the watch period."""
    if (exposure_before is None) != (exposure_after is None):
        raise problems.invalid(
            "One exposure is missing",
            "Give both exposures, in the same unit, or neither. 两个基数须一并填写。",
            field="query/exposure_after",
        )
    improvement = await desk.seen()
    of = asking.periods(improvement)
    if of is None:
        raise NotPossible(
            "not-carried-out",
            "The plan is not carried out yet: the watch period begins with its last action.",
            "改善方案尚未全部完成；观察期自最后一项措施完成时开始。",
            step=improvement.step.value,
        )
    exposure = (exposure_before, exposure_after) if exposure_before and exposure_after else None
    return EffectNumbers.model_validate(await asking.numbers(desk.editing.ctx, improvement, of, exposure))


@router.post(
    "/improvements/{improvement_id}/effect",
    response_model=ImprovementView,
    summary="Judge the effect by the numbers",
    responses=CHANGED,
)
async def judge_effect(body: NewEffect, who: Worker, desk: AtImprovementDesk) -> Response:
    """After the watch period. The numbers are kept with the judgement. Not effective: back to the cause."""
    improvement = await desk.seen()
    of = asking.periods(improvement)
    exposure = None
    if body.exposure_before is not None and body.exposure_after is not None:
        exposure = (body.exposure_before, body.exposure_after)
    by = await asking.person_behind(desk.editing.ctx, who.id)
    numbers = None if of is None else await asking.numbers(desk.editing.ctx, improvement, of, exposure)
    return await desk.act(who, lambda i, at: _judge(i, body, of, numbers, by, at))


def _judge(
    improvement: Improvement,
    body: NewEffect,
    of: asking.Periods | None,
    numbers: Numbers | None,
    by: str,
    at: datetime,
) -> None:
    improvement.must_be_watched(at)
    if numbers is None or of != asking.periods(improvement):
        raise NotPossible(
            "watch-changed",
            "The watch period changed meanwhile: read the improvement again, and decide again.",
            "观察期已有变化，请重新读取后再判断。",
        )
    improvement.judge(body.effective, mask(body.reason), numbers, by, at)
