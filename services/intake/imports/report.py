"""The report of an import: what became of each row, as NDJSON or as CSV. Streamed, whatever its length."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import RowMapping

from services.intake.imports import store
from services.intake.imports.model import Format, Result
from shared.database import Database

PAGE = 1000
HEADER = ("row", "line", "status", "row_key", "id", "reference", "errors")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula."""


async def report(
    database: Database, import_id: UUID, kind: Format, status: Result | None
) -> AsyncIterator[bytes]:
    after = 0
    if kind is Format.CSV:
        yield b"\xef\xbb\xbf" + _csv([HEADER])  # the mark by which spreadsheets know UTF-8
    while True:
        async with database.reading() as connection:
            rows = await store.rows_after(connection, import_id, after, status, PAGE)
        if rows:
            after = rows[-1]["number"]
            yield _csv(map(_cells, rows)) if kind is Format.CSV else b"".join(map(_line, rows))
        if len(rows) < PAGE:
            return


def _line(row: RowMapping) -> bytes:
    told: dict[str, Any] = {
        "row": row["number"],
        "line": row["line"],
        "status": row["status"],
        "row_key": row["key"],
        "id": row["complaint_id"],
        "reference": row["reference"],
        "errors": row["errors"],
    }
    return to_json({name: value for name, value in told.items() if value is not None}) + b"\n"


def _cells(row: RowMapping) -> tuple[str, ...]:
    errors = "; ".join(f"{each['field']}: {each['detail']}" for each in row["errors"] or ())
    told = (
        row["number"],
        row["line"],
        row["status"],
        row["key"],
        row["complaint_id"],
        row["reference"],
        errors,
    )
    return tuple(harmless(str(value)) if value is not None else "" for value in told)


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe in front says that it is text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
