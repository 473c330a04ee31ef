"""What callers see of accusations and appeals, from rows and from aggregates."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.fairness.record import Accusation, Mark, Sanction
from services.resolution.fairness.schemas import (
    AboutMeDetails,
    AppealDetails,
    AppealShown,
    Happened,
    HeldMark,
    MarkShown,
    SaidShown,
    SanctionShown,
    StatementShown,
)
from services.resolution.model import Case
from services.resolution.timeline import TITLES, Kind
from services.resolution.views import Bilingual
from shared import driver
from shared.database import sql

MILESTONES = (
    *(Kind.OPENED, Kind.ACCEPTED, Kind.JUDGED, Kind.CARRIED_OUT, Kind.RESUMED, Kind.CLOSED),
    *(Kind.MERGED, Kind.SEPARATED, Kind.WITHDRAWN),
)
"""What anybody whom the complaint is about may know of how it goes on."""
# An entry about a person begins with their id; what they did themselves has them as its author.
_STORY = sql(
    "SELECT at, kind FROM timeline WHERE complaint_id = :id "
    "AND (kind = ANY(CAST(:milestones AS text[])) "
    "OR author = :person OR text = :person OR starts_with(text, :person || ' · ')) "
    "ORDER BY at, source, number LIMIT 500"
)
_APPEAL = sql("SELECT * FROM appeals WHERE id = :id")
_WORDS = sql("SELECT * FROM appeal_words WHERE appeal_id = :id ORDER BY number")


async def about_me(
    connection: AsyncConnection, case: Case, mine: Accusation, statement: StatementShown | None
) -> AboutMeDetails:
    """The case must have been saved."""
    assert case.registered_at is not None
    return AboutMeDetails(
        complaint_id=case.id,
        category=case.category,
        severity=case.severity,
        state=case.state,
        registered_at=case.registered_at,
        named_at=mine.named_at,
        answer_by=mine.answer_by,
        hearing=mine.hearing,
        cleared_because=mine.cleared_because,
        mark=mine.mark and mine.mark.state,
        statement=statement,
        answer=mine.answer,
        answered_at=mine.answered_at,
        valid=case.valid,
        mark_details=mine.mark and MarkShown(**asdict(mine.mark)),
        sanctions=_sanctions(mine.sanctions),
        appeal_id=mine.appeal_id,
        story=await _story(connection, case.id, mine.person_id),
    )


async def _story(connection: AsyncConnection, complaint_id: UUID, person_id: str) -> list[Happened]:
    """What concerns everybody, and what concerned this person; nobody's words."""
    given = {"id": complaint_id, "person": person_id, "milestones": [each.value for each in MILESTONES]}
    rows = (await driver.run(connection, _STORY, given)).mappings()
    return [
        Happened(at=row["at"], kind=kind, title=Bilingual.of(TITLES[kind][1]))
        for row in rows
        for kind in (Kind(row["kind"]),)
    ]


def held_mark(complaint_id: UUID, of: Accusation, mark: Mark) -> HeldMark:
    return HeldMark(
        **asdict(mark),
        complaint_id=complaint_id,
        person_id=of.person_id,
        sanctions=_sanctions(of.sanctions),
    )


def _sanctions(sanctions: Sequence[Sanction]) -> list[SanctionShown]:
    return [SanctionShown(**asdict(each)) for each in sanctions]


def appeal_in_list(row: Mapping[Any, Any]) -> AppealShown:
    return AppealShown(**{name: row[name] for name in AppealShown.model_fields})


async def appeal(connection: AsyncConnection, appeal_id: UUID) -> AppealDetails | None:
    row = (await driver.run(connection, _APPEAL, {"id": appeal_id})).mappings().one_or_none()
    if row is None:
        return None
    said = (await driver.run(connection, _WORDS, {"id": appeal_id})).mappings()
    plain = {name: row[name] for name in AppealDetails.model_fields if name != "hearing"}
    return AppealDetails(
        **plain, hearing=[SaidShown(**{n: each[n] for n in SaidShown.model_fields}) for each in said]
    )
