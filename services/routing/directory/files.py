"""The directory as files: a CSV file per table, alone or all in a zip. What is written can be read again unchanged.

A list is one cell with `;` between its items; spans are JSON. A cell that a spreadsheet would take for a formula gets
an apostrophe before it, which reading takes away.
"""

import csv
import json
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from services.routing.directory.schemas import ENTRIES, DirectoryChange, Entry
from shared import problems
from shared.problems import FieldError, Problem, field_errors

_LISTS = {"languages", "skills", "remedies", "categories", "closed"}
_JSON = {"spans", "special"}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)
"""What reading a zip raises when it is not one, is damaged, or is packed in a way that is not known."""


@dataclass
class FileRows:
    """The entries of a file and where each stood, or what is wrong with them."""

    parts: dict[str, list[Entry]] = field(default_factory=dict[str, list[Entry]])
    lines: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    """Table and position to where the entry stood: `line 3`, `people.csv/line 3`."""
    errors: list[FieldError] = field(default_factory=list[FieldError])


def most_rows(table: str) -> int:
    """Rows that a table may have in one call: as many as in JSON."""
    limits = DirectoryChange.model_fields[table].metadata
    return next(int(each.max_length) for each in limits if hasattr(each, "max_length"))


CSV_ENCODING = "utf-8-sig"
"""With the mark by which spreadsheets know UTF-8."""


def to_csv(table: str, entries: Iterable[Entry]) -> str:
    """With a header line, and the entries in the order given."""
    out = StringIO()
    names = list(ENTRIES[table].model_fields)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for entry in entries:
        writer.writerow([_guarded(_cell(name, getattr(entry, name))) for name in names])
    return out.getvalue()


def to_zip(tables: Mapping[str, Iterable[Entry]]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, entries in tables.items():
            # A fixed time: the same directory makes the same file.
            name = zipfile.ZipInfo(f"{table}.csv", datetime(2020, 1, 1, tzinfo=UTC).timetuple()[:6])
            name.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(name, to_csv(table, entries).encode(CSV_ENCODING))
    return out.getvalue()


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    plain = to_jsonable_python(value)
    if name in _LISTS:
        return ";".join(plain)
    if name in _JSON:
        return json.dumps(plain, separators=(",", ":"))
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def read_csv(table: str, content: bytes, within: str = "") -> FileRows:
    """The rows of one file. Raises Problem when it is no CSV file with columns of the table."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(
            f"Byte {error.start} is not UTF-8; save it as CSV UTF-8. 请另存为 UTF-8 编码。"
        ) from None
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    found = FileRows({table: []})
    try:
        header = [name.strip() for name in next(reader, [])]
        _must_be_columns(table, header)
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if any(cells):
                _read_row(found, table, header, cells, f"{within}line {line}")
    except csv.Error as error:
        raise _unreadable(f"Line {reader.line_num}: {error}; quote it as CSV asks. CSV 格式有误。") from None
    return found


def _read_row(found: FileRows, table: str, header: list[str], cells: list[str], where: str) -> None:
    if len(found.parts[table]) >= most_rows(table):
        raise _unreadable(f"More than {most_rows(table)} rows; send them in parts. 行数过多，请分批发送。")
    if len(cells) != len(header):
        found.errors.append(
            FieldError(
                field=f"body/{where}",
                detail=f"It has {len(cells)} cells, the header {len(header)}. 列数与表头不符。",
            )
        )
        return
    given: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        try:
            _put(given, table, name, cell)
        except ValueError:
            detail = "It is not valid JSON. 不是有效的 JSON。"
            found.errors.append(FieldError(field=f"body/{where}/{name}", detail=detail))
            return
        except RecursionError:
            detail = "It is nested too deeply; write it as the export does. 嵌套过深，请按导出格式填写。"
            found.errors.append(FieldError(field=f"body/{where}/{name}", detail=detail))
            return
    try:
        entry = ENTRIES[table].model_validate(given)
    except ValidationError as error:
        found.errors += [
            FieldError(field=f"body/{where}/{each.field}", detail=each.detail)
            for each in field_errors(error.errors())
        ]
        return
    found.lines[table, len(found.parts[table])] = where
    found.parts[table].append(entry)


def _put(given: dict[str, Any], table: str, name: str, cell: str) -> None:
    """An empty cell says "none" where there can be none, and nothing where there must be something."""
    cell = cell[1:] if _GUARDED.match(cell) else cell
    described = ENTRIES[table].model_fields[name]
    if name in _LISTS:
        given[name] = [item.strip() for item in cell.split(";") if item.strip()]
    elif not cell.strip():
        if not described.is_required() and described.default is None:
            given[name] = None
        elif name in _JSON:
            given[name] = {}
    else:
        given[name] = json.loads(cell) if name in _JSON else cell


def _must_be_columns(table: str, header: list[str]) -> None:
    known = ENTRIES[table].model_fields
    for number, name in enumerate(header, 1):
        if name not in known or header.index(name) != number - 1:
            raise Problem(
                422,
                "bad-header",
                "The first line does not name the columns",
                f"Column {number} is {name[:50]!r}; expected is one of {', '.join(known)}, each once. 表头列名有误。",
                field=f"body/line 1/column {number}",
            )
    lacking = [name for name, each in known.items() if each.is_required() and name not in header]
    if lacking:
        raise Problem(
            422,
            "bad-header",
            "The first line does not name the columns",
            f"It lacks {', '.join(lacking)}. 缺少列: {', '.join(lacking)}。",
            field="body/line 1",
        )


def read_zip(content: bytes, limit: int) -> FileRows:
    """The tables of a zip, each as `<table>.csv`. Raises Problem."""
    found = FileRows()
    try:
        unpacked = _unpack(content, limit)
    except _DAMAGED as error:
        raise _unreadable(
            f"It is not a zip that can be read: {type(error).__name__}. 无法读取该 ZIP。"
        ) from None
    for table, rows in unpacked.items():
        part = read_csv(table, rows, f"{table}.csv/")
        found.parts |= part.parts
        found.lines |= part.lines
        found.errors += part.errors
    return found


def _unpack(content: bytes, limit: int) -> dict[str, bytes]:
    """By table, in the order in which tables refer to one another."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = {info.filename: info for info in archive.infolist()}
        if unknown := sorted(names.keys() - {f"{table}.csv" for table in ENTRIES}):
            raise _unreadable(
                f"It holds {unknown[0][:80]!r}; a file per table, as the export has. 文件名有误。"
            )
        if sum(info.file_size for info in names.values()) > limit:
            raise _unreadable(f"Unpacked it is larger than {limit} bytes. 解压后过大。")
        return {
            table: archive.read(info) for table in ENTRIES if (info := names.get(f"{table}.csv")) is not None
        }


def _unreadable(detail: str) -> Problem:
    return problems.invalid("The file cannot be read", detail, field="body")
