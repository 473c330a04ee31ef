"""The answer as a file: CSV, JSON or Parquet, one row per group and measure. Pure."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from services.insights.measures.asking import Answer
from services.insights.measures.catalogue import BY_ID

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With which a spreadsheet begins to calculate: text that starts so gets an apostrophe before it (OWASP)."""
BOM = "\ufeff"
"""By which Excel knows that a file is UTF-8."""

COLUMNS: dict[str, DataType] = {
    "from": DataType.date32(),
    "to": DataType.date32(),
    "by": DataType.string(),
    "key": DataType.string(),
    "measure": DataType.string(),
    "name_en": DataType.string(),
    "name_zh": DataType.string(),
    "unit": DataType.string(),
    "value": DataType.float64(),
    "numerator": DataType.int64(),
    "denominator": DataType.int64(),
    "at_least": DataType.bool(),
    "target": DataType.float64(),
    "warning": DataType.float64(),
    "status": DataType.string(),
}
EPOCH = date(1970, 1, 1)
Row = dict[str, Any]


def rows_of(answer: Answer) -> Iterator[Row]:
    asked = answer.question
    for group in answer.groups:
        for reading in group.measures:
            name = BY_ID[reading.measure].name
            yield {
                "from": asked.first,
                "to": asked.last,
                "by": asked.by.value,
                "key": group.key,
                "measure": reading.measure,
                "name_en": name["en"],
                "name_zh": name["zh"],
                "unit": reading.unit.value,
                "value": reading.value,
                "numerator": reading.numerator,
                "denominator": reading.denominator,
                "at_least": reading.at_least,
                "target": reading.target,
                "warning": reading.warning,
                "status": reading.status.value,
            }


def as_csv(answer: Answer, *, bom: bool) -> bytes:
    """RFC 4180: comma, CRLF, quotes doubled. What is not known is an empty cell; numbers have all their digits."""
    out = io.StringIO(newline="")
    out.write(BOM if bom else "")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows_of(answer):
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue().encode()


def _cell(value: object) -> object:
    match value:
        case bool(yes):
            return str(yes).lower()
        case str(words) if words.startswith(FORMULA):
            return f"'{words}"
    return value


def as_json(answer: Answer) -> bytes:
    rows = [row | {"from": row["from"].isoformat(), "to": row["to"].isoformat()} for row in rows_of(answer)]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def as_parquet(answer: Answer) -> bytes:
    """Typed columns; what is not known is null."""
    rows = list(rows_of(answer))
    table = Table.from_pydict({name: _column(name, [row[name] for row in rows]) for name in COLUMNS})
    out = io.BytesIO()
    write_parquet(table, out, compression="zstd(3)")
    return out.getvalue()


def _column(name: str, values: list[Any]) -> Array:
    kind = COLUMNS[name]
    if kind != DataType.date32():
        return Array(values, kind)
    return Array([(day - EPOCH).days for day in values], DataType.int32()).cast(kind)
