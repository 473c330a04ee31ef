"""HTTP in: whose case reference and token open, for a service that does something for its customer."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path
from pydantic import BaseModel, ConfigDict

from services.intake.opening import opened
from shared import problems
from shared.auth import Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["tracking"])


class CaseHolder(BaseModel):
    """Whose case it is, by ids alone."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    customer_id: UUID


@router.get("/holders/{reference}", summary="Whose case it is", responses=problems.documented(404))
async def read_holder(
    reference: Annotated[str, Path(max_length=40, examples=["RD-7K3M9QXT-B"])],
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
    token: Annotated[str | None, Header(alias="X-Tracking-Token", max_length=100)] = None,
) -> CaseHolder:
    """It needs a key and, to prove for whom, the customer's token. Wrong ones are not counted here, for whoever may
    call this can read complaints anyway."""
    async with ctx.database.reading() as connection:
        told = await opened(connection, ctx, reference, token)
    return CaseHolder(complaint_id=told["id"], customer_id=told["customer_id"])
