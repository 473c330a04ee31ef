"""What comes onto the agenda of a meeting. It is a rulebook; `agenda.json` is version 0."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.rulebooks.model import Book, Content


class Criterion(StrEnum):
    """Why a case is spoken about; an open one, where nothing else is said."""

    MAJOR = "major"
    PUBLIC = "public"
    OVERDUE = "overdue"
    """A promise to its customer was broken, or something else about it was late."""
    CLIMBED = "climbed"
    """A notice about it climbed, and nobody has acknowledged it since."""
    UNASSIGNED = "unassigned"
    FOR_MEETING = "for_meeting"
    """The distribution table sent it to a meeting: a row of the form `meeting`."""
    IMPROVEMENT = "improvement"
    """An action of an improvement that it gave rise to is late; the case itself may have ended."""
    BY_HAND = "by_hand"
    """Somebody put it on the agenda."""


class Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    criterion: Criterion
    most: Annotated[int, Field(ge=1, le=100)]
    """So many cases at most, the newest of the kind."""


class MeetingAgenda(Content):
    """By which criteria cases come onto the agenda, in this order."""

    criteria: Annotated[tuple[Line, ...], Field(min_length=1, max_length=len(Criterion))]

    @model_validator(mode="after")
    def _must_name_each_once(self) -> Self:
        """Raises ValueError."""
        named = [line.criterion for line in self.criteria]
        if Criterion.BY_HAND in named:
            raise ValueError(
                "what is put on the agenda by hand is always on it: leave `by_hand` out. "
                "手工加入的案件总在议程中，请删去 by_hand"
            )
        if twice := [each.value for each in dict.fromkeys(named) if named.count(each) > 1]:
            raise ValueError(
                f"{twice[0]!r} stands there twice: leave one out. {twice[0]} 重复，请删去其中一个"
            )
        return self


AGENDA = Book(
    "meeting-agenda",
    MeetingAgenda,
    "meeting agenda",
    "例会议程",
    ("services.routing.transfer.meetings", "agenda.json"),
)
