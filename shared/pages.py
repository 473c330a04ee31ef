"""Cursor pages: stable while rows are added, and as quick at the end as at the beginning."""

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, TypeAdapter
from pydantic_core import from_json, to_json
from sqlalchemy import ColumnElement, RowMapping, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import KeyedColumnElement

from shared import problems

T = TypeVar("T")
Row = TypeVar("Row")

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(9000, 1, 1, tzinfo=UTC)),
]
"""A time that PostgreSQL can compare with, in whatever offset it comes."""


def _must_be_text(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError("it must be a time in ISO 8601 with its offset, such as 2026-12-01T09:00:00Z")
    return value


WrittenMoment = Annotated[Moment, BeforeValidator(_must_be_text)]
"""The same in a body: not a number, of which nobody knows whether it counts seconds."""
# A cursor is a stranger's input like any other.
_BOUNDED: dict[Any, Any] = {
    datetime: Moment,
    AwareDatetime: Moment,
    int: Annotated[int, Field(ge=-(2**31), lt=2**63)],
}

Limit = Annotated[int, Query(ge=1, le=200, description="Items per page.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next` of the page before; leave out for the first page.")
]


class Page(BaseModel, Generic[T]):
    """A part of a list; `next` leads to the following part."""

    # No docstrings for the attributes: pydantic would look through the stack for the source of each parametrisation,
    # which has none, and that took half of the time that starting takes.

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`ComplaintSummaryPage`: a name that a generated client can carry."""
        return f"{params[0].__name__}Page"

    items: list[T]
    next: Annotated[str | None, Field(description="Cursor of the next page; absent on the last one.")] = None


def page(
    rows: Sequence[Row], limit: int, show: Callable[[Row], T], position: Callable[[Row], tuple[object, ...]]
) -> Page[T]:
    """The first `limit` of the rows as they are shown; `next` when there was one row more."""
    here = rows[:limit]
    more = len(rows) > limit
    return Page(items=[show(row) for row in here], next=encode(*position(here[-1])) if more else None)


def part(
    query: Select[Any], limit: int, cursor: str | None, *keys: ColumnElement[Any], newest_first: bool = False
) -> Select[Any]:
    """The query's rows in the order of `keys` (together unique), behind the cursor: one more than `limit`."""
    if cursor is not None:
        position = decode(cursor, *(key.type.python_type for key in keys))
        here, there = tuple_(*keys), tuple_(*map(literal, position, (key.type for key in keys)))
        query = query.where(here < there if newest_first else here > there)
    return query.order_by(*(key.desc() if newest_first else key for key in keys)).limit(limit + 1)


async def read(
    connection: AsyncConnection,
    query: Select[Any],
    limit: int,
    cursor: str | None,
    show: Callable[[RowMapping], T],
    *keys: KeyedColumnElement[Any],
    newest_first: bool = False,
) -> Page[T]:
    """A page of the query's rows as they are shown, in the order of `keys`, which are among its columns."""
    found = await connection.execute(part(query, limit, cursor, *keys, newest_first=newest_first))
    names = [str(key.key) for key in keys]
    return page(found.mappings().all(), limit, show, lambda row: tuple(row[name] for name in names))


def encode(*position: object) -> str:
    """A cursor that points behind the item with this sort position."""
    return base64.urlsafe_b64encode(to_json(position)).decode().rstrip("=")


def decode(cursor: str, *types: type[Any]) -> list[Any]:
    """The sort position in a cursor, as values of `types`. Raises a 422 problem for a cursor that is not ours."""
    bounded = tuple(_BOUNDED.get(kind, kind) for kind in types)
    try:
        position = from_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return list(TypeAdapter(tuple[bounded]).validate_python(position))  # type: ignore[valid-type]  # the types are values here
    except ValueError:
        raise problems.invalid(
            "The cursor is not one of ours",
            "Send the `next` of the page before, unchanged.",
            field="query/cursor",
        ) from None
