"""Lists of improvements: one statement, the newest first."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.improvement.steps import ImprovementState, Step
from services.resolution.improvement.tables import (
    improvement_actions,
    improvement_complaints,
    improvement_members,
    improvements,
)
from services.resolution.improvement.views import ImprovementSummary
from shared import pages
from shared.pages import Page


@dataclass(frozen=True)
class Wanted:
    """Which are listed; what is None or False asks nothing."""

    state: ImprovementState | None = None
    step: Step | None = None
    responsible: str | None = None
    complaint_id: UUID | None = None
    overdue: bool = False


async def listed(
    connection: AsyncConnection, wanted: Wanted, limit: int, cursor: str | None
) -> Page[ImprovementSummary]:
    i, a = improvements.c, improvement_actions.c
    query = select(improvements)
    if wanted.state is not None:
        query = query.where(i.state == wanted.state.value)
    if wanted.step is not None:
        query = query.where(i.step == wanted.step.value)
    if wanted.complaint_id is not None:
        carried = improvement_complaints.c
        query = query.where(
            exists().where(carried.improvement_id == i.id, carried.complaint_id == wanted.complaint_id)
        )
    unsettled = (a.improvement_id == i.id) & a.done_at.is_(None) & a.dropped_at.is_(None)
    if wanted.responsible is not None:
        member = improvement_members.c
        query = query.where(
            or_(
                exists().where(
                    member.improvement_id == i.id, member.lead, member.person == wanted.responsible
                ),
                exists().where(unsettled, a.responsible == wanted.responsible),
            )
        )
    if wanted.overdue:
        query = query.where(i.state == ImprovementState.OPEN.value)
        query = query.where(exists().where(unsettled, a.overdue_at.is_not(None)))
    return await pages.read(
        connection,
        query,
        limit,
        cursor,
        lambda row: ImprovementSummary.model_validate(dict(row)),
        i.opened_at,
        i.id,
        newest_first=True,
    )
