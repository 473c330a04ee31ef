"""The rulebook of targets, owners and benchmarks. `targets.json` is version 0.

The targets shipped are the house's own starting values: the texts demand that there are targets, not which.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.insights.measures.catalogue import BY_ID
from services.insights.measures.model import Direction, Measure, Unit, Value
from shared.rulebooks.model import Book, Content
from shared.text import ShortText

Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
MeasureId = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}$")]
BOUNDS = {Unit.SHARE: (0.0, 1.0), Unit.POINTS: (-100.0, 100.0)}


class Status(StrEnum):
    MET = "met"
    NEAR = "near"
    """Not met, but within the warning limit."""
    MISSED = "missed"
    NO_DATA = "no_data"
    NO_TARGET = "no_target"
    NOT_ALONE = "not_alone"
    """The target is reached, but that proves nothing without the measures beside it."""


class MeasureOwner(BaseModel):
    """Who answers for a measure: a department or a person, by their id in the directory."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    department: ShortText | None = None
    person: ShortText | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.department is None) == (self.person is None):
            raise ValueError(
                "an owner is a department or a person: give one; 负责方须为一个部门或一个人，请二选一"
            )
        return self


class MeasureTarget(BaseModel):
    """What a measure should be; for all, or for a department, a category, or one in the other."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    measure: MeasureId
    department: ShortText | None = None
    category: ShortText | None = None
    target: Number
    warning: Number | None = None
    """Up to here a missed target is near; on the worse side of the target."""
    owner: MeasureOwner | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        measure = known(self.measure)
        if measure.direction is None:
            raise ValueError(
                f"{measure.id} has no better or worse, so it can have no target; 该指标无优劣方向，不能设目标"
            )
        _within(measure, self.target)
        if self.warning is not None:
            _within(measure, self.warning)
        if self.warning is not None and self.warning != self.target:
            below = self.warning < self.target
            if below is not (measure.direction is Direction.HIGHER):
                raise ValueError(
                    f"the warning of {measure.id} must be worse than its target; 预警值须比目标值差"
                )
        return self


class Benchmark(BaseModel):
    """What another organisation has reached, or best practice has."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    measure: MeasureId
    organisation: ShortText
    value: Number
    source: ShortText
    """Where that is written."""
    year: Annotated[int, Field(ge=1900, le=2200)]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _within(known(self.measure), self.value)
        return self


class MeasureTargets(Content):
    """What is to be reached, by whom, and what others reach."""

    example: ClassVar[dict[str, Any]] = {
        "targets": [
            {"measure": "handling_rate", "target": 0.95, "warning": 0.9, "owner": {"department": "quality"}},
            {"measure": "handling_rate", "category": "delivery", "target": 0.98},
        ],
        "benchmarks": [
            {
                "measure": "repurchase_rate",
                "organisation": "The best of the trade",
                "value": 0.8,
                "source": "Yearbook of the trade, page 12",
                "year": 2025,
            }
        ],
        "served_per_day": 1200,
        "fewest": 20,
    }

    targets: Annotated[tuple[MeasureTarget, ...], Field(max_length=2000)]
    benchmarks: Annotated[tuple[Benchmark, ...], Field(max_length=500)] = ()
    served_per_day: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | None = None
    """Orders, customers or deliveries on an average day, by which complaints are a rate; null: not known."""
    fewest: Annotated[int, Field(ge=5, le=1000)] = 20
    """With fewer complaints nothing is said of a person."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        seen = set()
        for each in self.targets:
            place = (each.measure, each.department, each.category)
            if place in seen:
                raise ValueError(
                    f"{each.measure} has two targets for the same department and category: keep one; "
                    "同一部门与类别的指标只能有一个目标"
                )
            seen.add(place)
        return self

    def target_of(self, measure: str, places: Mapping[str, str | None]) -> MeasureTarget | None:
        """The most special one that holds there; a department goes before a category."""
        fits = [
            each
            for each in self.targets
            if each.measure == measure
            and each.department in (None, places.get("department"))
            and each.category in (None, places.get("category"))
        ]
        return max(
            fits, key=lambda each: (each.department is not None, each.category is not None), default=None
        )

    def benchmarks_of(self, measure: str) -> list[Benchmark]:
        return [each for each in self.benchmarks if each.measure == measure]


def known(measure: str) -> Measure:
    if measure not in BY_ID:
        raise ValueError(
            f"no measure is called {measure}: /measures/catalogue names them; 没有该指标，请见 /measures/catalogue"
        )
    return BY_ID[measure]


def _within(measure: Measure, number: float) -> None:
    low, high = BOUNDS.get(measure.unit, (0.0, 1e9))
    if not low <= number <= high:
        raise ValueError(f"{measure.id} lies between {low:g} and {high:g}; 数值超出该指标的取值范围")


def status(measure: Measure, value: Value | None, target: MeasureTarget | None) -> Status:
    """What is to be said of a value."""
    if value is None:
        return Status.NO_DATA
    if target is None or measure.direction is None:
        return Status.NO_TARGET
    sign = 1 if measure.direction is Direction.HIGHER else -1
    if sign * value.value >= sign * target.target:
        if value.at_least:
            return Status.NO_DATA
        return Status.NOT_ALONE if measure.beside else Status.MET
    if target.warning is not None and sign * value.value >= sign * target.warning:
        return Status.NEAR
    return Status.MISSED


MEASURE_TARGETS = Book(
    "measure-targets",
    MeasureTargets,
    "targets, owners and benchmarks of the measures",
    "指标的目标、负责方与标杆",
    ("services.insights.measures", "targets.json"),
)
