"""A customer shows reference and token; intake says whose they are."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import httpx
from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel

from shared.opening import UnknownCase, limited
from shared.service import Ctx


class HolderSaid(BaseModel):
    """What intake says of the case that they open."""

    complaint_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class Holder:
    customer_id: UUID
    principal: str
    """Whose idempotency keys they are."""


async def _opened(
    request: Request,
    ctx: Ctx,
    reference: Annotated[
        str,
        Query(min_length=1, max_length=40, examples=["RD-7K3M9QXT-B"], description="Of one of your cases."),
    ],
    header: Annotated[str | None, Header(alias="X-Tracking-Token", max_length=100)] = None,
    token: Annotated[str | None, Query(max_length=100, description="For links; prefer the header.")] = None,
) -> Holder:
    """Raises problems: 404 for a wrong reference or token, 429 after too many of them."""
    path = f"/intake/v1/holders/{quote(reference, safe='')}"
    shown = (header or token or "").encode("ascii", "replace").decode()
    with limited(ctx, request):
        try:
            answer = await ctx.ask("intake", path, "complaints:read", headers={"X-Tracking-Token": shown})
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in {httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY}:
                raise
            raise UnknownCase("query/reference") from None
    said = HolderSaid.model_validate(answer)
    return Holder(said.customer_id, f"tracking:{said.complaint_id}")


CaseOf = Annotated[Holder, Depends(_opened)]
