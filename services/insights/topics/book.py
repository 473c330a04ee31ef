"""The rulebook of topic mining: how much must be told before something is called new. `topics.json` is version 0."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from shared.rulebooks.model import Book, Content


class Mining(Content):
    """By what a topic is found, and followed."""

    example: ClassVar[dict[str, Any]] = {
        "history_weeks": 26,
        "least_weeks": 4,
        "least_customers": 5,
        "false_share": 0.01,
        "boilerplate_share": 0.3,
        "overlap": 0.6,
        "same_share": 0.5,
        "follow_weeks": 26,
        "settle_hours": 6,
    }

    history_weeks: Annotated[int, Field(ge=4, le=104)]
    """Weeks that expectations come from. The week that is judged and the one before are not among them."""
    least_weeks: Annotated[int, Field(ge=2, le=104)]
    """Of them with anything told; before there are as many, nothing is called new."""
    least_customers: Annotated[int, Field(ge=2, le=1000)]
    """Who must tell it, in two weeks."""
    false_share: Annotated[float, Field(gt=0, le=0.5)]
    """Share of false ones that is tolerated among the terms of a week that are found."""
    boilerplate_share: Annotated[float, Field(gt=0, le=1)]
    """A term that more than this share of customers use says nothing: greetings, forms, names of shops."""
    overlap: Annotated[float, Field(gt=0, le=1)]
    """Of the complaints of two terms (Jaccard), from which on they are one topic."""
    same_share: Annotated[float, Field(gt=0, le=1)]
    """Likeness of terms (cosine), or share of complaints in common, from which on it is a topic that is known."""
    follow_weeks: Annotated[int, Field(ge=1, le=520)]
    """How long after it was last found new complaints are still counted to a topic."""
    settle_hours: Annotated[int, Field(ge=0, le=168)]
    """After the end of a week until it is mined, so that what was told late is in."""


TOPICS_BOOK = Book(
    "topic-mining",
    Mining,
    "topic mining",
    "新问题挖掘",
    ("services.insights.topics", "topics.json"),
)
