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


@registry.event("redress.hazard.registered", topic=TOPICS.insights)
class HazardRegistered(Event):
    """Complaints warn of something that may happen. The complaint is the newest that does.

    投诉显示存在隐患，已登记。
    """

    hazard_id: UUID
    danger: str | None = None
    """What was heard in the words of complaints (`fire`, `shock`), where rules found it."""
    what: str | None = None
    """In the words of whoever registered it, masked."""
    product: str | None = None
    batch: str | None = None
    region: str | None = None
    """By ISO 3166-1 or 3166-2."""
    department: str | None = None
    """That is to remove it, if somebody said so."""
    likelihood: Annotated[int, Field(ge=1, le=5)]
    severity: Annotated[int, Field(ge=1, le=5)]
    evidence: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    """Complaints that warn of it, the newest first."""
    review_by: date
    found_by: str
    """The account, or `rules`."""
    registered_at: datetime
