"""The rulebook of field actions: how quickly people are addressed, and when an action may be called complete.
`field-actions.json` is version 0."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from shared.rulebooks.model import Book, Content

MOST_AT_ONCE = 1000
"""Customers in one transaction, whatever the pace."""


class FieldActionRules(Content):
    """Pace, watchfulness, and what counts as enough."""

    example: ClassVar[dict[str, Any]] = {
        "per_minute": 300,
        "round_seconds": 10,
        "look_seconds": 60,
        "least_coverage": "0.95",
        "warning_cache_seconds": 300,
    }

    per_minute: Annotated[int, Field(ge=1, le=100_000)] | None
    """So many customers of one action are addressed in a minute, so that mail servers and the hotline can follow;
    null: as quickly as it goes."""
    round_seconds: Annotated[int, Field(ge=1, le=300)]
    """The minute's number is spread over rounds of so many seconds."""
    look_seconds: Annotated[int, Field(ge=1, le=3600)]
    """So often a running action looks for customers who have become known as affected since."""
    least_coverage: Annotated[Decimal, Field(ge=0, le=1, max_digits=4, decimal_places=3)]
    """At least this share of those affected must have been told before the action is completed."""
    warning_cache_seconds: Annotated[int, Field(ge=0, le=3600)]
    """So long others may keep an answer with the public warnings."""

    @model_validator(mode="after")
    def _somebody_each_round(self) -> Self:
        if self.per_minute is not None and self.per_minute * self.round_seconds < 60:
            raise ValueError(
                "fewer than one customer would be addressed in a round: make per_minute or round_seconds larger; "
                "每轮不足一人，请增大 per_minute 或 round_seconds"
            )
        if self.per_minute is not None and self.per_minute * self.round_seconds // 60 > MOST_AT_ONCE:
            raise ValueError(
                f"a round would address more than {MOST_AT_ONCE} customers: make round_seconds smaller; "
                f"每轮超过{MOST_AT_ONCE}人，请减小 round_seconds"
            )
        return self

    @property
    def at_once(self) -> int:
        """Customers in a round."""
        return MOST_AT_ONCE if self.per_minute is None else self.per_minute * self.round_seconds // 60

    @property
    def between_rounds(self) -> timedelta:
        return timedelta(seconds=0 if self.per_minute is None else self.round_seconds)

    @property
    def between_looks(self) -> timedelta:
        return timedelta(seconds=self.look_seconds)


FIELD_ACTIONS = Book(
    "field-actions",
    FieldActionRules,
    "rules of field actions",
    "现场措施规则",
    ("services.resolution.field_action", "field-actions.json"),
)
