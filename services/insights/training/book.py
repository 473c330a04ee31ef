"""The rulebook of training needs: when lapses call for training, and for which. `training-needs.json` is version 0."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field

from shared.events.insights import TrainingKind
from shared.rulebooks.model import Book, Content


class TrainingNeeds(Content):
    """From what on lapses are a need."""

    example: ClassVar[dict[str, Any]] = {
        "period_days": 90,
        "at_least": 5,
        "ratio_above": "1",
        "false_discoveries": "0.1",
        "kinds": {"promise_broken": "service_idea"},
    }

    period_days: Annotated[int, Field(ge=7, le=731)]
    """Cases accepted in so many days up to now are compared; whoever was found is not found again about the same for
    as long."""
    at_least: Annotated[int, Field(ge=2, le=10_000)]
    """Cases with the lapse. Fewer are chance."""
    ratio_above: Annotated[Decimal, Field(ge=1, le=10, max_digits=5, decimal_places=3)]
    """The lower bound of the interval of the ratio to the others lies above it."""
    false_discoveries: Annotated[Decimal, Field(gt=0, lt=1, max_digits=5, decimal_places=4)]
    """Largest share of false ones among the needs of one look."""
    kinds: dict[
        Annotated[str, Field(pattern="^(promise_broken|result_fell|reply_flagged|rated_badly|cause_back)$")],
        TrainingKind,
    ]
    """Which training helps against which lapse. A lapse that is not named calls for none."""


TRAINING = Book(
    "training-needs",
    TrainingNeeds,
    "thresholds of training needs",
    "培训需求阈值",
    ("services.insights.training", "training-needs.json"),
)
