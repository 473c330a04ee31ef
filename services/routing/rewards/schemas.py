"""Shapes of the rewards in the HTTP interface."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.routing.rewards.book import Result


class ResultCount(BaseModel):
    result: Result
    times: int
    points: int


class Reward(BaseModel):
    """What a person earned in a period, and by what."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    rank: int | None = None
    """By points per handled case; absent when too few cases were handled to say anything."""
    person: str
    name: str | None = None
    handled: int
    """Cases that the person ended."""
    points: int
    points_per_case: float | None = None
    made_up_of: list[ResultCount]


class Rewards(BaseModel):
    """A period's rewards, best first. Nobody is ranked by how many or how few complaints they had."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    period: str
    since: datetime
    until: datetime
    least_cases: int
    """Whoever handled fewer is not ranked."""
    people: list[Reward]


class EarnedShown(BaseModel):
    """Points for one result, and the fact that tells it."""

    id: UUID
    person: str
    complaint_id: UUID
    result: Result
    points: int
    book_version: int
    fact_type: str
    fact_id: UUID
    earned_at: datetime
    counts: bool
    """False: a mark that waits for an appeal, or was removed."""
