"""Many rows into a table at once: COPY in PostgreSQL's binary format, made by numpy."""

from collections.abc import AsyncIterator, Mapping, Sequence

import asyncpg
import numpy as np
from numpy.typing import NDArray

AT_ONCE = 100_000
"""Rows that are made at a time."""
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"

Column = bytes | NDArray[np.int32] | NDArray[np.int64]
"""The same bytes in each row, or a number for each."""


async def copy(
    connection: asyncpg.Connection,
    table: str,
    columns: Mapping[str, Column],
    texts: tuple[str, NDArray[np.int64], Sequence[str]],
) -> None:
    """Into a table of insights. `texts`: a further column, whose text in each row is that of its number."""
    name, codes, words = texts
    data = _rows(list(columns.values()), codes, [word.encode() for word in words])
    names = [*columns, name]
    await connection.copy_to_table(table, schema_name="insights", source=data, columns=names, format="binary")


async def _rows(columns: list[Column], codes: NDArray[np.int64], words: list[bytes]) -> AsyncIterator[bytes]:
    """Rows of the same length at a time, for numpy's records have one length."""
    yield _HEADER
    lengths = np.array([len(word) for word in words])[codes]
    known = np.array(words)
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        for first in range(0, len(places), AT_ONCE):
            some = places[first : first + AT_ONCE]
            yield _records(columns, some, known[codes[some]] if length else b"")
    yield _END


def _records(columns: list[Column], some: NDArray[np.int64], word: bytes | NDArray[np.bytes_]) -> bytes:
    parts: list[tuple[object, str]] = [(len(columns) + 1, ">i2")]
    for column in columns:
        if isinstance(column, bytes):
            parts.append((len(column), ">i4"))
            if column:
                parts.append((column, f"S{len(column)}"))
        else:
            parts.append((column.itemsize, ">i4"))
            parts.append((column[some], f">i{column.itemsize}"))
    size = len(word) if isinstance(word, bytes) else int(np.char.str_len(word).max())
    parts.append((size, ">i4"))
    if size:
        parts.append((word, f"S{size}"))
    records = np.empty(len(some), dtype=[(f"f{n}", kind) for n, (_, kind) in enumerate(parts)])
    for n, (value, _) in enumerate(parts):
        records[f"f{n}"] = value
    return records.tobytes()
