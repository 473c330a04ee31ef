"""HTTP in: take a closed case up again."""

from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from services.resolution.desk import AtDesk, Worker, action
from services.resolution.lifecycle import Action
from shared.service import api_router
from shared.text import LongText

router = api_router(tags=["cases"])

_EXAMPLE: dict[str, Any] = {"reason": "The customer called: the noise came back after two weeks."}


class ReopeningWanted(BaseModel):
    """Why the case is taken up again."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [_EXAMPLE]}
    )

    reason: LongText


@action(router, Action.REOPEN)
async def reopen_case(body: ReopeningWanted, who: Worker, desk: AtDesk) -> Response:
    """Within the window of the rulebook `reopening`. The history stays; the customer gets a fresh promise."""
    return await desk.act(who, lambda case, at: case.reopen(body.reason, who.id, at))
