"""Shapes of the findings in the HTTP interface."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from services.routing.findings.model import FindingKind


class FindingShown(BaseModel):
    """Something that is, or was, unowned or untrained."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    kind: FindingKind
    subject: str
    """Code or id of what it is about."""
    detail_en: str
    """What is wrong, and what to do."""
    detail_zh: str
    opened_at: datetime
    settled_at: datetime | None = None
    """When it was no longer so."""


def shown(row: Mapping[str, Any]) -> FindingShown:
    words = _words()[row["kind"]]
    said = {**row["detail"], "subject": row["subject"]}
    return FindingShown(
        id=row["id"],
        kind=row["kind"],
        subject=row["subject"],
        detail_en=words["en"].format(**said),
        detail_zh=words["zh"].format(**said),
        opened_at=row["opened_at"],
        settled_at=row["settled_at"],
    )


@cache
def _words() -> dict[str, dict[str, str]]:
    """What to say, by kind and language."""
    read = resources.files("services.routing.findings").joinpath("words.json").read_bytes()
    return TypeAdapter(dict[str, dict[str, str]]).validate_json(read)
