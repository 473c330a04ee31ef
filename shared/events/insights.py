"""Facts that insights publishes: what complaints teach."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS


class TrainingKind(StrEnum):
    """The five kinds of training (培训内容)."""

    SERVICE_IDEA = "service_idea"
    TYPES_AND_CAUSES = "types_and_causes"
    EMOTION_AND_COMMUNICATION = "emotion_and_communication"
    PROBLEM_SOLVING = "problem_solving"
    SIMULATED_CASES = "simulated_cases"


@registry.event("redress.training.needed", topic=TOPICS.insights)
class TrainingNeeded(Event):
    """Complaints show that a person or a department needs training. The complaint is the one that tipped it.

    投诉数据显示有培训需求。
    """

    need_id: UUID
    person_id: str | None = None
    """Whose need it is, by their id in the directory; or that of a whole department."""
    department: str | None = None
    about: str
    """Category or cause that the complaints have in common."""
    kind: TrainingKind
    complaints: Annotated[int, Field(ge=1)]
    """How many complaints speak for it."""
    evidence: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    """Some of them, the newest first."""
    found_at: datetime

    @model_validator(mode="after")
    def _somebodys(self) -> Self:
        if (self.person_id is None) == (self.department is None):
            raise ValueError("a need is that of a person or of a department")
        return self


class Treated(StrEnum):
    """Of whom it is asked how they are treated."""

    CUSTOMERS = "customers"
    STAFF = "staff"


@registry.event("redress.disparity.found", topic=TOPICS.insights)
class DisparityFound(Event):
    """A fairness audit found that a group is treated otherwise than its like, by more than matters. The complaint is
    the newest of the group.

    公平性审计发现某一群体受到的对待与同类情况存在显著差异。
    """

    audit_id: UUID
    comparison_id: UUID
    about: Treated
    characteristic: str
    """By what groups are told apart: standing, account, contact, language, region; of staff the department."""
    group: str
    measure: str
    """What is compared, such as `handling_time`."""
    sort: str
    """What `value` is: `share`: a difference of shares; `rank`: a chance of more, less one half; `time`: a ratio of
    rates."""
    worse: bool
    """Is the group treated worse than the others, or better?"""
    n: Annotated[int, Field(ge=1)]
    """Cases of the group that have their like."""
    n_others: Annotated[int, Field(ge=1)]
    value: float
    low: float
    high: float
    """95 % interval of `value`."""
    p_value: float
    q_value: float
    """Expected share of false ones among all disparities of the audit that are as plain as this."""
    tolerance: float
    """The least difference that matters."""
    first: date
    last: date
    """Days of receipt that were looked at, in UTC, both included."""
    found_at: datetime
