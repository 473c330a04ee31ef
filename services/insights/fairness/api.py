"""HTTP in: fairness audits, what they found, and what people say to it."""

from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.insights.fairness import store
from services.insights.fairness.colleagues import colleagues
from services.insights.fairness.making import make
from services.insights.fairness.measures import MEASURES, MeasureId, Sort
from services.insights.fairness.model import NUMBERS, FairnessVerdict
from services.insights.fairness.schemas import (
    AnswerKind,
    ComparisonDetail,
    ComparisonShown,
    FairnessAnswer,
    FairnessAnswerShown,
    FairnessAuditDetail,
    FairnessAuditShown,
    NewFairnessAudit,
    StratumShown,
    as_shown,
)
from services.insights.fairness.tables import audits
from services.insights.ranges import Reader, checked
from shared import clock, idempotency, pages, problems
from shared.aggregate import NotPossible
from shared.auth import Principal, may
from shared.database import Transaction
from shared.events.insights import Treated as About
from shared.idempotency import Answer, IdempotencyKey
from shared.ids import new_id
from shared.masking import mask
from shared.problems import Problem
from shared.service import Ctx, api_router

router = api_router(tags=["fairness"])

LONGEST = 731
"""Days: two years."""
MOST_ANSWERS = 200
METHODS = {
    Sort.SHARE: "difference of Mantel and Haenszel, variance of Sato (1989), interval of Klingenberg (2014), "
    "p value of Cochran, Mantel and Haenszel (1959)",
    Sort.RANK: "rank test of van Elteren (1960)",
    Sort.TIME: "stratified log-rank test (Mantel 1966), ratio of the rates by Mantel and Haenszel; open cases "
    "count up to their age",
}

AuditId = Annotated[UUID, Path(examples=["01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"])]
ComparisonId = Annotated[UUID, Path(examples=["4b5c7a0e-3d54-5a5c-9a54-0a3f0a4b7d11"])]
Decider = Annotated[Principal, may("fairness:audit")]


