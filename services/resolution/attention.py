"""HTTP in: what a report puts first: the severe and the public, and what is overdue."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from services.resolution.desk import Reader
from services.resolution.lifecycle import State
from shared import driver, problems
from shared.database import sql
from shared.events.vocabulary import Severity, Visibility
from shared.pages import Moment
from shared.service import Ctx, api_router
from shared.text import SoughtText

router = api_router(tags=["cases"])
MOST = 20
"""Cases that each list names; `total` counts all."""

_HERE = "c.state NOT IN ('unopened', 'merged') AND (CAST(:department AS text) IS NULL OR c.department = :department)"
_SHOWN = (
    "c.id AS complaint_id, c.reference, c.category, c.severity, c.visibility, c.state, c.department, "
    "ARRAY(SELECT a.person_id FROM accusations a WHERE a.complaint_id = c.id ORDER BY 1) AS accused"
)
_SEVERE = sql(
    f"SELECT {_SHOWN}, c.registered_at AS at, count(*) OVER () AS total FROM cases c "  # noqa: S608 - our own words
    f"WHERE {_HERE} AND (c.severity = 'major' AND (c.registered_at >= :since AND c.registered_at < :until "
    "OR c.grew_at >= :since AND c.grew_at < :until) "
    "OR c.visibility = 'public' AND c.registered_at >= :since AND c.registered_at < :until) "
    "ORDER BY c.severity = 'major' DESC, c.registered_at DESC, c.id LIMIT :most"
)
# One promise of a case is live at any time; the last broken one says since when its customer has waited in vain.
_OVERDUE = sql(
    f"SELECT {_SHOWN}, p.due_at AS at, count(*) OVER () AS total FROM cases c "  # noqa: S608 - our own words
    "JOIN LATERAL (SELECT min(due_at) AS due_at FROM promises p WHERE p.complaint_id = c.id AND NOT p.excused "
    "AND (p.state = 'broken' OR p.state = 'live' AND p.due_at < :until)) p ON p.due_at IS NOT NULL "
    f"WHERE {_HERE} AND c.state IN ('open', 'accepted', 'offered', 'agreed') AND p.due_at < :until "
    "ORDER BY p.due_at, c.id LIMIT :most"
)


class NotedCase(BaseModel):
    """A case that deserves attention; nothing of it says who the customer is."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    reference: str
    category: str | None
    severity: Severity | None
    visibility: Visibility | None
    state: State
    department: str | None
    accused: list[str]
    """People complained about, by their ids: they are not to read of it in a report."""
    at: datetime
    """Of a severe one: when it came. Of an overdue one: by when the customer was first promised a reply in vain."""


class NotedCases(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    total: int
    items: list[NotedCase]
    """At most 20 of them."""


class Attention(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    severe: NotedCases
    """Major ones that came in the period or became so in it, and public ones that came in it."""
    overdue: NotedCases
    """Unsolved at this moment, and a promised reply was missed before the end of the period; the oldest first."""


@router.get("/attention", summary="What deserves attention first", responses=problems.documented())
async def read_attention(
    who: Reader,
    ctx: Ctx,
    since: Annotated[Moment, Query(examples=["2026-05-11T00:00:00+08:00"])],
    until: Annotated[Moment, Query(examples=["2026-05-12T00:00:00+08:00"])],
    department: Annotated[SoughtText | None, Query(description="Only its cases.")] = None,
) -> Attention:
    """For a report on a period: the severe and public cases of it, and the cases in which a promise was broken."""
    if since >= until:
        detail = "`since` must be before `until`. since 必须早于 until。"
        raise problems.invalid("The period has no length", detail, field="query/since")
    given = {"since": since, "until": until, "department": department, "most": MOST}
    async with ctx.database.reading() as connection:
        severe = (await driver.run(connection, _SEVERE, given)).mappings().all()
        late = {name: given[name] for name in ("until", "department", "most")}
        overdue = (await driver.run(connection, _OVERDUE, late)).mappings().all()

    def noted(rows: list[dict[str, object]]) -> NotedCases:
        total = rows[0]["total"] if rows else 0
        return NotedCases.model_validate({"total": total, "items": rows})

    return Attention(
        severe=noted([dict(row) for row in severe]), overdue=noted([dict(row) for row in overdue])
    )
