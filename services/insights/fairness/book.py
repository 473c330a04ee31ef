"""The rulebook of the fairness audit: what difference matters, how many are too few. `fairness.json` is version 0."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from services.insights.fairness.measures import MEASURES, MeasureId
from shared.rulebooks.model import Book, Content

Share = Annotated[Decimal, Field(gt=0, le=1, max_digits=6, decimal_places=4, allow_inf_nan=False)]


class AuditPeriod(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"

    @property
    def months(self) -> int:
        return 1 if self is AuditPeriod.MONTH else 3


class AuditRules(Content):
    """By what a fairness audit judges."""

    example: ClassVar[dict[str, Any]] = {
        "period": "quarter",
        "wait_days": 14,
        "least": 30,
        "least_people": 5,
        "new_days": 180,
        "most_groups": 30,
        "limit": "0.05",
        "tolerances": {measure.value: "0.05" for measure in MeasureId},
    }

    period: AuditPeriod
    """How often it is done by itself, over the period that is closed."""
    wait_days: Annotated[int, Field(ge=0, le=365)]
    """So long after its end, when most of its complaints have their result."""
    least: Annotated[int, Field(ge=5, le=100_000)]
    """Cases of either side, matched, below which nothing is said but that there are too few."""
    least_people: Annotated[int, Field(ge=3, le=1000)]
    """People of either side below which nothing is said of staff: an audit of groups is no list of persons."""
    new_days: Annotated[int, Field(ge=30, le=3650)] = 180
    """So long after their first case somebody counts as new among the staff."""
    most_groups: Annotated[int, Field(ge=2, le=100)]
    """Of one characteristic, such as the region, those with the most cases are compared."""
    limit: Share
    """Expected share of false ones among the disparities that an audit finds."""
    tolerances: dict[MeasureId, Share]
    """The least difference that matters: of a share or a chance in its own units (0.05 is five points), of a time as a
    share of it."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if lacking := sorted(set(MEASURES) - set(self.tolerances)):
            raise ValueError(
                f"tolerances: say it for {', '.join(lacking)}, too; 请补充这些指标的容许差异：{'、'.join(lacking)}"
            )
        return self


AUDIT_RULES = Book(
    "fairness-audit",
    AuditRules,
    "rules of the fairness audit",
    "公平性审计规则",
    ("services.insights.fairness", "fairness.json"),
)
