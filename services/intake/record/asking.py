"""What is asked for, what of it is missing, and what to ask next. Pure; on the path of every complaint."""

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

DEFINITION = ("about", "against", "desired_remedies")
"""Facts that make a grievance a complaint (001-01); the fourth, its form, follows from the channel."""
QUESTIONS = ("statement.what_went_wrong", "statement.feeling", "statement.wanted")
FIVE_W_TWO_H = tuple(f"facts.{name}" for name in ("who", "what", "when", "where", "why", "how", "how_many"))
GRIEVANCE = (*QUESTIONS, *DEFINITION, "expectation", "product", "order", "customer.contact", *FIVE_W_TWO_H)
"""Asked of a complaint or a criticism."""
REMARK = ("statement.what_went_wrong", "about", "against", "product", "customer.contact")
"""Asked of a suggestion, an opinion or a praise: nobody is to justify it."""
GRIEVANCES = frozenset({"complaint", "criticism"})
KNOWN_BY = {
    "customer.contact": ("customer.email", "customer.phone", "customer.address"),
    "facts.what": ("facts.what", "facts.phenomenon"),
    "facts.how_many": ("facts.how_many", "facts.quantity", "facts.defect_rate"),
    "against": (),
}
"""Which fields answer a question, where it is not the field itself. Against whom it is always follows."""


class Question(BaseModel):
    """What to ask the customer for a field. Open questions let them tell; closed ones make sure."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    field: str
    """What it asks for; as in `missing`."""
    form: Literal["open", "closed"]
    en: str
    zh: str
    choices: tuple[str, ...] | None = None
    """The possible answers, of some closed questions."""


@cache
def questions() -> dict[str, Question]:
    """By field, in the order in which they are asked: the open before the closed."""
    raw = resources.files(__package__).joinpath("questions.json").read_bytes()
    return {asked.field: asked for asked in TypeAdapter(list[Question]).validate_json(raw)}


def next_question(missing: Iterable[str]) -> Question | None:
    """The next best question for what is missing; None when nothing is."""
    lacking = set(missing)
    return next((asked for field, asked in questions().items() if field in lacking), None)


def against(told: dict[str, Any]) -> str:
    """The organisation, unless it is said otherwise or somebody is named."""
    said: str | None = told.get("against")
    return said or ("person" if told.get("accused") else "organisation")


def visibility(told: dict[str, Any]) -> str:
    said: str | None = told.get("visibility")
    return said or ("public" if told.get("public_link") else "private")


def asked_for(told: dict[str, Any]) -> tuple[str, ...]:
    """Names of what is asked for; it follows from what was told."""
    return tuple(name for name, _ in _asked(told))


def completeness(told: dict[str, Any]) -> tuple[float, tuple[str, ...]]:
    """Share of what is asked for that is known (0 to 1), and the names of what is missing.

    `told` is the complaint as it came in, or as it is known now; everything counts the same.
    """
    asked = _asked(told)
    missing = tuple([name for name, ways in asked if ways and not _known(told, ways)])
    return round(1 - len(missing) / len(asked), 4), missing


Way = tuple[str, str]
"""Part of the record, and field in it; no field: the part itself."""


def _known(told: dict[str, Any], ways: tuple[Way, ...]) -> bool:
    for part, field in ways:
        value = told.get(part)
        if value and field:
            value = value.get(field)
        if value and (not isinstance(value, dict) or any(value.values())):
            return True
    return False


def _asked(told: dict[str, Any]) -> tuple[tuple[str, tuple[Way, ...]], ...]:
    return _asked_of(
        told.get("kind", "complaint") in GRIEVANCES,
        against(told) == "person",
        visibility(told) == "public",
        (told.get("customer") or {}).get("type") == "anonymous",
    )


@cache
def _asked_of(
    grievance: bool, person: bool, public: bool, anonymous: bool
) -> tuple[tuple[str, tuple[Way, ...]], ...]:
    """What is asked for, each with the ways in which it can be known."""
    names = list(GRIEVANCE if grievance else REMARK)
    if person:
        names[names.index("product")] = "accused"
    if public:
        names.append("public_link")
    if anonymous:
        names.remove("customer.contact")
    return tuple((name, tuple(map(_way, KNOWN_BY.get(name, (name,))))) for name in names)


def _way(field: str) -> Way:
    part, _, within = field.partition(".")
    return part, within
