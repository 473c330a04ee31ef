"""HTTP in: the triage desk, where people decide what rules and classifier could not, and correct what they did."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic_core import to_json
from sqlalchemy import text

from services.routing.model import Dispatch
from services.routing.status import Status
from services.routing.store import DispatchStore, read_dispatches
from services.routing.triage.schemas import Referred, Routed, TriageDecision
from services.routing.triage.showing import referred, routed
from shared import clock, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction, sql
from shared.editing import Editing
from shared.idempotency import Answer
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.service import Ctx, api_router
from shared.taxonomy import newest

router = api_router(tags=["triage"])
store = DispatchStore()

_WAITING = (
    "SELECT complaint_id FROM dispatches WHERE status = 'referred' "
    "{after} ORDER BY registered_at, complaint_id LIMIT :limit"
)
_FIRST = text(_WAITING.format(after=""))
_NEXT = text(_WAITING.format(after="AND (registered_at, complaint_id) > (:at, :after)"))


@router.get(
    "/triage",
    response_model=pages.Page[Referred],
    response_model_exclude_none=True,
    summary="What waits for a person's decision, oldest first",
    responses=problems.documented(),
)
async def read_triage_desk(
    who: Annotated[Principal, may("triage:write")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[Referred]:
    """What rules and classifier could not tell: with what was told (masked), and what they hold possible."""
    parameters: dict[str, object] = {"limit": limit + 1}
    if cursor is not None:
        parameters["at"], parameters["after"] = pages.decode(cursor, datetime, UUID)
    async with ctx.database.reading() as connection:
        found = await connection.execute(_FIRST if cursor is None else _NEXT, parameters)
        ids = list(found.scalars())
        known = await read_dispatches(connection, ids)
    # Between the two reads somebody may have decided one; it is shown as it is now, or was, to no harm.
    waiting = [known[i] for i in ids if known[i].registered_at is not None]
    return pages.page(waiting, limit, referred, lambda dispatch: (dispatch.registered_at, dispatch.id))


@router.post(
    "/triage/{complaint_id}",
    response_model=Routed,
    summary="Decide what waits, or correct what was decided",
    responses=problems.documented(404, 409, 412, 422) | TAGGED,
)
async def decide_triage(
    complaint_id: UUID,
    decision: TriageDecision,
    who: Annotated[Principal, may("triage:write")],
    editing: Editing,
) -> Response:
    """Category, severity and department by a person; what waited is assigned at once.

    What was decided already is corrected with `If-Match`, so that nobody undoes what they have not seen. Whoever
    has the complaint keeps it, unless another department is named. The classifier learns from it.
    """
    _must_not_need_review(decision)

    async def work(transaction: Transaction) -> Answer:
        dispatch = await load_one(store, transaction, complaint_id)
        if dispatch.registered_at is None:
            raise problems.not_found("complaint", "path/complaint_id")
        shown = routed(dispatch).model_dump(mode="json", exclude_none=True)
        editing.must_match(dispatch.version, "complaint", "该投诉的分诊结果", now=shown)
        await _department_must_exist(transaction, decision.department)
        at = clock.now()
        said = (decision.severity, decision.department, decision.reason, who.id, at)
        if dispatch.status is Status.REFERRED:
            if decision.category is None:
                raise problems.invalid(
                    "The complaint waits for a category",
                    "Say what it is about. 该投诉尚未分类，请填写类别。",
                    field="body/category",
                )
            dispatch.decide(decision.category, *said)
        else:
            if editing.if_match is None:
                raise _decided_already(dispatch)
            dispatch.correct(decision.category, *said)
        await save_one(store, transaction, dispatch)
        return Answer(200, to_json(routed(dispatch), exclude_none=True))

    return await editing.once_tagged(who.id, work)


def _must_not_need_review(decision: TriageDecision) -> None:
    if decision.category is not None and newest().category(decision.category).review:
        raise problems.invalid(
            "This category needs evidence and a second person",
            "Decide by what the customer says, and propose it as a coding of the complaint at intake. "
            "该类别须有依据并经他人复核，请先按客户所述分类，再在登记服务中提出编码。",
            field="body/category",
        )


def _decided_already(dispatch: Dispatch) -> Problem:
    return problems.conflict(
        "The complaint does not wait for a decision. 该投诉不在待分类状态。",
        f"It is {dispatch.status.value}, category {dispatch.category}. To correct it, read it, and send its ETag "
        "as If-Match. 如需更正，请先读取，并以其 ETag 作为 If-Match 提交。",
        status_now=dispatch.status.value,
        category=dispatch.category,
        version=dispatch.version,
    )


async def _department_must_exist(transaction: Transaction, code: str | None) -> None:
    if code is None:
        return
    found = await transaction.execute(sql("SELECT code FROM departments WHERE active ORDER BY code"))
    known = list(found.scalars())
    if code not in known:
        raise problems.invalid(
            "There is no such department",
            f"Name one of {', '.join(known)}. 没有该部门，请从现有部门中选择。",
            field="body/department",
            departments=known,
        )
