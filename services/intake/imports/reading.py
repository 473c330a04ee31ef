"""Rows out of a file: CSV or NDJSON, one after the other, whatever stands in them.

A row that cannot be read is a row with something wrong, and the next one is read none the worse. Nothing but one
row is in memory.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from io import StringIO
from typing import BinaryIO

from services.intake.imports import columns
from services.intake.imports.columns import ROW_KEY
from services.intake.imports.model import Format, Row, Wrong
from shared.problems import Problem
from shared.strictjson import read_json

ROW_LIMIT = 128 * 1024
"""Bytes of one row."""
ROW_LINES = 500
"""Lines over which a row may stretch, by line breaks within quotes."""
KEY_LIMIT = 150
"""Characters of a row's own key."""
BOM = b"\xef\xbb\xbf"

_UNDECODABLE = re.compile("[\ud800-\udfff]")
_KEY = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")


class RowTooLarge(Exception):
    """The row is larger than a row may be."""


class Lines:
    """The lines of a file, with a way back to where a row began."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._again: deque[tuple[int, str | None]] = deque()
        self._row: list[tuple[int, str | None]] = []
        """With None for a line that is too long to be kept."""
        self._number = 0

    def begin(self) -> None:
        """The row before is done."""
        self._row.clear()

    @property
    def first(self) -> int:
        """Number of the line in which the row began; of the last one read, before it has."""
        return self._row[0][0] if self._row else self._number

    def back(self) -> None:
        """Read all lines of this row again, but the first."""
        self._again.extendleft(reversed(self._row[1:]))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, text = self._again.popleft() if self._again else self._read()
        self._row.append((number, text))
        if text is None or len(self._row) > ROW_LINES or self._size() > ROW_LIMIT:
            raise RowTooLarge
        return text

    def _size(self) -> int:
        return sum(len(text or "") for _, text in self._row) if len(self._row) > 1 else 0

    def _read(self) -> tuple[int, str | None]:
        raw = self._file.readline(ROW_LIMIT)
        if not raw:
            raise StopIteration
        self._number += 1
        if self._number == 1:
            raw = raw.removeprefix(BOM)
        if len(raw) == ROW_LIMIT and not raw.endswith(b"\n"):
            while (rest := self._file.readline(ROW_LIMIT)) and not rest.endswith(b"\n"):
                pass
            return self._number, None
        # In GB18030, too, no part of a character looks like a line break.
        return self._number, raw.decode(self._encoding, "surrogateescape")


def rows(file: BinaryIO, kind: Format, encoding: str, delimiter: str | None) -> Iterator[Row]:
    """Every row of the file, in order. The header of a CSV file must have been found right before."""
    lines = Lines(file, encoding)
    if kind is Format.NDJSON:
        return _ndjson(lines)
    return _csv(lines, delimiter or ",")


def header_of(head: bytes, encoding: str) -> tuple[str, list[str]]:
    """Delimiter and columns of a CSV file that begins with `head`. Raises Problem when they will not do."""
    text = head.removeprefix(BOM).decode(encoding, "surrogateescape")
    found: list[tuple[int, str, list[str]]] = []
    for delimiter in columns.DELIMITERS:
        try:
            cells = next(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        names = [cell.strip() for cell in cells]
        found.append((sum(name in columns.known() for name in names), delimiter, names))
    _, delimiter, names = max(found, key=lambda each: each[0], default=(0, ",", []))
    wrong = columns.wrong_with(names)
    if wrong:
        shown = [{"field": _shown(each.field), "detail": each.detail} for each in wrong[:20]]
        raise _bad_header(shown)
    return delimiter, names


def _bad_header(errors: list[dict[str, str]]) -> Problem:
    problem = Problem(
        422,
        "bad-header",
        "The first line does not name the columns",
        "The first line of a CSV file names a field of the complaint for each column, such as channel or "
        "customer.email. 首行须为列名,如 channel、customer.email。",
        field="body/file",
    )
    problem.extra["columns"] = errors
    return problem


def _shown(name: str) -> str:
    """A column's name as it may stand in an answer, whatever it was."""
    return _UNDECODABLE.sub("?", name)[:100]


def _csv(lines: Lines, delimiter: str) -> Iterator[Row]:
    def fresh() -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=delimiter, strict=True)

    reader = fresh()
    lines.begin()
    header = [cell.strip() for cell in next(reader, [])]
    key_at = header.index(ROW_KEY) if ROW_KEY in header else None
    number = 0
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except RowTooLarge:
            number += 1
            yield _too_large(number, lines.first)
        except csv.Error as error:
            number += 1
            yield _refused(
                number,
                lines.first,
                "row",
                f"It is no row of a CSV file ({error}): put a cell with quotes in quotes, and write each of its "
                "quotes twice. CSV 格式有误:含引号的单元格须用引号括起,其中的引号须写两次。",
            )
        else:
            if cells:
                number += 1
                yield _row(number, lines.first, header, cells, key_at)
            continue
        lines.back()  # a quote that nobody closed must not swallow the rows behind it
        reader = fresh()


def _row(number: int, line: int, header: list[str], cells: list[str], key_at: int | None) -> Row:
    if len(cells) != len(header):
        return _refused(
            number,
            line,
            "row",
            f"It has {len(cells)} cells, the header {len(header)}: put cells with a delimiter in quotes. "
            "单元格数与列数不符,含分隔符的单元格须用引号括起。",
        )
    for name, cell in zip(header, cells, strict=True):
        if not cell.isascii() and _UNDECODABLE.search(cell):
            return _refused(
                number,
                line,
                name,
                "Not all of it is text in the encoding of the file. 该单元格含无法识别的字符。",
            )
    key = cells[key_at].strip() if key_at is not None else ""
    if key and not _may_be_key(key):
        return _bad_key(number, line)
    return Row(number, line, columns.told(header, cells), key or None)


def _ndjson(lines: Lines) -> Iterator[Row]:
    number = 0
    while True:
        lines.begin()
        try:
            text = next(lines)
        except StopIteration:
            return
        except RowTooLarge:
            number += 1
            yield _too_large(number, lines.first)
            continue
        if not text.strip():
            continue
        number += 1
        yield _object(number, lines.first, text)


def _object(number: int, line: int, text: str) -> Row:
    try:
        told = read_json(text.encode("utf-8", "surrogateescape"))
    except ValueError as error:
        return _refused(number, line, "row", f"It is not valid JSON: {error}. 不是有效的 JSON。")
    if not isinstance(told, dict):
        return _refused(number, line, "row", "It is no JSON object. 每行须为一个 JSON 对象。")
    key = told.pop(ROW_KEY, None)
    if key is not None and not (isinstance(key, str) and _may_be_key(key)):
        return _bad_key(number, line)
    return Row(number, line, told, key)


def _may_be_key(key: str) -> bool:
    return len(key) <= KEY_LIMIT and _KEY.fullmatch(key) is not None


def _bad_key(number: int, line: int) -> Row:
    return _refused(
        number,
        line,
        ROW_KEY,
        f"It is text of 1 to {KEY_LIMIT} characters without control characters. 须为 1 至 {KEY_LIMIT} 个字符的文本。",
    )


def _too_large(number: int, line: int) -> Row:
    return _refused(
        number,
        line,
        "row",
        f"A row has at most {ROW_LIMIT} bytes and {ROW_LINES} lines; is a quote left open? "
        "该行过长,请检查是否有未闭合的引号。",
    )


def _refused(number: int, line: int, field: str, detail: str) -> Row:
    return Row(number, line, None, None, (Wrong(field, detail),))
