"""Shapes of the coding part of the HTTP interface."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.intake.record.parts import Body
from shared.text import LongText

EXAMPLE: dict[str, Any] = {
    "taxonomy_version": 1,
    "codes": [{"category": "function_fault", "subcategory": "in_use"}],
    "reason": "Alarm R4 is a fault in use.",
}

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}$")]


class Code(Body):
    """A place in the taxonomy."""

    category: Name
    """Level 1."""
    subcategory: Name | None = None
    """Level 2, as soon as it is known."""


class NewCoding(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    taxonomy_version: Annotated[int, Field(ge=1, le=1_000_000)]
    """The newest, or that under which the complaint was coded before."""
    codes: Annotated[tuple[Code, ...], Field(min_length=1, max_length=5)]
    """What it is mainly about first."""
    values: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    """What the customer holds dear: the positive opposite of the grievance. Left out: what the taxonomy says."""
    reason: LongText
    evidence: LongText | None = None
    """Required where the taxonomy asks for a review."""


class NewReview(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"number": 2, "approved": True, "note": "Their own log shows the overload."}]
        }
    )

    number: Annotated[int, Field(ge=1, le=1_000_000)]
    """Of the coding that you have read."""
    approved: bool
    note: LongText
    """Why."""


class ReviewShown(BaseModel):
    approved: bool
    note: str
    reviewed_by: str
    reviewed_at: datetime


class CodingShown(BaseModel):
    """One coding; its texts with personal data masked."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    number: int
    taxonomy_version: int
    codes: list[Code]
    values: list[str]
    reason: str
    evidence: str | None = None
    needs_review: bool
    coded_by: str
    coded_at: datetime
    review: ReviewShown | None = None


class CodingsShown(BaseModel):
    """Where a complaint stands in the taxonomy, and how it came there."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: int
    """The ETag: counts the codings and the reviews."""
    in_force: CodingShown | None = None
    waiting: CodingShown | None = None
    """Comes into force when somebody else approves it."""
    history: list[CodingShown]
    """All codings, the oldest first."""


class TaxonomySummary(BaseModel):
    version: int
    valid_from: date
    newest: bool


class NewOrientation(Body):
    """The whole mapping anew: every category, and those subcategories that have values of their own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "taxonomy_version": 1,
                    "mapping": {"function_fault": ["reliability"], "function_fault/safety": ["safety"]},
                    "reason": "Agreed in the quarterly review.",
                }
            ]
        }
    )

    taxonomy_version: Annotated[int, Field(ge=1, le=1_000_000)]
    mapping: Annotated[
        dict[
            Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}(/[a-z][a-z0-9_]{0,49})?$")],
            Annotated[tuple[Name, ...], Field(min_length=1, max_length=10)],
        ],
        Field(min_length=1, max_length=200),
    ]
    """Value labels by place in the taxonomy."""
    reason: LongText


class OrientationShown(BaseModel):
    """Value orientation (价值取向): what whoever complains of something holds dear."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: int
    """The ETag: counts the changes."""
    taxonomy_version: int
    mapping: dict[str, list[str]]
