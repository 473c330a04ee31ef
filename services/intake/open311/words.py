"""What Open311 callers read: services, questions and steps, in both languages."""

from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from shared.events.vocabulary import Language
from shared.taxonomy import Category, UnknownCode, newest


class Said(BaseModel):
    """The same in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str

    def in_(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


class Value(Said):
    key: str


class Attribute(Said):
    """A question that every service asks; none is required."""

    code: str
    field: str
    """Where the answer stands in a complaint."""
    datatype: str
    values: tuple[Value, ...] = ()


class Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: tuple[Attribute, ...]
    steps: dict[str, Said]
    other: Said
    """For a step that has no words of its own."""


@cache
def words() -> Words:
    return Words.model_validate_json(resources.files(__package__).joinpath("words.json").read_bytes())


def step(name: str, language: Language) -> str:
    return words().steps.get(name, words().other).in_(language)


def services() -> tuple[Category, ...]:
    """The categories that a customer can choose. Those that need a review speak ill of customers."""
    return tuple(category for category in newest().categories if not category.review)


def service(code: str) -> Category | None:
    return next((category for category in services() if category.code == code), None)


def service_name(code: str | None, language: Language) -> str | None:
    """Also of a category that no customer can choose."""
    try:
        category = newest().category(code) if code is not None else None
    except UnknownCode:
        return None
    if category is None:
        return None
    return category.name_zh if language is Language.ZH else category.name_en
