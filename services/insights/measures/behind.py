"""HTTP in: from a number to the complaints that it counts.

Whether a complaint counts is decided by the same function by which the sums are kept, so that the list is as long as
the number is great. The statement only finds those that may count, a bounded number for each request.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.measures.asking import Asked, Question
from services.insights.measures.book import MeasureId
from services.insights.measures.catalogue import BY_ID
from services.insights.measures.model import Making, Terms, summed
from services.insights.model import Facts, contributions
from services.insights.ranges import moments
from services.insights.store import complaints
from shared import pages, problems
from shared.pages import Cursor, Limit, Page
from shared.service import Ctx, api_router

router = api_router(tags=["measures"])

AT_ONCE = 500
ROUNDS = 10
"""At most so many complaints times AT_ONCE are looked at for a page; the next one goes on."""

_ARRAYS = ("promises_kept", "promises_broken", "notices_issued")
_CLOSED = frozenset(
    {
        *(
            "closed",
            "closed_slowly",
            "satisfied",
            "acceptable",
            "not_acceptable",
            "trust_told",
            "trust_restored",
        ),
        *("began_dissatisfied", "turned_satisfied"),
        *("devoted", "shown_defect", "second_chance", "loyal_customer", "product_improved", "skill_raised"),
    }
)
_SURVEYED = frozenset(
    {
        *("rated", "rated_well", "process_rated", "process_rated_well", "effort_told", "effort_low"),
        *("recommend_told", "promoters", "detractors", "repurchase_told", "repurchase_meant"),
    }
)
COUNTS_ON: Mapping[str, str] = (
    dict.fromkeys(_CLOSED, "closed_at")
    | dict.fromkeys(_SURVEYED, "surveyed_at")
    | dict.fromkeys(("triaged", "triaged_automatically"), "triaged_at")
    | dict.fromkeys(("first_closed", "reopened"), "first_closed_at")
    | {name: f"{name}_at" for name in _ARRAYS}
)
"""The column on whose day a count counts; all others count on the day of receipt."""
_HELD = {"handler": "handler_id"}


class PartOfMeasure(StrEnum):
    """Which complaints: those of the numerator, or those of the denominator."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


class ComplaintBehind(BaseModel):
    """A complaint that a number counts."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    times: int
    """How often it counts: promises and notices can be several."""
    registered_at: datetime
    closed_at: datetime | None
    category: str | None
    severity: str | None
    department: str | None
    channel: str | None
    product: str | None
    region: str | None


@router.get(
    "/measures/{measure}/complaints",
    response_model_exclude_none=True,
    summary="The complaints that a number counts",
    responses=problems.documented(404),
)
async def list_complaints(
    question: Question,
    ctx: Ctx,
    measure: Annotated[MeasureId, Path(examples=["handling_rate"])],
    part: Annotated[PartOfMeasure, Query(description="Which side of a share.")] = PartOfMeasure.NUMERATOR,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ComplaintBehind]:
    """Those of a range of days, of all or of what is held; `by` has no meaning here. In the order of their ids. A page
    can be short, even empty, when few complaints count: while there is a `next`, there may be more. Of a number that is
    no share the numerator is what it counts, or the complaints that it was made of."""
    if measure not in BY_ID:
        raise problems.not_found("measure", "path/measure")
    making = BY_ID[measure].making
    terms = making.part if part is PartOfMeasure.NUMERATOR else making.whole or making.part
    after = pages.decode(cursor, UUID)[0] if cursor is not None else None
    async with ctx.database.reading() as connection:
        return await _found(
            connection, _candidates(question, making, terms), question, making, terms, limit, after
        )


async def _found(
    connection: AsyncConnection,
    candidates: Select[Any],
    question: Asked,
    making: Making,
    terms: Terms,
    limit: int,
    after: UUID | None,
) -> Page[ComplaintBehind]:
    items: list[ComplaintBehind] = []
    for _ in range(ROUNDS):
        some = candidates if after is None else candidates.where(complaints.c.id > after)
        rows = (await connection.execute(some)).mappings().all()
        for row in rows:
            facts = Facts(**row)
            if times := _times(facts, question, making, terms):
                if len(items) == limit:
                    return Page(items=items, next=pages.encode(items[-1].complaint_id))
                items.append(_shown(facts, times))
            after = facts.id
        if len(rows) < AT_ONCE:
            return Page(items=items)
    return Page(items=items, next=pages.encode(after))


def _times(facts: Facts, question: Asked, making: Making, terms: Terms) -> int:
    counts: dict[str, int] = {}
    for (day, _, what), n in contributions(facts).items():
        if isinstance(what, str) and day <= question.last and (making.ever or day >= question.first):
            counts[what] = counts.get(what, 0) + n
    return max(0, summed(terms, counts))


def _candidates(question: Asked, making: Making, terms: Terms) -> Select[Any]:
    since, until = moments(question.first, question.last)
    counted = [name for name, sign in terms.items() if sign > 0]
    where: list[ColumnElement[bool]] = []
    for name in dict.fromkeys(COUNTS_ON.get(name, "registered_at") for name in counted):
        column = complaints.c[name]
        if making.ever:
            where.append(column < until)
        elif name.removesuffix("_at") in _ARRAYS:
            told = func.unnest(column).table_valued("at").render_derived()
            where.append(exists(select(told.c.at).where(told.c.at >= since, told.c.at < until)))
        else:
            where.append(and_(column >= since, column < until))
    held = [complaints.c[_HELD.get(name, name)] == value for name, value in question.held.items()]
    if making.ever:
        held += [or_(complaints.c.closed_at.is_(None), complaints.c.closed_at >= until)]
    known = complaints.c.registered_at.is_not(None)
    return select(complaints).where(known, or_(*where), *held).order_by(complaints.c.id).limit(AT_ONCE)


def _shown(facts: Facts, times: int) -> ComplaintBehind:
    assert facts.registered_at is not None
    return ComplaintBehind(
        complaint_id=facts.id,
        times=times,
        registered_at=facts.registered_at,
        closed_at=facts.closed_at,
        category=facts.category,
        severity=facts.severity,
        department=facts.department,
        channel=facts.channel,
        product=facts.product,
        region=facts.region,
    )
