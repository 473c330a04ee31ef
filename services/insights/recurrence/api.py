"""HTTP in: who else told the same, and how that ended."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.recurrence.model import Signed
from services.insights.recurrence.schemas import SimilarCase, SimilarCases
from services.insights.recurrence.signature import likeness
from services.insights.recurrence.store import near, signed
from shared import driver, problems
from shared.auth import Principal, may
from shared.database import sql
from shared.service import Ctx, api_router

router = api_router(tags=["recurrences"])

SHOWN = 20
FROM = 60.0
"""Likeness from which on a case is shown as similar."""
QUOTED = 300
"""Characters of what was told."""

_FACTS = sql(
    "SELECT s.id, s.registered_at, s.customer_id, s.product, c.category, c.subcategory, c.outcome, c.improvement_id, "
    "left(t.what_went_wrong, :quoted) AS words FROM signatures s LEFT JOIN complaints c ON c.id = s.id "
    "LEFT JOIN tellings t ON t.id = s.id WHERE s.id = ANY(CAST(:ids AS uuid[]))"
)
_RECURRENCE = sql(
    "SELECT count(*) AS complaints, count(DISTINCT coalesce(customer_id, id)) AS customers "
    "FROM signatures WHERE recurrence_id = :id"
)


@router.get(
    "/complaints/{complaint_id}/similar",
    summary="Who else told the same?",
    responses=problems.documented(404),
)
async def read_similar(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    complaint_id: Annotated[UUID, Path(examples=["01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"])],
) -> SimilarCases:
    """For whoever goes to a customer: whether others found the like, within half a year, and what became of it. By the
    words of the registration; a complaint can be found about a second after it."""
    async with ctx.database.reading() as connection:
        one = await signed(connection, complaint_id)
        if one is None or one.recurrence_id is None:
            raise problems.not_found("complaint", "path/complaint_id")
        alike = await _alike(connection, one)
        rows = await driver.run(connection, _FACTS, {"ids": list(alike), "quoted": QUOTED})
        facts = {row["id"]: row for row in rows.mappings()}
        counted = (await driver.run(connection, _RECURRENCE, {"id": one.recurrence_id})).one()
    return SimilarCases(
        recurrence_id=one.recurrence_id,
        complaints=counted.complaints,
        customers=counted.customers,
        items=[
            SimilarCase(
                complaint_id=id,
                likeness=round(score, 1),
                same_recurrence=other.recurrence_id == one.recurrence_id,
                same_customer=other.customer_id is not None and other.customer_id == one.customer_id,
                **{name: facts[id][name] for name in SimilarCase.model_fields if name in facts[id]},
            )
            for id, (score, other) in alike.items()
        ],
    )


async def _alike(connection: AsyncConnection, one: Signed) -> dict[UUID, tuple[float, Signed]]:
    if one.said is None:
        return {}
    said = one.said
    found = [each for each in await near(connection, one) if each.id != one.id and each.said is not None]
    scored = [(likeness(said, each.said or ""), each) for each in found]
    best = sorted((each for each in scored if each[0] >= FROM), key=lambda each: (-each[0], -each[1].id.int))
    return {each.id: (score, each) for score, each in best[:SHOWN]}
