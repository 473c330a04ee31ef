"""The rulebook of the early warning: what is watched, and what is unusual enough. `early-warning.json` is version 0."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from services.insights.alerts.series import Dimension
from services.insights.alerts.shapes import WINDOWS
from shared.rulebooks.model import Book, Content

Chance = Annotated[float, Field(gt=0, le=0.5)]


class EarlyWarning(Content):
    """Which counts are watched, what is unusual enough, and how complaints are counted for it."""

    example: ClassVar[dict[str, Any]] = {
        "dimensions": ["all", "product", "category", "product+category"],
        "watch": 0.01,
        "alert": 0.05,
        "least": 3,
    }

    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1, max_length=len(Dimension))]
    """By what complaints are counted. A sum beside its parts finds what is spread over them."""
    watch: Chance = 0.01
    """p value of one series at which it is shown."""
    alert: Chance = 0.1
    """Expected share of false ones among all alerts of one week, or day."""
    severe: Chance = 0.001
    """p value at which severe complaints, by the time between them, are an alert whatever the others are."""
    least: Annotated[int, Field(ge=1, le=1000)] = 5
    """With fewer complaints in the newest `recent` weeks there is no surge: the first complaint ever is none."""
    recent: Annotated[int, Field(ge=1, le=8)] = 4
    silence_least: Annotated[int, Field(ge=1, le=10_000)] = 8
    """Where fewer are expected in eight weeks, silence says nothing."""
    once_days: Annotated[int, Field(ge=0, le=365)] = 14
    """What one customer tells of one category again within so many days counts once."""
    settle_hours: Annotated[int, Field(ge=0, le=96)] = 6
    """So long after its end a week or a day is judged: most of it has been told and classified then."""
    quiet_steps: Annotated[int, Field(ge=1, le=26)] = 2
    """After so many weeks, or days, in which nothing is unusual an alert is over; what follows is a new one."""
    history_weeks: Annotated[int, Field(ge=WINDOWS[0] + 1, le=520)] = 320
    """So far back it counts."""
    recount_weeks: Annotated[int, Field(ge=4, le=52)] = 13
    """The newest weeks are counted again each time, because categories are corrected; older ones are left as they
    were counted."""
    delay_weeks: Annotated[int, Field(ge=0, le=104)] = 26
    """From so many weeks it is learned how late complaints become known, so that the newest are expected to be as
    incomplete as they must be. 0: they are taken to be complete."""
    most_series: Annotated[int, Field(ge=10, le=20_000)] = 20_000
    """More than these, those with the most complaints, are not judged."""
    daily: bool = True
    """Whether days are judged, too, by surges of the newest eight."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError("dimensions: name each once; 每个维度只能出现一次")
        if self.recount_weeks >= self.history_weeks:
            raise ValueError("recount_weeks must be less than history_weeks; 重算周数须小于历史周数")
        return self


EARLY_WARNING = Book(
    "early-warning",
    EarlyWarning,
    "limits of the early warning",
    "预警界限",
    ("services.insights.alerts", "early-warning.json"),
)
