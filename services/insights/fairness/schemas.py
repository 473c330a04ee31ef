"""Shapes of the fairness audit in the HTTP interface."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.insights.fairness.measures import MEASURES, MeasureId, Sort
from services.insights.fairness.model import FairnessVerdict
from shared.events.insights import Treated as About
from shared.text import LongText


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Shown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Worse(StrEnum):
    """Who of the two is treated worse."""

    GROUP = "group"
    OTHERS = "others"


class AnswerKind(StrEnum):
    COMMENT = "comment"
    EXPLAINED = "explained"
    """There is a good reason for it, which is said."""
    FAULT = "fault"
    """It is a fault, and an improvement removes it."""


class NewFairnessAudit(Body):
    """What is to be audited."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"about": "customers", "from": "2026-07-01", "to": "2026-09-30"}]}
    )

    about: About = About.CUSTOMERS
    first: Annotated[date, Field(alias="from")]
    """First day of receipt, in UTC."""
    last: Annotated[date, Field(alias="to")]
    """Last day, included; two years at most."""


class FairnessAnswer(Body):
    """What somebody says to a comparison."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decision": "explained",
                    "reason": "Line stops of key accounts go first by contract; general matters show no difference.",
                }
            ]
        }
    )

    decision: AnswerKind
    reason: LongText
    """Why. Personal data in it is masked."""
    improvement_id: UUID | None = None
    """The improvement that removes the fault, as resolution gave it; with `fault`, and only then."""

    @model_validator(mode="after")
    def _a_fault_is_removed(self) -> Self:
        if (self.decision is AnswerKind.FAULT) != (self.improvement_id is not None):
            raise ValueError(
                "a fault names the improvement that removes it (improvement_id), and nothing else does; "
                "认定为过失时须填写改进项目（improvement_id），其他情况不填"
            )
        return self


class FairnessAuditShown(Shown):
    """One look at how groups are treated."""

    id: UUID
    about: About
    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    """Days of receipt that were looked at, in UTC, both included."""
    cases: int
    """Complaints, or accusations and people, that were looked at."""
    rules_version: int
    """Of the rulebook `fairness-audit`."""
    made_by: str
    """`redress`: by itself, when the period was closed."""
    made_at: datetime


class ComparisonShown(Shown):
    """A group against all others of whom it is known to which group they belong, like with like."""

    id: UUID
    audit_id: UUID
    characteristic: Annotated[str, Field(examples=["account"])]
    """By what groups are told apart: standing, account, contact, language, region; of staff department, team, layer,
    languages, experience."""
    group: Annotated[str, Field(examples=["key"])]
    measure: MeasureId
    name_en: str
    name_zh: str
    """What is measured, in words."""
    sort: Sort
    """What `value` is: a difference of shares, a chance of more less one half, or a ratio of rates."""
    n: int
    """Cases of the group that have their like among the others."""
    n_others: int
    left_out: int
    """Cases that have not."""
    value: float | None
    """Null: too few cases to say."""
    low: float | None
    high: float | None
    """95 % interval."""
    inner_low: float | None
    inner_high: float | None
    """90 % interval: within the tolerance, the two are alike."""
    p_value: float | None
    q_value: float | None
    """Expected share of false ones among the differences that are as plain as this."""
    tolerance: float
    """The least difference that matters."""
    median_hours: float | None
    median_hours_others: float | None
    """Of times: until half of the cases had it; the others in the group's mix of cases. Null: less than half has."""
    worse: Worse | None
    verdict: FairnessVerdict
    decision: AnswerKind | None = None
    """What people decided on it last: explained, or a fault."""


class FairnessAuditDetail(FairnessAuditShown):
    comparisons: list[ComparisonShown]
    """Disparities first, then by p value."""


class StratumShown(Shown):
    """Cases that are alike."""

    stratum: Annotated[list[str], Field(examples=[["delivery", "general", "minor", "2026Q3"]])]
    """Category, severity, band of the loss and quarter of receipt; '' is what is not known. Of loads the department,
    as a fifth, where people of one department are compared."""
    numbers: Annotated[
        dict[str, float], Field(examples=[{"hits": 12, "n": 40, "hits_others": 61, "n_others": 122}])
    ]
    """What the estimate is made of."""


class FairnessAnswerShown(Shown):
    number: int
    decision: AnswerKind
    reason: str
    improvement_id: UUID | None
    decided_by: str
    decided_at: datetime


class ComparisonDetail(ComparisonShown):
    """With everything that is needed to compute it again."""

    method: str
    strata: list[StratumShown]
    answers: list[FairnessAnswerShown]


def as_shown(row: Any) -> dict[str, Any]:
    """The fields of a comparison, from its row."""
    kind = MEASURES[MeasureId(row["measure"])]
    return {
        **row,
        "name_en": kind.en,
        "name_zh": kind.zh,
        "sort": kind.sort,
        "median_hours": _hours(row["median"]),
        "median_hours_others": _hours(row["median_others"]),
    }


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 2)
