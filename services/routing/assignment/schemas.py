"""Shapes of assignment in the HTTP interface."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.assignment.eligibility import Candidate
from services.routing.assignment.roster import Load
from services.routing.assignment.rules import Code
from services.routing.assignment.why import words
from services.routing.schemas import Body
from shared.events.vocabulary import Severity
from shared.text import ShortText


class Why(BaseModel):
    """A reason why people cannot take a complaint."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    code: str
    """`full`, `language`, `certificate:safety` ..."""
    people: int
    """Of so many it holds; each is counted by the first reason that holds."""
    en: str
    zh: str

    @classmethod
    def all_of(cls, fell_out: Mapping[str, int]) -> list[Self]:
        """The most frequent first."""
        ranked = sorted(fell_out.items(), key=lambda item: (-item[1], item[0]))
        return [
            cls(code=code, people=people, en=words(code)[0], zh=words(code)[1]) for code, people in ranked
        ]


class Queued(BaseModel):
    """A complaint that nobody could take yet."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    reference: str
    registered_at: datetime
    category: str
    severity: Severity
    waiting_since: datetime
    climbs: int
    """How often it has climbed to the next layer meanwhile."""
    climbs_at: datetime | None = None
    """When it climbs next; absent when everybody has been told."""
    why: list[Why]
    """For what those who are asked fall out now; empty: somebody can take it, and is about to get it."""


class CandidateShown(BaseModel):
    """A person who is asked, with what stands in the way."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    person: str
    name: str
    department: str
    step: str
    """Of the chain: why they are asked."""
    can_take_it: bool
    why_not: Why | None = None
    has_it: bool
    stands_in_for: str | None = None
    met: list[str]
    warnings: list[str]
    """What is wished and they lack; they come after those who have it."""
    open_cases: int
    capacity: int
    works_next_at: datetime | None = None
    """When they work next, if they do not now."""

    @classmethod
    def of(cls, candidate: Candidate, load: Load, handler_id: str | None) -> Self:
        person, why_not = candidate.person, candidate.why_not
        return cls(
            person=person.id,
            name=person.name,
            department=person.department,
            step=candidate.step,
            can_take_it=why_not is None,
            why_not=Why.all_of({why_not: 1})[0] if why_not else None,
            has_it=person.id == handler_id,
            stands_in_for=candidate.stands_in_for,
            met=list(candidate.met),
            warnings=list(candidate.warnings),
            open_cases=load.open_cases,
            capacity=person.capacity,
            works_next_at=candidate.opens_at,
        )


class CandidatesShown(BaseModel):
    """Who could take a complaint at this moment."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    rules_version: int
    able: int
    """People who can take it."""
    why_not: list[Why]
    """For what the others fall out."""
    candidates: list[CandidateShown]
    """First those who can, in the order of their turn."""


class Receiver(Body):
    """One of the two."""

    person: Code | None = None
    """This person, whatever their department. What the rules ask of whoever takes it holds for them, too."""
    department: Code | None = None
    """Whoever's turn it is in this department."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.person is None) == (self.department is None):
            raise ValueError("name a person or a department, one of the two. 请填写人员或部门，二者择一。")
        return self


class HandOverWanted(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"to": {"person": "li.na"}, "reason": "She knows this customer."}]}
    )

    to: Receiver | None = None
    """None: whoever's turn it is, by the assignment rules."""
    reason: ShortText


class Involvement(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"department": "logistics", "reason": "The packaging was theirs."}]}
    )

    department: Annotated[Code, Field(description="Code of a department of the directory.")]
    reason: ShortText
