"""What an import is, and what becomes of its rows. Pure: no I/O, no clock."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Format(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


class State(StrEnum):
    """`receiving` is never shown: nobody has been told of such an import yet."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Result(StrEnum):
    """What became of a row."""

    REGISTERED = "registered"
    KNOWN = "known"
    """A row with the same key and content had been registered before."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a row."""

    field: str
    """As a column is named: `customer.email`; `row` when it is the row as a whole."""
    detail: str
    """What is wrong, and what would be right."""


@dataclass(frozen=True, slots=True)
class Row:
    """One complaint of a file, as it was read."""

    number: int
    """Counts the rows from 1; neither header nor blank lines count."""
    line: int
    """Line of the file in which it begins, from 1."""
    told: dict[str, Any] | None
    """In the shape in which a complaint is posted; None when the row could not be read."""
    key: str | None = None
    """The sender's own name for the row."""
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a row."""

    number: int
    line: int
    key: str | None
    status: Result
    complaint_id: UUID | None = None
    reference: str | None = None
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """An import in the hands of one importer."""

    id: UUID
    lease: UUID
    file: UUID
    principal: str
    format: Format
    encoding: str
    delimiter: str | None
    sha256: bytes
    created_at: datetime
    done: int
    """Rows that are settled."""


@dataclass(slots=True)
class Group:
    """Rows that are registered and accounted for together."""

    settled: list[Settled] = field(default_factory=list)
    last: bool = False

    def count(self, status: Result) -> int:
        return sum(each.status is status for each in self.settled)


def path_of(file: UUID) -> str:
    """Where the bytes of a file lie in the storage."""
    return f"imports/{file}"
