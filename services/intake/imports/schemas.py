"""Shapes of imports in HTTP."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.imports.model import Format, State

EXAMPLE: dict[str, Any] = {
    "id": "0190b7a4-0000-7000-8000-000000000001",
    "state": "running",
    "format": "csv",
    "encoding": "utf-8",
    "delimiter": ",",
    "size": 18234511,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": "2026-11-20T09:30:00Z",
    "rows": 61440,
    "registered": 61391,
    "known": 0,
    "refused": 49,
}


class Import(BaseModel):
    """A file of complaints, and how far it is registered."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    state: State
    format: Format
    encoding: str
    """`utf-8` or `gb18030`, as found in the file."""
    delimiter: str | None = None
    """Of a CSV file, as found in its first line."""
    size: int
    """Bytes."""
    sha256: str
    """Of the file, in hexadecimal digits."""
    created_at: datetime
    finished_at: datetime | None = None
    rows: int
    """Rows that are done: the sum of the next three."""
    registered: int
    known: int
    """Rows that had been registered before, under the same `row_key`."""
    refused: int
    """Rows that are at fault; the report says how."""
