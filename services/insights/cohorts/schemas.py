"""Shapes of the cohorts."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.insights.losses import Band


class Ending(StrEnum):
    """How the complaint ended, by the customer's judgement."""

    SATISFIED = "satisfied"
    ACCEPTABLE = "acceptable"
    NOT_ACCEPTABLE = "not_acceptable"
    WITHDRAWN = "withdrawn"


class WindowShown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    days: int
    """After the end of the complaint."""
    share: float | None
    """Of the customers, those who bought again within it. Null when nobody was watched that long yet."""
    low: float | None
    high: float | None
    """In 95 of 100 such samples the true share lies between."""
    followed: int
    """Customers who bought within it, or were watched to its end."""


class CohortShown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    ending: Ending
    loss: Band | None
    """Size of the loss that they named; null: they named none."""
    customers: int
    """Complaints that ended so; whoever made several is in each."""
    small: bool
    """Fewer than 30: mind the interval."""
    windows: list[WindowShown]


class ReferenceShown(BaseModel):
    """What the texts say, to compare with."""

    loss: Band | None
    group: Annotated[str, Field(examples=["satisfied"])]
    share: Decimal
    source_en: str
    source_zh: str


class LearnedShown(BaseModel):
    """An assumption of the economics beside what one's own customers say."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    loss: Band
    group: Annotated[str, Field(examples=["satisfied"])]
    assumed: Decimal
    assumed_low: Decimal
    assumed_high: Decimal
    seen: float | None
    """Share that bought again within 180 days; null when nobody was watched that long."""
    customers: float
    """As many as tell so, watched to the end."""
    posterior: float
    """Mean of the assumption and what was seen, each with its weight."""
    posterior_low: float
    posterior_high: float
    """Nine times out of ten it lies between."""


class CohortsShown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    """Of the registration, in UTC."""
    cohorts: list[CohortShown]
    learned: list[LearnedShown]
    used: bool
    """Whether the economics use them: `learn_repurchase` in the rulebook `economics`."""
    assumptions_version: int
    references: list[ReferenceShown]
