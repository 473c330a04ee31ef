"""The rulebook of clocks: within how much working time what must happen, when to warn, and when to escalate.

`clocks.json` is version 0. Of the rows that fit a case the shortest time counts for each clock, so no two rows
contradict each other and their order does not matter.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.clocks import Clock
from shared.events.vocabulary import Audience, Channel, Severity, Visibility
from shared.rulebooks.model import Book, Content
from shared.taxonomy import CategoryCode

Hours = Annotated[float, Field(ge=0.05, le=2000, allow_inf_nan=False)]
"""Three minutes at least: what is due when it begins cannot be kept."""
Minutes = Annotated[int, Field(ge=1, le=120_000)]
NEEDED = frozenset(Clock) - {Clock.PUBLIC_RESPONSE}
"""Clocks for which the row for all cases must say a time."""


class ClockRow(BaseModel):
    """Working hours for cases of this class; what is left out of the class does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    severity: Severity | None = None
    category: CategoryCode | None = None
    channel: Channel | None = None
    visibility: Visibility | None = None
    hours: Annotated[dict[Clock, Hours], Field(min_length=1)]
    """By clock. Time limits that triage decided (`first_response`, `resolution`) go before these."""

    @property
    def class_(self) -> tuple[str | None, ...]:
        return self.severity, self.category, self.channel, self.visibility

    def fits(self, *of: str | None) -> bool:
        return all(mine is None or mine == theirs for mine, theirs in zip(self.class_, of, strict=True))


class EscalationStep(BaseModel):
    """Who hears of it that a missed clock is still not met."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    after_minutes: Minutes
    """Working minutes after the miss."""
    to: Literal[Audience.COMPLAINT_MANAGEMENT, Audience.LEADERSHIP]


class Extension(BaseModel):
    """How far the time for the solution may be extended (依法延长)."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    most_hours: Hours
    """Working hours of one extension at most."""
    most_times: Annotated[int, Field(ge=0, le=10)]


class ClockTable(Content):
    """By when what must have happened, and what is done when it does not."""

    rows: Annotated[tuple[ClockRow, ...], Field(min_length=1, max_length=500)]
    warn_minutes: dict[Clock, Annotated[tuple[Minutes, ...], Field(max_length=5)]]
    """Warnings: working minutes before the time is over. What is not named is not warned of."""
    escalations: dict[Severity, Annotated[tuple[EscalationStep, ...], Field(max_length=10)]]
    """After a miss, by severity of the case, in order."""
    escalating: Annotated[tuple[Clock, ...], Field(max_length=len(Clock))]
    """Clocks whose misses escalate."""
    extension: Extension
    promise_hours_by_layer: dict[Annotated[int, Field(ge=1, le=4)], Hours]
    """Working hours that somebody of this layer of the company may promise by themselves, when they think that the
    usual time for a reply does not do. Whoever is in no layer may promise the usual time."""
    chase_hours: Hours
    """Working hours after which a colleague who was asked is chased, again and again."""

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        classes = [row.class_ for row in self.rows]
        for class_ in classes:
            if classes.count(class_) > 1:
                raise ValueError(
                    f"two rows are for {_name(class_)}: keep one of them 同一类别有两行时限，请保留其一"
                )
        everything = next((row for row in self.rows if not any(row.class_)), None)
        if everything is None or not everything.hours.keys() >= NEEDED:
            lacking = sorted(NEEDED - (everything.hours.keys() if everything else set()))
            raise ValueError(
                f"the row for all cases must say a time for {', '.join(lacking)}: add one without severity, category, "
                "channel and visibility 缺少适用于全部案件的时限，请补充"
            )
        for severity, steps in self.escalations.items():
            times = [step.after_minutes for step in steps]
            if times != sorted(set(times)):
                raise ValueError(
                    f"the escalations of {severity} are out of order: each comes later than the one before "
                    "升级步骤的时间须依次递增"
                )
        return self

    def hours(
        self, severity: str | None, category: str | None, channel: str | None, visibility: str | None
    ) -> Mapping[Clock, float]:
        """The shortest of all that fit, by clock."""
        found: dict[Clock, float] = {}
        for row in self.rows:
            if row.fits(severity or Severity.GENERAL, category, channel, visibility):
                for clock, hours in row.hours.items():
                    found[clock] = min(hours, found.get(clock, hours))
        return found

    def steps(self, clock: Clock, severity: Severity | None) -> tuple[EscalationStep, ...]:
        """The escalations after a miss of this clock."""
        return self.escalations.get(severity or Severity.GENERAL, ()) if clock in self.escalating else ()


def _name(class_: tuple[str | None, ...]) -> str:
    return ", ".join(filter(None, class_)) or "all cases"


CLOCKS = Book("clocks", ClockTable, "clocks", "时限与升级表", ("services.resolution.clocks", "clocks.json"))
