"""What somebody wants to know of the measures, and the answer."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date
from functools import cache
from typing import Annotated, TypedDict

from fastapi import Depends, Query
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights import rollups
from services.insights.measures.book import (
    MEASURE_TARGETS,
    Benchmark,
    MeasureTarget,
    MeasureTargets,
    Status,
    status,
)
from services.insights.measures.catalogue import MEASURES
from services.insights.measures.cells import BY_DAY, OVERALL, TOGETHER, NotSummed
from services.insights.measures.model import Groups, Measure, Unit, Value
from services.insights.measures.schemas import By
from services.insights.ranges import First, Last, Reader, checked
from shared import clock
from shared.auth import Lacking, Principal
from shared.problems import FieldError, Problem
from shared.rulebooks.store import load_books
from shared.text import SoughtText

OVERSEE = "appeals:oversee"
"""Who may read measures of single people other than themselves."""

Held = Annotated[SoughtText | None, Query(description="Only of this one.")]


@dataclass(frozen=True)
class Asked:
    """A range of days, a break-down, and what is held."""

    first: date
    last: date
    by: By
    held: dict[str, str]
    only: tuple[str, ...] = ()
    """Measures; none: all of them."""


def asked(
    who: Reader,
    first: First = None,
    last: Last = None,
    by: Annotated[By, Query(description="Break down by.")] = By.NONE,
    category: Held = None,
    severity: Held = None,
    department: Held = None,
    channel: Held = None,
    product: Held = None,
    region: Held = None,
    handler: Held = None,
) -> Asked:
    first, last = checked(first, last, clock.now().astimezone(UTC).date())
    given = {
        **{"category": category, "severity": severity, "department": department, "channel": channel},
        **{"product": product, "region": region, "handler": handler},
    }
    held = {name: value for name, value in given.items() if value is not None}
    guard(who, by, held)
    return Asked(first, last, by, held)


def guard(who: Principal, by: str, held: dict[str, str]) -> None:
    """Raises a 403 problem for measures of single people, unless the caller oversees them."""
    if (by == By.HANDLER or "handler" in held) and not who.may(OVERSEE):
        raise Lacking(OVERSEE)


Question = Annotated[Asked, Depends(asked)]


class Compared(TypedDict):
    """The fields of `schemas.BenchmarkCompared`."""

    organisation: str
    value: float
    year: int
    difference: float | None


@dataclass(slots=True)
class Reading:
    """One measure of one group: the fields of `schemas.Reading`. There are very many of them, hence no model, and not
    frozen, which would take longer."""

    measure: str
    value: float | None
    unit: Unit
    target: float | None
    warning: float | None
    status: Status
    numerator: int | None
    denominator: int | None
    at_least: bool
    beside: tuple[str, ...]
    benchmarks: tuple[Compared, ...]

    def plain(self) -> dict[str, object]:
        """By names, with words for what is an enumeration: JSON is made of it eight times faster."""
        return {
            "measure": self.measure,
            "value": self.value,
            "unit": self.unit.value,
            "target": self.target,
            "warning": self.warning,
            "status": self.status.value,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "at_least": self.at_least,
            "beside": self.beside,
            "benchmarks": self.benchmarks,
        }


@dataclass(frozen=True, slots=True)
class Group:
    key: str | None
    measures: list[Reading]


@dataclass(frozen=True, slots=True)
class Answer:
    """The fields of `schemas.Measures`."""

    question: Asked
    targets_version: int
    groups: list[Group]

    def as_json(self) -> bytes:
        asked = self.question
        head = {"from": asked.first, "to": asked.last, "by": asked.by, "held": asked.held}
        groups = [
            {"key": group.key, "measures": [each.plain() for each in group.measures]} for group in self.groups
        ]
        return to_json(head | {"targets_version": self.targets_version, "groups": groups})


async def answer(connection: AsyncConnection, question: Asked) -> Answer:
    """Raises a 422 problem when no sums are kept by what was asked together."""
    books = await load_books(connection, MEASURE_TARGETS)
    targets = books.read(MEASURE_TARGETS)
    try:
        groups = await rollups.totals(
            connection,
            *(question.by, question.first, question.last, clock.now(), question.held),
            _wanted(question.only),
        )
    except NotSummed as refused:
        raise not_summed(refused) from None
    groups.exposure = _exposure(question, targets)
    read = await asyncio.to_thread(_groups, groups, question, targets)
    return Answer(question, books.version(MEASURE_TARGETS), read)


@cache
def _chosen(only: tuple[str, ...]) -> tuple[Measure, ...]:
    return tuple(measure for measure in MEASURES if not only or measure.id in only)


@cache
def _wanted(only: tuple[str, ...]) -> rollups.Wanted:
    """Read no more than these are made of."""
    makings = [measure.making for measure in _chosen(only)]
    return rollups.Wanted.some(
        frozenset().union(*(making.needs for making in makings)),
        {making.duration for making in makings if making.duration},
        open=any(making.ever for making in makings),
    )


def _groups(groups: Groups, question: Asked, targets: MeasureTargets) -> list[Group]:
    """What is not known yet comes last. For ten years by day these are a hundred thousand readings: beside the event
    loop, all groups at once, and what is the same for all groups is looked up once."""
    special = question.by in {By.DEPARTMENT, By.CATEGORY}
    columns = []
    for measure in _chosen(question.only):
        general = targets.target_of(measure.id, question.held)
        wanted = [general] * len(groups.keys)
        if special:
            places = [question.held | {question.by.value: key} for key in groups.keys]
            wanted = [targets.target_of(measure.id, place) for place in places]
        columns.append(
            _readings(measure, measure.making.of(groups), wanted, targets.benchmarks_of(measure.id))
        )
    found = [
        Group(key or None, list(readings))
        for key, readings in zip(groups.keys, zip(*columns, strict=True), strict=True)
    ]
    return sorted(found, key=lambda group: (group.key is None, group.key or ""))


def not_summed(refused: NotSummed) -> Problem:
    detail = (
        f"{refused} 没有按这些维度组合保存的汇总，可用的组合为：{', '.join(TOGETHER)}（及其中部分维度）。"
    )
    fields = [FieldError(field=f"query/{name}", detail=detail) for name in sorted(refused.asked)]
    return Problem(
        422, "not-summed", "The measures are not kept by these dimensions together", detail, errors=fields
    )


def _exposure(question: Asked, targets: MeasureTargets) -> float | None:
    """What is served in a day is known of the whole company only."""
    if targets.served_per_day is None or question.held or question.by not in {OVERALL, BY_DAY}:
        return None
    days = 1 if question.by == BY_DAY else (question.last - question.first).days + 1
    return targets.served_per_day * days / 1000


def _readings(
    measure: Measure,
    values: list[Value | None],
    targets: list[MeasureTarget | None],
    benchmarks: list[Benchmark],
) -> list[Reading]:
    """One measure of all groups."""
    return [
        Reading(
            measure.id,
            value.value if value else None,
            measure.unit,
            target.target if target else None,
            target.warning if target else None,
            status(measure, value, target),
            value.numerator if value else None,
            value.denominator if value else None,
            value.at_least if value else False,
            measure.beside,
            _compared(value, benchmarks) if benchmarks else (),
        )
        for value, target in zip(values, targets, strict=True)
    ]


def _compared(value: Value | None, benchmarks: list[Benchmark]) -> tuple[Compared, ...]:
    return tuple(
        Compared(
            organisation=each.organisation,
            value=each.value,
            year=each.year,
            difference=value.value - each.value if value else None,
        )
        for each in benchmarks
    )
