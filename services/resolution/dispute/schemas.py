"""Shapes of disputes in the HTTP interface."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.resolution.dispute.model import DisputeState
from services.resolution.views import Bilingual, View
from shared.events.dispute import Favour
from shared.events.vocabulary import Outcome
from shared.text import LongText


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class HandOver(BaseModel):
    model_config = _example(body="consumer-association", reason="The customer turned to the association.")

    body: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,49}$")]
    """Code of the body in the rulebook `dispute-bodies`."""
    reason: LongText


class BodyAnswered(BaseModel):
    model_config = _example(answer="We sent the file and offered an exchange.")

    answer: LongText
    """What the company answered the body."""


class BodyDecided(BaseModel):
    model_config = _example(favour="customer", decision="The machine is exchanged.", outcome="acceptable")

    favour: Favour
    decision: LongText
    outcome: Outcome | None = None
    """The customer's judgement of it: the case closes by the decision. Left out: work goes on."""


class DisputeShown(View):
    """A complaint before an outside body."""

    id: UUID
    number: int
    body: str
    name: Bilingual
    address: str
    """Where the file is sent."""
    state: DisputeState
    reason: str
    handed_over_by: str
    handed_over_at: datetime
    answer_due_at: datetime
    """By then the company answers."""
    decision_due_at: datetime
    """By then the body decides."""
    answer_missed: bool
    decision_missed: bool
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    favour: Favour | None
    decision: str | None
    ends_case: bool | None
    decided_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        plain = {name: row[name] for name in cls.model_fields if name != "name"}
        return cls(name=Bilingual(en=row["body_en"], zh=row["body_zh"]), **plain)
