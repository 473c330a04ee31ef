"""Shapes of the links to pages."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from services.insights.pages.catalogue import REPORTS
from shared.events.vocabulary import Language

_IDS = [report.id for report in REPORTS]


def _known(id: str) -> str:
    if id not in _IDS:
        known = ", ".join(_IDS)
        raise ValueError(f"there are {known}; 可查看的页面：{known}")
    return id


PageId = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": _IDS})]


class PageLinkAsked(BaseModel):
    """Which page to open."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"page": "board", "language": "zh"}]},
    )

    page: PageId | None = None
    """Left out: the list of pages."""
    language: Language | None = None
    """Left out: as the reader's browser prefers."""


class PageLink(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    url: Annotated[
        str, Field(examples=["https://redress.example/insights/pages/board?lang=zh&ticket=gAAAAABo"])
    ]
    """For whoever shall read: open it in a browser. Do not publish it."""
    until: Annotated[AwareDatetime, Field(examples=["2026-05-11T09:30:00Z"])]
    """When it stops to open anything."""
