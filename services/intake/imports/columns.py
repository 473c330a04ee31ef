"""The columns of a CSV file: the fields of a posted complaint under dotted names. Pure.

`customer.email`, `statement.what_went_wrong`; several values of one cell are parted by `|`; the first of several
claimed losses is `claimed_losses.1.kind`.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from services.intake.imports.model import Wrong
from services.intake.schemas import NewComplaint

ROW_KEY = "row_key"
"""Column with the sender's own name for a row."""
REQUIRED = ("channel", "statement.what_went_wrong")
DELIMITERS = (",", ";", "\t")
MOST = 20
"""Entries that a part may have which comes several times, such as claimed losses."""
BETWEEN_VALUES = "|"


@cache
def known() -> dict[str, bool]:
    """Every column, and whether its cells may hold several values."""
    return {ROW_KEY: False, **dict(_columns(NewComplaint, ""))}


def _columns(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, bool]]:
    for name, info in model.model_fields.items():
        yield from _column(info.annotation, prefix + name)


def _column(annotation: Any, name: str) -> Iterator[tuple[str, bool]]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _column(arguments[0], name)
    elif origin in (Union, UnionType):
        yield from _column(next(each for each in arguments if each is not type(None)), name)
    elif origin is tuple:
        if isinstance(arguments[0], type) and issubclass(arguments[0], BaseModel):
            for number in range(1, MOST + 1):
                yield from _columns(arguments[0], f"{name}.{number}.")
        else:
            yield name, True
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _columns(annotation, f"{name}.")
    else:
        yield name, False


def wrong_with(header: Sequence[str]) -> tuple[Wrong, ...]:
    """What keeps these from being the columns of a file."""
    found = [
        Wrong(name or "(blank)", "There is no such column; check its spelling. 没有此列,请核对列名。")
        for name in header
        if name not in known()
    ]
    found += [
        Wrong(name, "The column is there twice; leave one of them out. 列名重复。")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    found += [
        Wrong(name, "This column is required. 缺少必需的列。") for name in REQUIRED if name not in header
    ]
    return tuple(found)


def told(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    """A row in the shape in which a complaint is posted. An empty cell says nothing."""
    result: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        given = cell.strip()
        if not given or name == ROW_KEY:
            continue
        value: Any = given
        if known()[name]:
            value = [each.strip() for each in given.split(BETWEEN_VALUES) if each.strip()]
        *parts, last = name.split(".")
        place = result
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return {name: _listed(value) for name, value in result.items()}


def _listed(value: Any) -> Any:
    """Entries that were numbered become a list, in the order of their numbers."""
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [value[number] for number in sorted(value, key=int)]
    return {name: _listed(each) for name, each in value.items()}
