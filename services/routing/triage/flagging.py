"""HTTP in: risks that people see in complaints."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json

from services.routing.model import Dispatch
from services.routing.store import DispatchStore
from services.routing.triage.schemas import NewRisk, RiskSettlement, Routed
from services.routing.triage.showing import routed
from shared import clock, etag, idempotency, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.events.vocabulary import Risk
from shared.idempotency import Answer, IdempotencyKey
from shared.service import Ctx, api_router

router = api_router(tags=["triage"])
store = DispatchStore()


@router.post(
    "/complaints/{complaint_id}/risks",
    response_model=Routed,
    response_model_exclude_none=True,
    summary="Raise a risk",
    responses=problems.documented(404, 409),
)
async def raise_risk(
    complaint_id: UUID,
    risk: NewRisk,
    request: Request,
    who: Annotated[Principal, may("triage:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """The complaint may grow into a dispute or an incident. It becomes as severe as the rulebook `severity-matrix`
    says, and whoever must know is told. A risk that is raised already stays as it is."""

    def change(dispatch: Dispatch) -> None:
        dispatch.raise_risk(risk.kind, risk.reason, who.id, clock.now())

    return await _change(complaint_id, change, request, who, ctx, key)


@router.post(
    "/complaints/{complaint_id}/risks/{kind}/settlement",
    response_model=Routed,
    response_model_exclude_none=True,
    summary="Settle a risk",
    responses=problems.documented(404),
)
async def settle_risk(
    complaint_id: UUID,
    kind: Risk,
    settlement: RiskSettlement,
    request: Request,
    who: Annotated[Principal, may("triage:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """The risk is over. The severity stays: lower it at the triage desk, with a reason. A risk that is not raised,
    or settled already, stays as it is."""

    def change(dispatch: Dispatch) -> None:
        dispatch.settle_risk(kind, settlement.reason, who.id, clock.now())

    return await _change(complaint_id, change, request, who, ctx, key)


async def _change(
    complaint_id: UUID,
    change: Callable[[Dispatch], None],
    request: Request,
    who: Principal,
    ctx: Ctx,
    key: str | None,
) -> Response:
    async def work(transaction: Transaction) -> Answer:
        dispatch = await load_one(store, transaction, complaint_id)
        if dispatch.registered_at is None:
            raise problems.not_found("complaint", "path/complaint_id")
        change(dispatch)
        if dispatch.flagged:
            await save_one(store, transaction, dispatch)
            dispatch.version += 1  # as it is stored now
        return Answer(200, to_json(routed(dispatch), exclude_none=True))

    return etag.tagged(await idempotency.once(request, ctx.database, who.id, key, work))
