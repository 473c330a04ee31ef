"""What somebody wants to know of the measures, and the answer."""

from dataclasses import dataclass
from datetime import UTC, date
from typing import Annotated

from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights import rollups
from services.insights.measures.book import MEASURE_TARGETS, MeasureTargets, status
from services.insights.measures.catalogue import MEASURES
from services.insights.measures.cells import BY_DAY, OVERALL, TOGETHER, NotSummed
from services.insights.measures.model import Measure, Totals
from services.insights.measures.schemas import BenchmarkCompared, By, Group, Measures, Reading
from services.insights.ranges import First, Last, Reader, checked
from shared import clock
from shared.auth import Lacking, Principal
from shared.problems import FieldError, Problem
from shared.rulebooks.store import load_books

OVERSEE = "appeals:oversee"
"""Who may read measures of single people other than themselves."""

Held = Annotated[
    str | None,
    Query(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$", description="Only of this one."),
]


@dataclass(frozen=True)
class Asked:
    """A range of days, a break-down, and what is held."""

    first: date
    last: date
    by: By
    held: dict[str, str]


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


async def answer(connection: AsyncConnection, question: Asked) -> Measures:
    """Raises a 422 problem when no sums are kept by what was asked together."""
    books = await load_books(connection, MEASURE_TARGETS)
    targets = books.read(MEASURE_TARGETS)
    try:
        groups = await rollups.totals(
            connection, question.by, question.first, question.last, clock.now(), question.held
        )
    except NotSummed as refused:
        raise not_summed(refused) from None
    _expose(groups, question, targets)
    keys = sorted(groups, key=lambda key: (key == "", key))  # what is not known yet comes last
    return Measures(
        first=question.first,
        last=question.last,
        by=question.by,
        held=question.held,
        targets_version=books.version(MEASURE_TARGETS),
        groups=[
            Group(
                key=key or None,
                measures=[
                    _reading(m, groups[key], targets, question.held | {question.by.value: key})
                    for m in MEASURES
                ],
            )
            for key in keys
        ],
    )


def not_summed(refused: NotSummed) -> Problem:
    detail = (
        f"{refused} 没有按这些维度组合保存的汇总，可用的组合为：{', '.join(TOGETHER)}（及其中部分维度）。"
    )
    fields = [FieldError(field=f"query/{name}", detail=detail) for name in sorted(refused.asked)]
    return Problem(
        422, "not-summed", "The measures are not kept by these dimensions together", detail, errors=fields
    )


def _expose(groups: dict[str, Totals], question: Asked, targets: MeasureTargets) -> None:
    """What is served in a day is known of the whole company only."""
    if targets.served_per_day is None or question.held or question.by not in {OVERALL, BY_DAY}:
        return
    days = 1 if question.by == BY_DAY else (question.last - question.first).days + 1
    for totals in groups.values():
        totals.exposure = targets.served_per_day * days / 1000


def _reading(measure: Measure, totals: Totals, targets: MeasureTargets, places: dict[str, str]) -> Reading:
    value = measure.of(totals)
    target = targets.target_of(measure.id, places)
    return Reading(
        measure=measure.id,
        value=None if value is None else value.value,
        unit=measure.unit,
        target=target.target if target else None,
        warning=target.warning if target else None,
        status=status(measure, value, target),
        numerator=value.numerator if value else None,
        denominator=value.denominator if value else None,
        at_least=bool(value and value.at_least),
        beside=list(measure.beside),
        benchmarks=[
            BenchmarkCompared(
                organisation=each.organisation,
                value=each.value,
                year=each.year,
                difference=value.value - each.value if value else None,
            )
            for each in targets.benchmarks_of(measure.id)
        ],
    )
