"""Shapes of the rulebooks in the HTTP interface."""

from datetime import datetime
from typing import Annotated, Any, Generic

from pydantic import BaseModel, ConfigDict, Field

from shared.rulebooks.model import SHIPPED, Book, C
from shared.text import ShortText


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class RulebookSummary(BaseModel):
    kind: str
    name_en: str
    name_zh: str
    version: int
    """The one in force; 0 is what Redress is shipped with."""


class RulebookShown(BaseModel, Generic[C]):
    """A version of a rulebook."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{params[0].__name__}Book"

    kind: str
    version: int
    content: C


class NewVersion(Body, Generic[C]):
    """A version to be made."""

    # As in shared/pages.py: a parametrisation has no source to read docstrings from.
    model_config = ConfigDict(use_attribute_docstrings=False)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"New{params[0].__name__}"

    content: Annotated[C, Field(description="All of it, not only what changes.")]
    reason: Annotated[ShortText, Field(description="Why it is made.")]


def new_version_of(book: Book[Any]) -> type[BaseModel]:
    """The body of this kind, with what Redress is shipped with as its example."""
    parametrized: Any = NewVersion.__class_getitem__(book.content)
    content = book.shipped.model_dump(mode="json", exclude_defaults=True)
    example = {"content": content, "reason": "Agreed in the weekly meeting."}
    config = ConfigDict(json_schema_extra={"examples": [example]})
    made: type[BaseModel] = type(
        parametrized.__name__, (parametrized,), {"__module__": __name__, "model_config": config}
    )
    return made


class MadeVersion(BaseModel):
    kind: str
    version: int


class Switch(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": 2, "reason": "The trial over last month was good."}]}
    )

    version: Annotated[int, Field(ge=SHIPPED, le=1_000_000)]
    """The version to be in force; 0 is what Redress is shipped with."""
    reason: ShortText


class VersionSummary(BaseModel):
    """Who made a version, and who switched to it last, when and why. Nobody made version 0."""

    version: int
    reason: str | None = None
    made_by: str | None = None
    made_at: datetime | None = None
    in_force: bool
    switched_by: str | None = None
    switched_at: datetime | None = None
    switched_because: str | None = None
