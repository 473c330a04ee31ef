"""Time limits by class of complaint (时限): a rulebook. Pure.

Of the rows that fit a complaint the shortest limit counts for each clock, so no two rows contradict each other
and their order does not matter.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.routing import TimeLimits
from shared.events.vocabulary import Severity, Visibility
from shared.rulebooks.model import Book, Content
from shared.taxonomy import CategoryCode

Hours = Annotated[float, Field(gt=0, le=2000, allow_inf_nan=False)]


class LimitRow(BaseModel):
    """Limits in working hours, for complaints of this class; what is left out does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    severity: Severity | None = None
    category: CategoryCode | None = None
    visibility: Visibility | None = None
    acknowledge: Hours
    """Until the customer is told that the complaint has been received."""
    first_response: Hours
    """Until a person has answered for the first time."""
    resolution: Hours
    """Until the solution is carried out."""

    @property
    def class_(self) -> tuple[Severity | None, str | None, Visibility | None]:
        return self.severity, self.category, self.visibility

    def fits(self, severity: Severity, category: str | None, visibility: Visibility | None) -> bool:
        return all(
            mine is None or mine == theirs
            for mine, theirs in zip(self.class_, (severity, category, visibility), strict=True)
        )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.acknowledge <= self.first_response <= self.resolution:
            raise ValueError(
                f"the limits of {_name(self)} are out of order: acknowledge, first_response and resolution "
                "must not become shorter 时限顺序有误：确认、首次答复、解决应依次不短于前者"
            )
        return self


class LimitTable(Content):
    """By when what must have happened."""

    rows: Annotated[tuple[LimitRow, ...], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _every_row_counts(self) -> Self:
        seen: set[object] = set()
        for row in self.rows:
            if row.class_ in seen:
                raise ValueError(
                    f"two rows are for {_name(row)}: keep one of them 同一类别有两行时限，请保留其一"
                )
            seen.add(row.class_)
        everything = next((row for row in self.rows if row.class_ == (None, None, None)), None)
        if everything is None:
            raise ValueError(
                "a row for all complaints is missing: add one without severity, category and visibility "
                "缺少适用于全部投诉的一行，请补充"
            )
        for row in self.rows:
            if row is not everything and not _shortens(row, everything):
                raise ValueError(
                    f"the row for {_name(row)} never counts, because the row for all complaints is as short: "
                    "shorten it or leave it out 该行时限不短于通用时限，永远不会生效，请缩短或删除"
                )
        return self

    def limits(
        self, version: int, severity: Severity, category: str | None, visibility: Visibility | None
    ) -> TimeLimits:
        """The shortest of all that fit."""
        fitting = [row for row in self.rows if row.fits(severity, category, visibility)]
        return TimeLimits(
            acknowledge=min(row.acknowledge for row in fitting),
            first_response=min(row.first_response for row in fitting),
            resolution=min(row.resolution for row in fitting),
            version=version,
        )


def _shortens(row: LimitRow, everything: LimitRow) -> bool:
    return (
        row.acknowledge < everything.acknowledge
        or row.first_response < everything.first_response
        or row.resolution < everything.resolution
    )


def _name(row: LimitRow) -> str:
    return ", ".join(filter(None, row.class_)) or "all complaints"


LIMITS = Book("time-limits", LimitTable, "time limits", "时限表", ("services.routing.triage", "limits.json"))
