"""A kind of rulebook, and those in force. Pure.

Redress is shipped with a version 0 of each. An administrator makes further versions, which never change, and says
which one is in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict

SHIPPED = 0
"""Number of the version that comes with Redress."""


class Content(BaseModel):
    """Base of what a rulebook says. Its validators refuse what contradicts itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


C = TypeVar("C", bound=Content)


@dataclass(frozen=True)
class Book(Generic[C]):
    """A kind of rulebook."""

    kind: str
    """Its name in addresses: `triage-rules`."""
    content: type[C]
    name_en: str
    name_zh: str
    shipped_in: tuple[str, str]
    """Package and file of version 0."""

    @property
    def shipped(self) -> C:
        return cast(C, _shipped(self.content, *self.shipped_in))


@cache
def _shipped(content: type[Content], package: str, file: str) -> Content:
    return content.model_validate_json(resources.files(package).joinpath(file).read_bytes())


@dataclass(frozen=True)
class Books:
    """What is in force at one moment. Without anything: what Redress is shipped with."""

    in_force: Mapping[str, tuple[int, Content]] = field(default_factory=dict[str, tuple[int, Content]])
    """By kind: version and content. A kind that is missing is as shipped."""

    def version(self, book: Book[Any]) -> int:
        return self.in_force[book.kind][0] if book.kind in self.in_force else SHIPPED

    def read(self, book: Book[C]) -> C:
        if book.kind not in self.in_force:
            return book.shipped
        return cast(C, self.in_force[book.kind][1])


AS_SHIPPED = Books()
