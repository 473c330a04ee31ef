"""What is asked of the measures, and answered."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.insights.durations import RELATIVE_ERROR
from services.insights.measures.book import Benchmark, MeasureId, MeasureOwner, MeasureTarget, Status
from services.insights.measures.model import Direction, Unit


class By(StrEnum):
    """What the answer is broken down by; `none` gives one group."""

    NONE = "none"
    DAY = "day"
    CATEGORY = "category"
    SEVERITY = "severity"
    DEPARTMENT = "department"
    CHANNEL = "channel"
    PRODUCT = "product"
    REGION = "region"
    HANDLER = "handler"


class Name(BaseModel):
    en: str
    zh: str


class _Shown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class CatalogueEntry(_Shown):
    id: Annotated[str, Field(examples=["handling_time_p90"])]
    name: Name
    formula: str
    """How it is made, in words."""
    unit: Unit
    direction: Direction | None
    """Which way is better; absent where neither is."""
    target: float | None
    warning: float | None
    """Up to here a missed target is near."""
    owner: MeasureOwner | None
    """Who answers for it."""
    special_targets: list[MeasureTarget]
    """For single departments and categories."""
    benchmarks: list[Benchmark]
    beside: list[str]
    """Measures without which this one must not be read: it never meets its target alone."""
    requirement: str
    """Row of the requirements that asks for it."""


class Catalogue(_Shown):
    items: list[CatalogueEntry]
    targets_version: int
    """Of the rulebook `measure-targets`; 0 is what Redress is shipped with."""
    quantile_error: float = RELATIVE_ERROR
    """Furthest that a handling time quantile lies from the true one, as a share of it."""


class BenchmarkCompared(_Shown):
    """What others reach, and how far this value is from it."""

    organisation: str
    value: float
    year: int
    difference: float | None
    """This value less theirs; null where there is none."""


class Reading(_Shown):
    measure: Annotated[MeasureId, Field(examples=["handling_rate"])]
    value: float | None
    """Null when there is nothing to measure."""
    unit: Unit
    target: float | None
    warning: float | None
    status: Status
    numerator: int | None
    denominator: int | None
    at_least: bool
    """The true value is this or more: too many complaints are still open to tell."""
    beside: list[str]
    """Measures that must be read with it."""
    benchmarks: list[BenchmarkCompared]


class Group(_Shown):
    key: Annotated[str | None, Field(examples=["delivery"])]
    """The day, category, severity, department, channel, product, region or handler; null where it is not known yet,
    and for by=none."""
    measures: list[Reading]


class Measures(_Shown):
    first: Annotated[date, Field(serialization_alias="from")]
    """First day, in UTC."""
    last: Annotated[date, Field(serialization_alias="to")]
    """Last day, in UTC, included."""
    by: By
    held: dict[str, str]
    """What was asked for: dimensions and their values."""
    targets_version: int
    """Of the rulebook `measure-targets`."""
    groups: list[Group]
