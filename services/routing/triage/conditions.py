"""Conditions on what was told: words, choices, amounts, joined by all, any and not. Data, never code. Pure.

A condition is found or not, and tells how much speaks for it: as many different words as it found, else 1.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from services.routing.triage.fields import FIELDS, TEXTS, Amounts, Choices, Number, Words
from services.routing.triage.told import Told

DEEPEST = 6
"""Conditions inside conditions."""

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Amount = Annotated[Decimal, Field(max_digits=16, decimal_places=4, allow_inf_nan=False)]


class _Condition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Said(_Condition):
    """One of these words occurs."""

    words: Annotated[tuple[Word, ...], Field(min_length=1, max_length=500)]
    """In any language; letters match at the beginning of a word, whatever their case."""
    within: Annotated[tuple[str, ...], Field(min_length=1, max_length=3)] = TEXTS

    @model_validator(mode="after")
    def _in_texts(self) -> Self:
        for name in self.within:
            if name not in TEXTS:
                raise ValueError(
                    f"words are looked for in {', '.join(TEXTS)}, not in {name!r} 只能在陈述中查找词语"
                )
        return self

    def weigh(self, told: Told) -> int:
        text = "\n".join(part for name in self.within for part in _texts(name, told)).casefold()
        return len({found.casefold() for found in pattern(self.words).findall(text)})


class Chosen(_Condition):
    """A field is one of these."""

    field: str
    one_of: Annotated[tuple[Word, ...], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        known = _field(self.field, Choices, "one_of")
        if known.of is not None and (strange := sorted(set(self.one_of) - known.of)):
            raise ValueError(
                f"{self.field} is never {strange[0]!r}: it is one of {', '.join(sorted(known.of))}"
            )
        return self

    def weigh(self, told: Told) -> int:
        field = FIELDS[self.field]
        assert isinstance(field, Choices)
        wanted = {each.casefold() for each in self.one_of}
        return int(any(value.casefold() in wanted for value in field.read(told)))


class Between(_Condition):
    """A number or an amount lies within these bounds, both inclusive."""

    field: str
    at_least: Amount | None = None
    at_most: Amount | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """Of amounts; those in another currency do not count."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        field = FIELDS.get(self.field)
        if not isinstance(field, Amounts | Number):
            raise ValueError(_no_such("at_least", self.field, Amounts | Number))
        if isinstance(field, Amounts) == (self.currency is None):
            raise ValueError(
                f"{self.field} is {'money: name' if self.currency is None else 'no money: leave out'} "
                "the currency 金额须注明币种，数值不带币种"
            )
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both 请填写下限或上限")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is more than at_most: nothing lies between 下限大于上限")
        return self

    def weigh(self, told: Told) -> int:
        return int(any(self._holds(value) for value in self._values(told)))

    def _values(self, told: Told) -> Iterator[Decimal]:
        field = FIELDS[self.field]
        if isinstance(field, Amounts):
            yield from (each.amount for each in field.read(told) if each.currency == self.currency)
        elif isinstance(field, Number) and (value := field.read(told)) is not None:
            yield value

    def _holds(self, value: Decimal) -> bool:
        return (self.at_least is None or self.at_least <= value) and (
            self.at_most is None or value <= self.at_most
        )


class AllOf(_Condition):
    all: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=20)]

    def weigh(self, told: Told) -> int:
        found = [each.weigh(told) for each in self.all]
        return max(found) if min(found) else 0


class AnyOf(_Condition):
    any: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=20)]

    def weigh(self, told: Told) -> int:
        return sum(each.weigh(told) for each in self.any)


class Not(_Condition):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)

    none: Annotated["Condition", Field(alias="not")]

    def weigh(self, told: Told) -> int:
        return int(not self.none.weigh(told))


_BY_MEMBER = {"words": "words", "one_of": "one_of", "all": "all", "any": "any", "not": "not", "none": "not"}


def _sort(value: Any) -> str:
    names = value.keys() if isinstance(value, dict) else getattr(type(value), "model_fields", {})
    return next((sort for member, sort in _BY_MEMBER.items() if member in names), "bounds")


Condition = Annotated[
    Annotated[Said, Tag("words")]
    | Annotated[Chosen, Tag("one_of")]
    | Annotated[Between, Tag("bounds")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(_sort),
]
AnyCondition = Said | Chosen | Between | AllOf | AnyOf | Not

for each in (AllOf, AnyOf, Not):
    each.model_rebuild()


def parts(condition: AnyCondition) -> tuple[AnyCondition, ...]:
    """The conditions right inside."""
    match condition:
        case AllOf():
            return condition.all
        case AnyOf():
            return condition.any
        case Not():
            return (condition.none,)
        case _:
            return ()


def depth(condition: AnyCondition) -> int:
    """How deep conditions lie inside each other; 1: a single one."""
    return 1 + max(map(depth, parts(condition)), default=0)


def leaves(condition: AnyCondition) -> Iterator[Said | Chosen | Between]:
    """The conditions that ask for a field."""
    if isinstance(condition, Said | Chosen | Between):
        yield condition
    for part in parts(condition):
        yield from leaves(part)


@lru_cache(maxsize=4096)
def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    # The longest first, so that of two words that begin alike the fuller one is found.
    return re.compile("|".join(map(_as_pattern, sorted(words, key=len, reverse=True))))


def _as_pattern(word: str) -> str:
    # Not \b: between Chinese and Latin letters there is no word boundary.
    boundary = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    return boundary + re.escape(word.casefold())


def _texts(name: str, told: Told) -> Iterator[str]:
    field = FIELDS[name]
    assert isinstance(field, Words)
    yield from field.read(told)


def _field(name: str, kind: type[Choices], member: str) -> Choices:
    field = FIELDS.get(name)
    if not isinstance(field, kind):
        raise ValueError(_no_such(member, name, kind))
    return field


def _no_such(member: str, name: str, kind: Any) -> str:
    fitting = ", ".join(known for known, field in FIELDS.items() if isinstance(field, kind))
    return f"{member} does not fit the field {name!r}; it fits {fitting} 字段不存在或不适用"
