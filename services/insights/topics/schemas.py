"""What callers see of topics, and what they say about them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.insights.topics.model import TopicState
from shared.text import ShortText

_TOPIC = "01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"


class Label(BaseModel):
    """Terms that many of its complaints use, the weightiest first; none in a language in which nobody told it."""

    en: Annotated[list[str], Field(examples=[["charging port", "scorched"]])]
    zh: Annotated[list[str], Field(examples=[["充电口", "发烫"]])]


class TopicSummary(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    version: int
    """Also the ETag: send it as If-Match with a change."""
    state: TopicState
    name: str | None
    """As people call it."""
    label: Label
    first_week: date
    """Monday of the week in which it emerged, in UTC."""
    last_week: date
    """The last week in which it was more than expected."""
    found_at: datetime
    category: str | None
    """Of most of its complaints; null where they differ."""
    subcategory: str | None
    product: str | None
    complaints: int
    """Up to now."""
    customers: int
    """Who used its clearest term when it emerged, in that week or in two."""
    expected: float
    """Who would have used it, by the weeks before."""
    p_value: float
    q_value: float
    """Least share of false ones among all terms of that week at which it is found."""
    rules_version: int
    """Of the rulebook `topic-mining`."""
    merged_into: UUID | None


class TopicWeek(BaseModel):
    week: date
    complaints: int


class TopicQuote(BaseModel):
    """A complaint that speaks for the topic: of all its complaints those most like the others."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    language: str
    words: str
    """The beginning of what was told, masked."""


class TopicView(TopicSummary):
    weeks: list[TopicWeek]
    """The last 52 with complaints, the oldest first."""
    quotes: list[TopicQuote]
    """Three of each language at most; words of erased customers are gone."""
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    """Why it was dismissed, merged or resumed."""


class TopicComplaint(BaseModel):
    complaint_id: UUID
    week: date
    language: str


class TopicNamed(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"name": "Charging port overheats"}]},
    )

    name: ShortText
    """How people call it."""


class TopicReason(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"reason": "A sale, and no fault of ours."}]},
    )

    reason: ShortText
    """Why."""


class TopicMerge(TopicReason):
    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"into": _TOPIC, "reason": "The same port."}]},
    )

    into: UUID
    """The topic as part of which it goes on."""
