"""The fields of what was told that conditions can ask for. A further field is one line of FIELDS. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.routing.triage.told import Told
from shared.events.vocabulary import (
    About,
    Against,
    Channel,
    ComplainantType,
    ContactRole,
    Emotion,
    Form,
    Kind,
    Language,
    Medium,
    Money,
    Remedy,
    Visibility,
)


@dataclass(frozen=True)
class Words:
    """Texts in which words are looked for."""

    read: Callable[[Told], Iterable[str]]


@dataclass(frozen=True)
class Choices:
    """One or more of a set of words."""

    read: Callable[[Told], Iterable[str]]
    of: frozenset[str] | None = None
    """What it can be; None: any text, compared whatever its case."""


@dataclass(frozen=True)
class Amounts:
    """Amounts of money, each in its currency."""

    read: Callable[[Told], Iterable[Money]]


@dataclass(frozen=True)
class Number:
    read: Callable[[Told], Decimal | None]


Field = Words | Choices | Amounts | Number


def _choice(vocabulary: type[StrEnum], name: str) -> Choices:
    return Choices(lambda told: _some(getattr(told, name)), frozenset(vocabulary))


def _product(name: str) -> Choices:
    return Choices(lambda told: _some(getattr(told.product, name, None)))


def _money(name: str) -> Amounts:
    return Amounts(lambda told: filter(None, (getattr(told, name),)))


def _some(value: str | None) -> tuple[str, ...]:
    return () if value is None else (str(value),)


FIELDS: Mapping[str, Field] = {
    "what_went_wrong": Words(lambda told: told.what_went_wrong),
    "feeling": Words(lambda told: told.feeling),
    "wanted": Words(lambda told: told.wanted),
    "kind": _choice(Kind, "kind"),
    "medium": _choice(Medium, "medium"),
    "channel": _choice(Channel, "channel"),
    "language": _choice(Language, "language"),
    "about": _choice(About, "about"),
    "form": _choice(Form, "form"),
    "against": _choice(Against, "against"),
    "visibility": _choice(Visibility, "visibility"),
    "complainant_type": _choice(ComplainantType, "complainant_type"),
    "emotion": _choice(Emotion, "emotion"),
    "taken_by": _choice(ContactRole, "taken_by"),
    "desired_remedies": Choices(lambda told: told.desired_remedies, frozenset(Remedy)),
    "product.id": _product("id"),
    "product.name": _product("name"),
    "product.model": _product("model"),
    "product.batch": _product("batch"),
    "defect_rate": Number(lambda told: told.defect_rate),
    "estimated_loss": _money("estimated_loss"),
    "desired_amount": _money("desired_amount"),
    "claimed_losses": Amounts(lambda told: (loss.amount for loss in told.claimed_losses)),
}

TEXTS = tuple(name for name, field in FIELDS.items() if isinstance(field, Words))
"""Where words are looked for when a condition names no place."""
