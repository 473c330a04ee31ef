"""HTTP in: what a customer sees happening, for the service that shows it to them live."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Query
from pydantic import BaseModel, ConfigDict

from services.intake.merging import store as merging_store
from services.intake.opening import opened
from services.intake.tracked import StepShown
from shared import driver, problems
from shared.auth import Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["tracking"])


class StepOfCase(StepShown):
    """A step with its number, by which one goes on where one stopped."""

    id: int


class Progress(BaseModel):
    """What a customer sees happening to their complaint."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    follows: UUID | None = None
    """The complaint that it is merged into: what happens to that one is seen, too."""
    steps: list[StepOfCase]
    """Behind the step that was asked for, in the order of their numbers."""


@router.get(
    "/progress/{reference}",
    response_model=Progress,
    response_model_exclude_none=True,
    summary="What the customer sees happening",
    responses=problems.documented(404),
)
async def read_progress(
    reference: Annotated[str, Path(max_length=40, examples=["RD-7K3M9QXT-B"])],
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
    after: Annotated[int, Query(ge=0, le=2**62, description="The last step that is known.")] = 0,
    token: Annotated[str | None, Header(alias="X-Tracking-Token", max_length=100)] = None,
) -> Progress:
    """For whoever shows it to the customer: it needs a key and, to prove for whom, the customer's token. Wrong ones
    are not counted here, for whoever may call this can read complaints anyway."""
    async with ctx.database.reading() as connection:
        told = await opened(connection, ctx, reference, token)
        merge = await merging_store.live(connection, told["id"])
        rows = await driver.run(connection, merging_store.STEPS, {"id": told["id"], "after": after})
    return Progress(
        complaint_id=told["id"],
        follows=merge.leading_id if merge else None,
        steps=sorted(
            (StepOfCase(id=r.id, at=r.at, step=r.step, data=r.data) for r in rows), key=lambda step: step.id
        ),
    )
