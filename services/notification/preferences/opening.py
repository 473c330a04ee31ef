"""A customer shows reference and token; intake says whose they are."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import httpx
from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel

from shared.attempts import Attempts
from shared.problems import Problem
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
        Query(min_length=1, max_length=40, examples=["RD-7K3M9QXT-4"], description="Of one of your cases."),
    ],
    header: Annotated[str | None, Header(alias="X-Tracking-Token", max_length=100)] = None,
    token: Annotated[str | None, Query(max_length=100, description="For links; prefer the header.")] = None,
) -> Holder:
    """Raises problems: 404 for a wrong reference or token, 429 after too many of them."""
    attempts, address = ctx.part(Attempts), request.client.host if request.client else ""
    attempts.check(address)
    path = f"/intake/v1/holders/{quote(reference, safe='')}"
    shown = (header or token or "").encode("ascii", "replace").decode()
    try:
        said = HolderSaid.model_validate(
            await ctx.ask("intake", path, "complaints:read", headers={"X-Tracking-Token": shown})
        )
    except httpx.HTTPStatusError as error:
        if error.response.status_code not in {httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY}:
            raise
        attempts.failed(address)
        raise Problem(
            404,
            "unknown-reference-or-token",
            "No case opens with this reference and token",
            "Check both as they stand in the acknowledgement. 请核对回执中的投诉编号和查询码。",
            field="query/reference",
        ) from None
    return Holder(said.customer_id, f"tracking:{said.complaint_id}")


CaseOf = Annotated[Holder, Depends(_opened)]
