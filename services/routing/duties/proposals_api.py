"""HTTP in: what staff propose, and what leadership answers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.acting import person_of
from services.routing.duties.schemas import NewAnswer, NewProposal, ProposalShown, State
from services.routing.store import duties
from shared import clock, etag, idempotency, ids, pages, problems
from shared.auth import Principal, may
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.editing import Editing
from shared.idempotency import Answer, IdempotencyKey
from shared.openapi import TAGGED
from shared.service import Ctx, api_router

router = api_router(tags=["duties"])


@router.post(
    "/proposals",
    status_code=201,
    response_model=ProposalShown,
    response_model_exclude_none=True,
    summary="Propose an improvement",
    responses=problems.documented(403, 422),
)
async def add_proposal(
    wanted: NewProposal,
    request: Request,
    who: Annotated[Principal, may()],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Anybody in the directory may. It takes no scope, only an account."""

    async def work(transaction: Transaction) -> Answer:
        me = await person_of(transaction.connection, who)
        known = await transaction.execute(
            sql("SELECT 1 AS found FROM policies WHERE code = :code LIMIT 1"), {"code": wanted.policy}
        )
        if wanted.policy is not None and known.first() is None:
            raise problems.invalid(
                "No such policy", "`/policies` lists them. 没有该政策，请见 /policies。", field="body/policy"
            )
        row: dict[str, Any] = {
            "id": ids.new_id(),
            "version": 1,
            "person": me,
            **wanted.model_dump(),
            "state": State.OPEN,
            "proposed_at": clock.now(),
        }
        await insert_rows(transaction, duties.proposals, [row])
        return Answer(201, to_json(ProposalShown(**row), exclude_none=True))

    return etag.tagged(await idempotency.once(request, ctx.database, who.id, key, work))


@router.get(
    "/proposals",
    response_model=pages.Page[ProposalShown],
    response_model_exclude_none=True,
    summary="List proposals",
    responses=problems.documented(),
)
async def list_proposals(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    state: Annotated[State | None, Query(description="Only in this state.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[ProposalShown]:
    """The newest first, with the answers."""
    async with ctx.database.reading() as connection:
        return await _listed(connection, {"state": state and state.value}, limit, cursor)


@router.get(
    "/proposals/me",
    response_model=pages.Page[ProposalShown],
    response_model_exclude_none=True,
    summary="Your own proposals",
    responses=problems.documented(403),
)
async def list_my_proposals(
    who: Annotated[Principal, may()], ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[ProposalShown]:
    """With what leadership answered."""
    async with ctx.database.reading() as connection:
        me = await person_of(connection, who)
        return await _listed(connection, {"person": me}, limit, cursor)


async def _listed(
    connection: AsyncConnection, narrow: dict[str, str | None], limit: int, cursor: str | None
) -> pages.Page[ProposalShown]:
    c = duties.proposals.c
    query = select(duties.proposals)
    for name, wanted in narrow.items():
        if wanted is not None:
            query = query.where(c[name] == wanted)
    return await pages.read(
        connection,
        query,
        limit,
        cursor,
        lambda row: ProposalShown(**row),
        c.proposed_at,
        c.id,
        newest_first=True,
    )


@router.post(
    "/proposals/{proposal_id}/answer",
    response_model=ProposalShown,
    response_model_exclude_none=True,
    summary="Answer a proposal",
    responses=problems.documented(404, 409, 412) | TAGGED,
)
async def answer_proposal(
    proposal_id: UUID,
    said: NewAnswer,
    who: Annotated[Principal, may("policies:write")],
    editing: Editing,
) -> Response:
    """Accepted or declined, with what whoever proposed it is told. An answer stays."""

    async def work(transaction: Transaction) -> Answer:
        query = select(duties.proposals).where(duties.proposals.c.id == proposal_id).with_for_update()
        row = (await transaction.execute(query)).mappings().one_or_none()
        if row is None:
            raise problems.not_found("proposal", "path/proposal_id")
        editing.must_match(row["version"], "proposal", "建议")
        if row["state"] != State.OPEN:
            raise problems.conflict(
                "The proposal is answered. 该建议已答复。",
                "An answer stays; let it be proposed anew. 答复不可更改，可重新提出。",
                state_now=row["state"],
            )
        answered = {
            "version": row["version"] + 1,
            "state": (State.ACCEPTED if said.accepted else State.DECLINED).value,
            "answer": said.answer,
            "answered_by": who.id,
            "answered_at": clock.now(),
        }
        changed = duties.proposals.update().where(duties.proposals.c.id == proposal_id).values(**answered)
        await transaction.execute(changed)
        return Answer(200, to_json(ProposalShown(**{**row, **answered}), exclude_none=True))

    return await editing.once_tagged(who.id, work)
