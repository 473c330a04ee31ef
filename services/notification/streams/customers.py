"""Customers follow their own case: intake checks reference and token, and says what they may see."""

from urllib.parse import quote
from uuid import UUID

import httpx
from pydantic import BaseModel, JsonValue

from shared.opening import UnknownCase
from shared.service import Context


class SeenStep(BaseModel):
    """One thing that the customer sees happening."""

    id: int
    at: str
    step: str
    data: dict[str, JsonValue]


class Seen(BaseModel):
    """What intake shows of a case."""

    complaint_id: UUID
    follows: UUID | None = None
    steps: list[SeenStep]


class Cases:
    """Part of notification."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def seen(self, reference: str, token: str, after: int) -> Seen:
        """What the customer sees behind a step. Raises UnknownCase, httpx.HTTPError."""
        path = f"/intake/v1/progress/{quote(reference, safe='')}?after={after}"
        try:
            found = await self._context.ask(
                "intake", path, "complaints:read", headers={"X-Tracking-Token": token}
            )
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                raise UnknownCase("query/reference") from None
            raise
        return Seen.model_validate(found)
