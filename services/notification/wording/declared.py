"""What every template may say and must say: its variables, with examples. Data in `declared.json`.

The same table gives letters their values, previews their examples, and checks what they hold a draft against.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import combinations
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
Values = Mapping[str, Any]
"""Of the variables, by name. Every one that is declared has one; None when there is nothing to say."""


_PARTS = {
    "offers": frozenset({"rank", "description"}),
    "letters": frozenset({"number", "subject", "body"}),
}


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Variable(_Data):
    type: Literal["text", "link", "moment", "flag", "number", "choice", "choices", "offers", "letters"]
    en: str
    """What it is."""
    zh: str
    values: dict[Language, tuple[Any, ...]]
    """Examples; the first is the fullest. None among them: it may be missing."""

    @property
    def is_list(self) -> bool:
        return self.type in {"choices", *_PARTS}

    @property
    def parts(self) -> frozenset[str]:
        """Of each one in the list."""
        return _PARTS.get(self.type, frozenset())


class Declared(_Data):
    """One template."""

    en: str
    """What it tells."""
    zh: str
    audience: Literal["customer", "staff", "part"]
    """A part is put into other templates."""
    variables: tuple[str, ...]
    must: tuple[str, ...]
    """What the letter must show whenever it is known."""
    says: tuple[Literal["thanks", "next"], ...]
    """What it must say in every case: thanks first, what happens next."""
    known: tuple[str, ...]
    """Variables that are never missing here, though they may be elsewhere."""


class Declarations(_Data):
    says: dict[Literal["thanks", "next"], dict[Language, tuple[str, ...]]]
    """By which words a letter is seen to say it."""
    variables: dict[str, Variable]
    templates: dict[str, Declared] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_only_what_it_has(self) -> Self:
        for name, template in self.templates.items():
            if unknown := {*template.variables, *template.must, *template.known} - self.variables.keys():
                raise ValueError(f"{name} names variables that are not declared: {sorted(unknown)}")
        return self


@cache
def declarations() -> Declarations:
    data = resources.files(__package__).joinpath("declared.json").read_bytes()
    return Declarations.model_validate_json(data)


def declared(name: str) -> Declared:
    """Raises KeyError."""
    return declarations().templates[name]


def variables_of(name: str) -> dict[str, Variable]:
    known = declarations().variables
    return {each: known[each] for each in declared(name).variables}


def example(name: str, language: Language) -> dict[str, Any]:
    """Values of every variable, the fullest."""
    return {each: variable.values[language][0] for each, variable in variables_of(name).items()}


def cases(name: str, language: Language) -> Iterator[dict[str, Any]]:
    """Values for every pair of circumstances: the fullest first."""
    full = example(name, language)
    yield full
    never_missing = declared(name).known
    changes = [
        (each, value)
        for each, variable in variables_of(name).items()
        for value in variable.values[language][1:]
        if value is not None or each not in never_missing
    ]
    for change in changes:
        yield full | dict([change])
    for one, other in combinations(changes, 2):
        if one[0] != other[0]:
            yield full | dict([one, other])
    yield full | dict(changes)


def in_language(value: Any, language: str) -> Any:
    """What is said in both languages, in this one."""
    return value[language] if isinstance(value, dict) and value.keys() == {"en", "zh"} else value
