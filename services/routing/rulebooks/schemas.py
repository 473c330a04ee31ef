"""Shapes of the rulebooks in the HTTP interface."""

from datetime import datetime
from typing import Annotated, Any, Generic

from pydantic import BaseModel, ConfigDict, Field

from services.routing.rulebooks.model import SHIPPED, Book, C
from services.routing.schemas import Body
from shared.text import ShortText


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

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"New{params[0].__name__}"

    content: C
    """All of it, not only what changes."""
    reason: ShortText
    """Why it is made."""


def new_version(book: Book[Any]) -> type[BaseModel]:
    """The body that makes a version of this kind, with what is shipped as its example."""
    body: Any = NewVersion.__class_getitem__(book.content)
    example = {"content": book.shipped.model_dump(mode="json"), "reason": "As it was shipped."}
    body.model_config = {**body.model_config, "json_schema_extra": {"examples": [example]}}
    body.model_rebuild(force=True)
    made: type[BaseModel] = body
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
    """Who made a version, and when it was switched on last."""

    version: int
    reason: str
    made_by: str
    made_at: datetime
    in_force: bool
    switched_by: str | None = None
    switched_at: datetime | None = None