@router.post(
    "/fairness/audits",
    status_code=201,
    response_model=FairnessAuditDetail,
    summary="Have it audited whether everybody was treated alike",
    responses=problems.documented(422),
)
async def make_fairness_audit(
    wanted: NewFairnessAudit, request: Request, who: Decider, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """Every group of customers (or of staff) against all others, like with like: same category, severity, band of the
    loss and quarter. Staff are told apart by department, team, layer, languages and experience; no person is shown.
    What is found is kept as it was found. Each disparity is told to leadership. The audit of a closed
    month or quarter is made without being asked."""
    now = clock.now()
    first, last = checked(wanted.first, wanted.last, now.astimezone(UTC).date(), place="body")
    if (last - first).days >= LONGEST:
        raise _bad("body/from", f"Two years ({LONGEST} days) at most. 最长两年。")
    known = await colleagues(ctx) if wanted.about is About.STAFF else {}

    async def work(transaction: Transaction) -> Answer:
        audit_id = new_id()
        if not await make(transaction, audit_id, wanted.about, first, last, who.id, now, known):
            raise _bad(
                "body/from", "Nothing was received in these days. Ask for others. 该期间没有可审计的数据。"
            )
        detail = await _detail(transaction.connection, audit_id)
        return Answer(201, to_json(detail, by_alias=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get(
    "/fairness/audits",
    response_model=pages.Page[FairnessAuditShown],
    summary="List the fairness audits",
    responses=problems.documented(),
)
async def list_fairness_audits(
    who: Reader, ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[FairnessAuditShown]:
    """The newest first."""
    c = audits.c
    async with ctx.database.reading() as connection:
        return await pages.read(
            *(connection, select(audits), limit, cursor),
            *(lambda row: FairnessAuditShown(**row), c.made_at, c.id),
            newest_first=True,
        )


@router.get(
    "/fairness/audits/{audit_id}",
    summary="Read a fairness audit",
    responses=problems.documented(404),
)
async def read_fairness_audit(audit_id: AuditId, who: Reader, ctx: Ctx) -> FairnessAuditDetail:
    """All comparisons: a disparity, a slight difference, alike, or too few cases to say."""
    async with ctx.database.reading() as connection:
        return await _detail(connection, audit_id)


@router.get(
    "/fairness/comparisons/{comparison_id}",
    summary="Read one comparison with what it is made of",
    responses=problems.documented(404),
)
async def read_comparison(comparison_id: ComparisonId, who: Reader, ctx: Ctx) -> ComparisonDetail:
    """The numbers of every stratum, from which anybody can compute it again, and what people said to it."""
    async with ctx.database.reading() as connection:
        row = await store.comparison_of(connection, comparison_id)
        if row is None:
            raise _unknown()
        said = await store.decisions_of(connection, comparison_id)
    return _comparison(row, [FairnessAnswerShown(**each) for each in said])


@router.post(
    "/fairness/comparisons/{comparison_id}/answers",
    status_code=201,
    response_model=FairnessAnswerShown,
    summary="Comment a comparison, explain it, or call it a fault",
    responses=problems.documented(404, 409, 422),
)
async def answer_comparison(
    comparison_id: ComparisonId,
    said: FairnessAnswer,
    request: Request,
    who: Decider,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Nothing is overwritten: the last that is no comment counts. Only a disparity can be explained or be a fault."""

    async def work(transaction: Transaction) -> Answer:
        row = await store.hold(transaction, comparison_id)
        if row is None:
            raise _unknown()
        if said.decision is not AnswerKind.COMMENT and row["verdict"] != FairnessVerdict.DISPARITY:
            raise NotPossible(
                "no-disparity",
                "No disparity was found here: it can be commented, and there is nothing to decide.",
                "此处未发现显著差异，只能评论，无需作出决定。",
                verdict=row["verdict"],
            )
        before = await store.decisions_of(transaction.connection, comparison_id)
        if len(before) >= MOST_ANSWERS:
            raise NotPossible(
                "too-many-answers",
                "Too much was said to this comparison already: the last decision stays.",
                "该项比较的意见已达上限，维持最后的决定。",
                answers=len(before),
            )
        answer: dict[str, Any] = {
            "number": len(before) + 1,
            "decision": said.decision.value,
            "reason": mask(said.reason),
            "improvement_id": said.improvement_id,
            "decided_by": who.id,
            "decided_at": clock.now(),
        }
        await store.add_decision(transaction, {"id": new_id(), "comparison_id": comparison_id, **answer})
        return Answer(201, to_json(FairnessAnswerShown(**answer)))

    return await idempotency.once(request, ctx.database, who.id, key, work)


async def _detail(connection: Any, audit_id: UUID) -> FairnessAuditDetail:
    row = await store.audit_of(connection, audit_id)
    if row is None:
        raise problems.not_found("fairness audit", "path/audit_id")
    found = await store.comparisons_of(connection, audit_id)
    return FairnessAuditDetail(**row, comparisons=[ComparisonShown(**as_shown(each)) for each in found])


def _comparison(row: Any, answers: list[FairnessAnswerShown]) -> ComparisonDetail:
    sort = MEASURES[MeasureId(row["measure"])].sort
    decided = [each.decision for each in answers if each.decision is not AnswerKind.COMMENT]
    strata = [
        StratumShown(stratum=stratum, numbers=dict(zip(NUMBERS[sort], numbers, strict=True)))
        for stratum, numbers in row["strata"]
    ]
    known = as_shown(row) | {"strata": strata, "decision": decided[-1] if decided else None}
    return ComparisonDetail(**known, method=METHODS[sort], answers=answers)


def _unknown() -> Problem:
    return problems.not_found("comparison", "path/comparison_id")


def _bad(field: str, detail: str) -> Problem:
    return problems.invalid("The fairness audit is not possible", detail, field=field)
