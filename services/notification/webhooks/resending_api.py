"""HTTP in: everything since a time is sent to a webhook again."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from services.notification.webhooks import again, subscriptions
from shared import problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey, once
from shared.pages import WrittenMoment
from shared.service import Ctx, api_router

router = api_router(tags=["webhooks"])


class Resending(BaseModel):
    """What is sent again: what was queued for the webhook in this time, and is settled."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"since": "2026-03-02T00:00:00Z"}]},
    )

    since: WrittenMoment
    until: WrittenMoment | None = None
    """Without it: until now."""
    only_failed: bool = True
    """False: what was delivered, too. The receiver knows it by its `webhook-id`."""
    after: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """`next` of the answer before."""


class Resent(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    queued: int
    """Deliveries that are sent again, each under the id that it has; 10,000 at most."""
    next: int | None = None
    """There may be more: send the same again with it as `after`."""


@router.post(
    "/webhooks/{webhook_id}/resend",
    status_code=202,
    response_model=Resent,
    summary="Send everything since a time again",
    responses=problems.documented(404, 409),
)
async def resend_since(
    webhook_id: UUID,
    wanted: Resending,
    who: Annotated[Principal, may("webhooks:write")],
    ctx: Ctx,
    request: Request,
    key: IdempotencyKey = None,
) -> Response:
    """For a receiver that was away. What is on its way already is left alone, so a repetition does no harm; what
    belongs to an erased customer is not sent again. Facts about one complaint keep their order."""

    async def work(transaction: Transaction) -> Answer:
        webhook = await subscriptions.held(transaction, webhook_id, who, None)
        queued, last = await again.resend_since(
            transaction,
            webhook,
            wanted.since,
            wanted.until,
            only_failed=wanted.only_failed,
            after=wanted.after,
        )
        shown = Resent(queued=queued, next=last)
        return Answer(202, to_json(shown.model_dump(exclude_none=True)))

    return await once(request, ctx.database, who.id, key, work)
