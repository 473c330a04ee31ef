"""What an improvement asks of other services at the moment of use: people and meetings of routing, numbers of insights.

All raise httpx.HTTPError when the other service cannot be asked now, which is answered as a 503.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx

from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import Meeting, Numbers
from services.resolution.staff import Standing, standing_of, standing_of_account
from shared import problems
from shared.problems import FieldError
from shared.service import Context

DAY = timedelta(days=1)


async def people(context: Context, named: Mapping[str, str]) -> dict[str, Standing]:
    """The people by id; `named` are ids by the field that names them. Raises a 422 problem with those unknown."""
    known: dict[str, Standing] = {}
    errors: list[FieldError] = []
    for field, person in named.items():
        standing = known.get(person) or await standing_of(context, person)
        if standing is None:
            detail = f"{person!r} is not in the directory; `/routing/v1/directory` lists the people. 名录中没有此人。"
            errors.append(FieldError(field=field, detail=detail))
        else:
            known[person] = standing
    if errors:
        detail = "Name people of the directory. 请填写名录中的在职人员。"
        raise problems.invalid("There is no such person", detail, errors=errors)
    return known


async def person_behind(context: Context, account: str) -> str:
    """Id of the person who signs in with the account; the account itself when the directory does not know it."""
    standing = await standing_of_account(context, account)
    return account if standing is None else standing.person


async def meeting(context: Context, meeting_id: UUID, field: str) -> Meeting:
    """Raises a 422 problem that names the field when there is none, or it has no minutes yet."""
    try:
        told: dict[str, Any] = await context.ask(
            "routing", f"/routing/v1/meetings/{meeting_id}", "cases:read"
        )
    except httpx.HTTPStatusError as error:
        if error.response.status_code != 404:
            raise
        told = {}
    if told.get("minuted_at") is None:
        raise problems.invalid(
            "No such meeting with minutes",
            "Call the meeting and write its minutes first: `/routing/v1/meetings`. 请先召开会议并完成会议纪要。",
            field=field,
        )
    return Meeting(meeting_id, told["title"], told["at"], tuple(told["attendees"]))


async def courses(context: Context) -> set[str]:
    """Codes of routing's catalogue of courses."""
    told = await context.ask("routing", "/routing/v1/rulebooks/courses", "cases:read")
    return {course["code"] for course in told["content"]["courses"]}


@dataclass(frozen=True)
class Periods:
    """Days that are compared, both ends included."""

    before_from: date
    before_to: date
    after_from: date
    after_to: date


def periods(improvement: Improvement) -> Periods | None:
    """The days before the opening, and those of the watch period; None before that has begun."""
    if improvement.opened_at is None or improvement.watch_from is None or improvement.watch_until is None:
        return None
    before_to = improvement.opened_at.astimezone(UTC).date() - DAY
    return Periods(
        before_to - (improvement.book.compare_days - 1) * DAY,
        before_to,
        improvement.watch_from.astimezone(UTC).date() + DAY,
        improvement.watch_until.astimezone(UTC).date(),
    )


async def numbers(
    context: Context,
    improvement: Improvement,
    of: Periods,
    exposure: tuple[Decimal, Decimal] | None,
) -> Numbers:
    """Whether the rate of complaints of this category and product fell, as insights knows it."""
    asked: dict[str, object] = {
        "before_from": of.before_from,
        "before_to": of.before_to,
        "after_from": of.after_from,
        "after_to": of.after_to,
        "category": improvement.category,
        "subcategory": improvement.subcategory,
        "product": improvement.product,
    }
    if exposure is not None:
        asked |= {"exposure_before": exposure[0], "exposure_after": exposure[1]}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    told = await context.ask("insights", f"/insights/v1/effect?{query}", "measures:read")
    return Numbers(
        of.before_from,
        of.before_to,
        of.after_from,
        of.after_to,
        told["before"]["complaints"],
        told["after"]["complaints"],
        Decimal(told["before"]["exposure"]),
        Decimal(told["after"]["exposure"]),
        told["rate_ratio"],
        told["low"],
        told["high"],
        told["fell"],
        told["p_value"],
    )
