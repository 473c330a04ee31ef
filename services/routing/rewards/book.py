"""The rulebook of rewards: points per result of handling a complaint. `rewards.json` is version 0.

There is nothing in it by which few complaints could be rewarded: points are for what was done with a complaint that
came. What counts every case alike may not be negative, or whoever has few cases would have most; and people are
compared by points per handled case.
"""

from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from shared.rulebooks.model import Book, Content


class Result(StrEnum):
    """What a fact says of the handling."""

    CASE_HANDLED = "case_handled"
    PROMISE_KEPT = "promise_kept"
    OUTCOME_SATISFIED = "outcome_satisfied"
    OUTCOME_ACCEPTABLE = "outcome_acceptable"
    OUTCOME_NOT_ACCEPTABLE = "outcome_not_acceptable"
    FIRST_CONTACT = "first_contact"
    PRAISED = "praised"
    PROMISE_BROKEN = "promise_broken"
    CASE_RESUMED = "case_resumed"
    MARKED = "marked"
    """A complaint about the person was judged valid; it does not count while they appeal."""


FAILURES = {Result.PROMISE_BROKEN, Result.CASE_RESUMED, Result.OUTCOME_NOT_ACCEPTABLE, Result.MARKED}
"""Results for which points may be taken away; for all others they may only be given."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("use an IANA name such as Asia/Shanghai; 请使用 IANA 时区名")
    return name


Zone = Annotated[str, Field(max_length=60), AfterValidator(_known_zone)]
Points = Annotated[int, Field(ge=-1000, le=1000)]


class RewardTable(Content):
    """Points by result."""

    points_by_result: dict[Result, Points]
    """What is not named gives none. A number of complaints, high or low, is no result."""
    least_cases: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Whoever handled fewer in the period is shown but not ranked: few cases say little."""
    zone: Zone = "Asia/Shanghai"
    """In which the days of a period begin."""

    @model_validator(mode="after")
    def _rewards_no_fewness(self) -> Self:
        for result, points in self.points_by_result.items():
            if result in FAILURES and points > 0:
                raise ValueError(
                    f"{result.value} is a failure: give no points for it; 该结果属于失误，不得加分: {result.value}"
                )
            if result not in FAILURES and points < 0:
                raise ValueError(
                    f"points taken away for {result.value} would reward whoever has few complaints: take points away "
                    "for failures only; 扣分只能用于失误，否则投诉少反而得利"
                )
        if not any(points > 0 for points in self.points_by_result.values()):
            raise ValueError(
                "if nothing gives points, whoever handles no complaint comes first: give some for what was done well; "
                "若只扣不加，投诉少者反而居首，请至少设一项加分"
            )
        return self

    def points(self, result: Result) -> int:
        return self.points_by_result.get(result, 0)


REWARDS = Book(
    "rewards", RewardTable, "table of rewards", "奖励表", ("services.routing.rewards", "rewards.json")
)
