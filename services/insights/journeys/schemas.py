"""Shapes of the answers about the process."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.insights.journeys.steps import Step


class StepName(BaseModel):
    en: str
    zh: str


class Waited(BaseModel):
    """Hours between two steps, of those who took both; within 5 %."""

    p50: float
    p90: float


class FunnelStage(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    stage: Step
    name: StepName
    reached: int
    """Complaints that took this step, whatever they took before."""
    of_registered: float | None
    """As a share of all that were registered."""
    conversion: float | None
    """By how many reached the stage before. Above 1 when that one was left out by some."""
    waited: Waited | None
    """Since the stage before that they had reached."""
    waiting: int
    """Not ended, and this is the furthest stage that they reached: where the work stands."""
    left: int
    """Ended here: withdrawn, or closed without being satisfied."""


class _Months(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    """First day of the first month: complaints are taken by the month of their registration, in UTC."""
    last: Annotated[date, Field(serialization_alias="to")]
    """Last day of the last month."""


class FunnelShown(_Months):
    stages: list[FunnelStage]


class MapNode(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    step: Step
    name: StepName
    taken: int
    again: int
    """Of `taken`, those by complaints that had taken it before: rework."""


class MapEdge(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    source: Step
    target: Step
    taken: int
    again: int
    """Of `taken`, those whose target the complaint had taken before: a loop."""
    waited: Waited


class ProcessMap(_Months):
    """The directly-follows graph."""

    nodes: list[MapNode]
    edges: list[MapEdge]
    """The most frequent first."""


class Variant(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    steps: list[str]
    """Codes of steps; … stands for the rest of a very long way."""
    complaints: int
    share: float
    again: bool
    """Some step was taken more than once."""


class VariantsShown(_Months):
    complaints: int
    """That have ended."""
    variants: int
    """Different ways that they took."""
    reworked: int
    """Of the complaints, those in which some step was taken more than once."""
    items: list[Variant]
    """The most frequent first."""
