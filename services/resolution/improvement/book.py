"""The rulebook of improvements: teams by category, warnings, watch periods, recurrence. `improvement.json` is
version 0."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.vocabulary import Severity
from shared.rulebooks.model import Book, Content
from shared.taxonomy import CategoryCode
from shared.text import ShortText

Days = Annotated[int, Field(ge=1, le=3650)]
Department = Annotated[str, Field(min_length=1, max_length=100)]
"""Code of a department in the directory."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Function(_Row):
    """A function of the company that takes part, and the departments that are it."""

    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}$")]
    name_en: ShortText
    name_zh: ShortText
    departments: Annotated[tuple[Department, ...], Field(max_length=20)] = ()
    """Codes in the directory; empty: the company has not said yet."""


class TeamRow(_Row):
    """Who takes part when the complaint is about this."""

    categories: Annotated[tuple[CategoryCode, ...], Field(max_length=50)] = ()
    """Empty: all that no row before names."""
    lead: ShortText
    """Code of the function that leads."""
    others: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    """Codes of the other functions that take part."""

    @property
    def functions(self) -> tuple[str, ...]:
        return (self.lead, *self.others)


class Recurrence(_Row):
    """When new complaints of the same kind say that the cause is back."""

    least: Annotated[int, Field(ge=1, le=1000)]
    """So many complaints of the same category and product after the closing."""
    days: Days
    """For so long after the closing it is looked for."""
    look_hours: Annotated[int, Field(ge=1, le=720)]
    """So often."""


class ImprovementBook(Content):
    """By what improvements are led, warned, watched and reopened."""

    functions: Annotated[tuple[Function, ...], Field(min_length=1, max_length=50)]
    quality: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=10)]
    """Codes of the functions that are the quality department: they never improve alone."""
    teams: Annotated[tuple[TeamRow, ...], Field(min_length=1, max_length=100)]
    """The first row that names the category counts; the last row is for all others."""
    warn_hours: Annotated[int, Field(ge=1, le=720)]
    """So long before its due date whoever is responsible for an action is warned."""
    watch_days: dict[Severity, Days]
    """How long the numbers are watched after the last action, by severity."""
    compare_days: Days
    """How many days before the opening the numbers are compared with."""
    least_whys: Annotated[int, Field(ge=1, le=7)]
    """So often "why" is asked in a chain at least."""
    recurrence: Recurrence

    @model_validator(mode="after")
    def _fits(self) -> Self:
        codes = [function.code for function in self.functions]
        if twice := [code for code in codes if codes.count(code) > 1]:
            raise ValueError(f"function {twice[0]!r} stands there twice: leave one out. 职能重复，请删去其一")
        for code in (*self.quality, *(code for row in self.teams for code in row.functions)):
            if code not in codes:
                raise ValueError(
                    f"no function {code!r}: add it to `functions`. 没有该职能，请先加入 functions"
                )
        if [not row.categories for row in self.teams] != [False] * (len(self.teams) - 1) + [True]:
            raise ValueError(
                "the last row of `teams`, and only it, is for all other categories: leave its `categories` empty. "
                "teams 的最后一行（且仅此行）适用于其余类别，其 categories 须留空"
            )
        for row in self.teams:
            if set(row.functions) <= set(self.quality):
                raise ValueError(
                    f"the team led by {row.lead} is the quality department alone: name others. "
                    "改善小组不能只有品质部"
                )
        if lacking := [severity.value for severity in Severity if severity not in self.watch_days]:
            raise ValueError(f"`watch_days` lacks {lacking[0]}: give all severities. 观察期须逐级填写")
        return self

    def team(self, category: str | None) -> TeamRow:
        """Who takes part in improving what such a complaint is about."""
        return next((row for row in self.teams if category in row.categories), self.teams[-1])

    def function(self, code: str) -> Function:
        return next(function for function in self.functions if function.code == code)

    def is_quality(self, department: str) -> bool:
        return any(department in self.function(code).departments for code in self.quality)

    @property
    def warn_before(self) -> timedelta:
        return timedelta(hours=self.warn_hours)

    @property
    def look_every(self) -> timedelta:
        return timedelta(hours=self.recurrence.look_hours)

    def watch(self, severity: Severity) -> timedelta:
        return timedelta(days=self.watch_days[severity])


IMPROVEMENT = Book(
    "improvement",
    ImprovementBook,
    "improvement rules",
    "改善规则",
    ("services.resolution.improvement", "improvement.json"),
)
