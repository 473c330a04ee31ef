"""Cursor pages: stable while rows are added, and as quick at the end as at the beginning."""

import base64
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic_core import from_json, to_json

from shared.problems import Problem

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="Items per page.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next` of the page before; leave out for the first page.")
]


class Page(BaseModel, Generic[T]):
    """A part of a list; `next` leads to the following part."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`ComplaintSummaryPage`: a name that a generated client can carry."""
        return f"{params[0].__name__}Page"

    items: list[T]
    next: str | None = None
    """Cursor of the next page; absent on the last one."""


def encode(*position: object) -> str:
    """A cursor that points behind the item with this sort position."""
    return base64.urlsafe_b64encode(to_json(position)).decode().rstrip("=")


def decode(cursor: str, *types: type[Any]) -> list[Any]:
    """The sort position in a cursor, as values of `types`. Raises a 422 problem for a cursor that is not ours."""
    try:
        position = from_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return list(TypeAdapter(tuple[types]).validate_python(position))  # type: ignore[valid-type]
    except ValueError:
        raise Problem(
            422,
            "invalid-request",
            "The cursor is not one of ours",
            "Send the `next` of the page before, unchanged.",
            field="query/cursor",
        ) from None
