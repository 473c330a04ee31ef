"""Customers follow their own case: intake checks reference and token, and says what they may see."""

from urllib.parse import quote
from uuid import UUID

import httpx
from pydantic import BaseModel, JsonValue

from shared.problems import Problem
from shared.service import Context


class CaseClosedToCaller(Problem):
    """No case opens with this reference and token; the same answer whichever is wrong."""

    def __init__(self) -> None:
        super().__init__(
            404,
            "unknown-reference-or-token",
            "No case opens with this reference and token",
            "Check both as they stand in the acknowledgement. 请核对回执中的投诉编号和查询码。",
            field="query/reference",
        )


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
        """What the customer sees behind a step. Raises CaseClosedToCaller, httpx.HTTPError."""
        path = f"/intake/v1/progress/{quote(reference, safe='')}?after={after}"
        try:
            found = await self._context.ask(
                "intake", path, "complaints:read", headers={"X-Tracking-Token": token}
            )
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                raise CaseClosedToCaller from None
            raise
        return Seen.model_validate(found)
