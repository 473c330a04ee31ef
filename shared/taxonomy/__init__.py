"""The taxonomy of common complaints (常见客诉问题): two levels, two languages, in versions that never change.

A version is a file, `<version>.json`. What was coded under a version keeps it; to change anything, write the
next file. The newest version is the one by which new complaints are coded.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from importlib import resources
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from shared.events.vocabulary import Severity


class UnknownCode(ValueError):
    """The taxonomy has no such category or subcategory; `level` is 1 or 2."""

    def __init__(self, level: int, english: str, chinese: str) -> None:
        super().__init__(f"{english} {chinese}")
        self.level, self.english, self.chinese = level, english, chinese


class Term(BaseModel):
    """A code with its names."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: str
    name_en: str
    name_zh: str


class Subcategory(Term):
    """Level 2."""

    values: tuple[str, ...] = ()
    """What the customer holds dear who complains of this; those of the category when there are none."""
    severity: Severity | None = None
    """A complaint of this kind is at least as severe."""


class Category(Term):
    """Level 1."""

    values: Annotated[tuple[str, ...], Field(min_length=1)]
    """Value orientation (价值取向): the positive opposite of the grievance."""
    review: bool = False
    """Whether coding needs evidence and a second person."""
    subcategories: tuple[Subcategory, ...]


class Taxonomy(BaseModel):
    """One version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[int, Field(ge=1)]
    valid_from: date
    categories: tuple[Category, ...]
    values: tuple[Term, ...]

    @model_validator(mode="after")
    def _names_only_what_it_has(self) -> Self:
        values = _distinct(self.values)
        _distinct(self.categories)
        for category in self.categories:
            _distinct(category.subcategories)
            named = set(category.values).union(*(each.values for each in category.subcategories))
            if unknown := named - values:
                raise ValueError(f"{category.code} names unknown values {sorted(unknown)}")
        return self

    def category(self, code: str) -> Category:
        """Raises UnknownCode."""
        for category in self.categories:
            if category.code == code:
                return category
        raise UnknownCode(
            1,
            f"Version {self.version} of the taxonomy has no category {code!r}.",
            f"分类表第{self.version}版没有该类别。",
        )

    def subcategory(self, category: str, code: str) -> Subcategory:
        """Raises UnknownCode."""
        for subcategory in self.category(category).subcategories:
            if subcategory.code == code:
                return subcategory
        raise UnknownCode(
            2,
            f"Category {category!r} has no subcategory {code!r} in version {self.version} of the taxonomy.",
            f"分类表第{self.version}版的该类别下没有此子类。",
        )

    def check(self, category: str, subcategory: str | None) -> None:
        """Is there such a place? Raises UnknownCode."""
        self.category(category)
        if subcategory is not None:
            self.subcategory(category, subcategory)

    def places(self) -> dict[str, tuple[str, ...]]:
        """The value orientation of every place, `function_fault` or `function_fault/safety`; of level 2 it is
        empty where that of level 1 holds."""
        found: dict[str, tuple[str, ...]] = {}
        for category in self.categories:
            found[category.code] = category.values
            for each in category.subcategories:
                found[f"{category.code}/{each.code}"] = each.values
        return found


def _distinct(terms: Sequence[Term]) -> set[str]:
    codes = {term.code for term in terms}
    if len(codes) < len(terms):
        raise ValueError("a code is there twice")
    return codes


def _read() -> Iterator[Taxonomy]:
    for file in resources.files(__package__).iterdir():
        if file.name.endswith(".json"):
            taxonomy = Taxonomy.model_validate_json(file.read_bytes())
            if file.name != f"{taxonomy.version}.json":
                raise ValueError(f"{file.name} holds version {taxonomy.version} of the taxonomy")
            yield taxonomy


@cache
def versions() -> dict[int, Taxonomy]:
    """All versions, by number, the newest last."""
    return dict(sorted((taxonomy.version, taxonomy) for taxonomy in _read()))


def newest() -> Taxonomy:
    return versions()[max(versions())]


def _known(code: str) -> str:
    return newest().category(code).code


CategoryCode = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": [category.code for category in newest().categories]}),
]
"""Level 1, in the newest version."""
