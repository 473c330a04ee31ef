"""The rulebook of the charts: what is a signal, and what counts for how much. `charts.json` is version 0."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from shared.events.vocabulary import Severity
from shared.rulebooks.model import Book, Content


class ChartRules(Content):
    """How charts are read."""

    example: ClassVar[dict[str, Any]] = {
        "run_length": 8,
        "enough_points": 20,
        "vital_share": "0.8",
        "rare_alpha": "0.0027",
        "severity_weights": {"general": "1", "urgent": "3", "major": "9"},
    }

    run_length: Annotated[int, Field(ge=6, le=12)]
    """So many points in succession on one side of the centre are a signal."""
    enough_points: Annotated[int, Field(ge=8, le=100)]
    """With fewer, the limits of a phase are provisional, and are said to be."""
    vital_share: Annotated[Decimal, Field(gt=0, lt=1, max_digits=4)]
    """The few that make up this share of all are the vital ones."""
    rare_alpha: Annotated[Decimal, Field(gt=0, lt="0.2", max_digits=6)]
    """Chance that a gap between rare events lies beyond the limits, though nothing has changed: half on each side."""
    severity_weights: dict[Severity, Annotated[Decimal, Field(gt=0, le=1000, max_digits=8)]]
    """What a complaint of each severity counts for. One whose severity is not known counts like a general one."""

    @model_validator(mode="after")
    def _weighs_each(self) -> Self:
        if set(self.severity_weights) != set(Severity):
            raise ValueError(
                "severity_weights: give general, urgent and major; 请填写 general、urgent 与 major 三级的权重"
            )
        return self


CHARTS = Book(
    "quality-charts",
    ChartRules,
    "control charts and Pareto",
    "控制图与帕累托分析",
    ("services.insights.charts", "charts.json"),
)
