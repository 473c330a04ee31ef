"""Facts that insights publishes: what complaints teach."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS

MOST_EVIDENCE = 50
"""Complaints that an event names."""


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
    evidence: Annotated[tuple[UUID, ...], Field(max_length=MOST_EVIDENCE)] = ()
    """Some of them, the newest first."""
    found_at: datetime

    @model_validator(mode="after")
    def _somebodys(self) -> Self:
        if (self.person_id is None) == (self.department is None):
            raise ValueError("a need is that of a person or of a department")
        return self


@registry.event("redress.topic.emerged", topic=TOPICS.insights)
class TopicEmerged(Event):
    """Something is told that was not told before, or far more than the weeks before let expect. The complaint is the
    newest of it.

    出现新的投诉问题，请关注。
    """

    topic_id: UUID
    week: date
    """Its Monday, in UTC."""
    label_en: tuple[str, ...] = ()
    """Terms that many of the complaints use, masked; how people call it, the topic itself says."""
    label_zh: tuple[str, ...] = ()
    category: str | None = None
    """What most of the complaints are about; none where they differ."""
    subcategory: str | None = None
    product: str | None = None
    complaints: Annotated[int, Field(ge=1)]
    customers: Annotated[int, Field(ge=1)]
    """Who used its clearest term, in the week or in two."""
    expected: Annotated[float, Field(ge=0)]
    """Who would have used it, by the weeks before."""
    p_value: Annotated[float, Field(ge=0, le=1)]
    q_value: Annotated[float, Field(ge=0, le=1)]
    """Least share of false ones, among all terms of the week, at which it is found."""
    rules_version: int
    """Of the rulebook `topic-mining`."""
    evidence: Annotated[tuple[UUID, ...], Field(max_length=MOST_EVIDENCE)] = ()
    """Some of the complaints, the newest first."""
    found_at: datetime
