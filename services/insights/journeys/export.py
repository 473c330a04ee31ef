"""The log of steps for tools that mine processes: XES (IEEE 1849) and CSV. Complaints by their id; nobody is named."""

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from xml.sax.saxutils import quoteattr

ATTRIBUTES = ("kind", "category", "subcategory", "product", "region", "department", "severity")
HEADER = ("case:concept:name", "concept:name", "time:timestamp", *(f"case:{name}" for name in ATTRIBUTES))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_BEGIN = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<classifier name="Step" keys="concept:name"/>
"""


def _at(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def guarded(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


async def as_csv(pages: AsyncIterable[list[Any]]) -> AsyncIterator[str]:
    """RFC 4180, a line for each step."""
    yield _lines([HEADER])
    async for page in pages:
        yield _lines(chain.from_iterable(_steps(way) for way in page))


def _steps(way: Any) -> list[list[str]]:
    about = [guarded(getattr(way, name)) for name in ATTRIBUTES]
    return [[str(way.id), step, _at(at), *about] for step, at in zip(way.steps, way.times, strict=True)]


def _lines(rows: Any) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


async def as_xes(pages: AsyncIterable[list[Any]]) -> AsyncIterator[str]:
    yield _BEGIN
    async for page in pages:
        yield "".join(map(_trace, page))
    yield "</log>\n"


def _trace(way: Any) -> str:
    told = {"concept:name": str(way.id)} | {name: getattr(way, name) for name in ATTRIBUTES}
    about = "".join(_string(key, value) for key, value in told.items() if value is not None)
    steps = "".join(
        f'<event>{_string("concept:name", step)}<date key="time:timestamp" value="{_at(at)}"/></event>\n'
        for step, at in zip(way.steps, way.times, strict=True)
    )
    return f"<trace>{about}\n{steps}</trace>\n"


def _string(key: str, value: str) -> str:
    return f'<string key="{key}" value={quoteattr(value)}/>'
