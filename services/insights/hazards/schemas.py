"""What comes in and goes out about hazards."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.text import LongText, ShortText

Level = Annotated[int, Field(ge=1, le=5)]
EXAMPLE: dict[str, Any] = {
    "what": "The plug of the kettle gets hot.",
    "product": "kettle",
    "likelihood": 3,
    "severity": 5,
    "measures": "Measure ten of batch 7 in the laboratory.",
    "review_by": "2026-06-30",
    "evidence": ["01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"],
}


class HazardState(StrEnum):
    OPEN = "open"
    WATCHED = "watched"
    """Measures are taken; it is seen whether they help."""
    REMOVED = "removed"
    ACCEPTED = "accepted"
    """It stays, for a reason."""


class NewHazard(BaseModel):
    """What somebody sees coming."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    what: LongText
    """Masked before it is kept."""
    product: ShortText | None = None
    batch: ShortText | None = None
    region: Annotated[str, Field(pattern="^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    """By ISO 3166-1 or 3166-2."""
    department: ShortText | None = None
    """That is to remove it; its code."""
    owner: ShortText | None = None
    """Who is to see to it, by their id in the directory."""
    likelihood: Level
    severity: Level
    measures: LongText | None = None
    """What is done against it. Masked before it is kept."""
    review_by: date
    """By then somebody looks at it again."""
    evidence: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    """Complaints that warn of it, the newest first."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.evidence)) < len(self.evidence):
            raise ValueError("evidence: name each complaint once; 每个投诉只能列出一次")
        return self


class HazardChange(NewHazard):
    """The whole entry anew."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [EXAMPLE | {"state": "removed", "reason": "Batch 7 was recalled; none is left."}]
        }
    )

    what: LongText | None = None  # type: ignore[assignment]  # the rules have none
    """Required unless the rules found it."""
    state: HazardState
    reason: LongText | None = None
    """Why it is accepted or counts as removed: required then. Masked before it is kept."""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.state in (HazardState.REMOVED, HazardState.ACCEPTED) and self.reason is None:
            raise ValueError("say why it is removed or accepted; 请说明消除或接受的理由")
        return self


class ChangedField(BaseModel):
    """One thing that a version changed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    field: Annotated[str, Field(examples=["likelihood"])]
    """As the entry calls it."""
    before: str | int | list[str] | None
    """Null: nothing was said, or it is the first version."""
    after: str | int | list[str] | None


class HazardVersion(BaseModel):
    """What somebody changed of an entry, and when."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: int
    changed_by: str
    """The account, or `rules`."""
    changed_at: datetime
    changes: list[ChangedField]
    """Of the first version whatever was said."""


class HazardShown(BaseModel):
    """An entry of the register."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    version: int
    """The ETag: counts the changes."""
    found_by: str
    """The account, or `rules`."""
    danger: str | None
    """Name in the lexicons, where the rules found it."""
    what: str | None
    product: str | None
    batch: str | None
    region: str | None
    department: str | None
    owner: str | None
    likelihood: int
    severity: int
    risk: int
    """Likelihood x severity, from 1 to 25."""
    measures: str | None
    state: HazardState
    reason: str | None
    review_by: date
    overdue: bool
    """It is neither removed nor accepted, and the day of its review has passed."""
    evidence: list[UUID]
    registered_at: datetime
    changed_by: str
    changed_at: datetime
