"""Every event that travels on the log is declared here once: wire type, version, topic, shape.

An event class is additive within its version: new fields have a default. A breaking change is a new class
with the next version, and an upcaster that turns the old data into the new.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
E = TypeVar("E", bound="Event")


class MalformedEvent(ValueError):
    """The record is not an event that this version of Redress can read."""


class Event(BaseModel):
    """A fact, told in the past tense. Subclasses are declared with `@registry.event(...)`."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    type: ClassVar[str]
    version: ClassVar[int]
    topic: ClassVar[str]

    complaint_id: UUID
    """The complaint that the fact is about: subject and key of the record."""

    @property
    def addressee(self) -> str | None:
        """The one person of the company (by their id in the directory) who is meant by it, if it is one."""
        return None

    @classmethod
    def wire_type(cls) -> str:
        return f"{cls.type}.v{cls.version}"


class Registry:
    """The declared events, by wire type."""

    def __init__(self) -> None:
        self._events: dict[str, type[Event]] = {}
        self._upcasters: dict[str, tuple[str, Upcaster]] = {}

    def event(self, name: str, *, topic: str, version: int = 1) -> Callable[[type[E]], type[E]]:
        """Declare an event class. Raises ValueError when the type and version are taken."""

        def declare(cls: type[E]) -> type[E]:
            cls.type, cls.version, cls.topic = name, version, topic
            if self._events.setdefault(cls.wire_type(), cls) is not cls:
                raise ValueError(f"{cls.wire_type()} is declared twice")
            return cls

        return declare

    def upcaster(self, old: str, new: type[Event]) -> Callable[[Upcaster], Upcaster]:
        """Declare how the data of the retired wire type `old` becomes the data of `new`."""

        def declare(function: Upcaster) -> Upcaster:
            self._upcasters[old] = (new.wire_type(), function)
            return function

        return declare

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._events.values())

    def get(self, wire_type: str) -> type[Event]:
        """The class of a current wire type. Raises KeyError."""
        return self._events[wire_type]

    def knows(self, wire_type: str) -> bool:
        return wire_type in self._events or wire_type in self._upcasters

    def current(self, wire_type: str) -> str:
        """The wire type that `wire_type` is read as, after every upcaster in its chain."""
        while wire_type in self._upcasters:
            wire_type = self._upcasters[wire_type][0]
        return wire_type

    def decode(self, wire_type: str, value: bytes | str) -> Event:
        """Read a record's value as the newest version of its event.

        Raises MalformedEvent when the type is unknown or the value does not fit it.
        """
        try:
            if wire_type in self._upcasters:
                data = from_json(value)
                while wire_type in self._upcasters:
                    wire_type, upcast = self._upcasters[wire_type]
                    data = upcast(data)
                return self._events[wire_type].model_validate(data)
            return self._events[wire_type].model_validate_json(value)
        except KeyError:
            raise MalformedEvent(f"unknown event type {wire_type!r}") from None
        except ValidationError as error:
            # The values stay out of the message: it is kept for operators, and they may be personal data.
            wrong = ", ".join(
                f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['type']}"
                for e in error.errors(include_input=False)
            )
            raise MalformedEvent(f"{wire_type}: {wrong}") from None
        except (ValueError, TypeError) as error:
            raise MalformedEvent(f"{wire_type}: {type(error).__name__}") from error


registry = Registry()
