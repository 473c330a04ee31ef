"""Shapes of the duties in the HTTP interface."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.directory.schemas import Code
from services.routing.schemas import Body
from shared.pages import WrittenMoment
from shared.text import LongText, ShortText

Layer = Annotated[int, Field(ge=1, le=4)]


class Target(Body):
    """What is to be reached."""

    measure: Code
    """Which number."""
    value: Annotated[Decimal, Field(max_digits=14, decimal_places=4)]
    unit: ShortText
    """Of the value: `percent`, `hours`."""


class NewPolicy(Body):
    """A version of a policy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "answer_in_time",
                    "title_en": "We answer when we said we would",
                    "title_zh": "到承诺时间一定答复",
                    "body_en": "Whoever promised a time answers by then, whatever the progress.",
                    "body_zh": "无论进展如何，到承诺的时间一定给客户答复。",
                    "targets": [{"measure": "promises_kept", "value": "98", "unit": "percent"}],
                    "valid_from": "2026-04-01T00:00:00+08:00",
                    "layers": [1, 2],
                }
            ]
        }
    )

    code: Code
    title_en: ShortText
    title_zh: ShortText
    body_en: LongText
    body_zh: LongText
    targets: Annotated[tuple[Target, ...], Field(max_length=50)] = ()
    valid_from: WrittenMoment
    layers: Annotated[tuple[Layer, ...], Field(max_length=4)] = ()
    """Whom it concerns: everybody of these layers,"""
    departments: Annotated[tuple[Code, ...], Field(max_length=500)] = ()
    """and of these departments."""

    @model_validator(mode="after")
    def _concerns_somebody(self) -> Self:
        if not self.layers and not self.departments:
            raise ValueError("name the layers or departments that it concerns; 请注明适用的层次或部门")
        return self


class PolicyShown(NewPolicy):
    """A version of a policy as it was published."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    version: int
    published_by: str
    published_at: datetime


class Acknowledgement(BaseModel):
    """Whether somebody whom a policy concerns has said that they know it."""

    person: str
    name: str
    department: str
    acknowledged_at: datetime | None = None


class Acknowledged(BaseModel):
    code: str
    version: int
    person: str
    acknowledged_at: datetime


class State(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class NewProposal(Body):
    """What could be better."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "发货前拍照存档，可减少运输破损的争议。", "process": "shipping"}]
        }
    )

    text: LongText
    policy: Code | None = None
    """The policy that it is about,"""
    process: ShortText | None = None
    """or the process."""

    @model_validator(mode="after")
    def _about_one(self) -> Self:
        if self.policy is not None and self.process is not None:
            raise ValueError("name a policy or a process, not both; 请只填写政策或流程之一")
        return self


class NewAnswer(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"accepted": True, "answer": "采纳，下月起在储运部试行。"}]}
    )

    accepted: bool
    answer: LongText
    """To whoever proposed it."""


class ProposalShown(BaseModel):
    """A proposal, and what leadership answered."""

    id: UUID
    version: int
    person: str
    text: str
    policy: str | None = None
    process: str | None = None
    state: State
    answer: str | None = None
    answered_by: str | None = None
    proposed_at: datetime
    answered_at: datetime | None = None
