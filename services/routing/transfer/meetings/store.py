"""Meetings in the database, and the agenda built from cases."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.transfer.meetings.agenda import Criterion, MeetingAgenda
from services.routing.transfer.meetings.schemas import AgendaEntry
from shared import driver
from shared.database import sql

_MEETING = (
    "SELECT m.*, s.title, s.weekly, s.attendees, (SELECT n.id FROM meetings n "
    "WHERE n.series_id = m.series_id AND n.number = m.number + 1) AS next_id "
    "FROM meetings m JOIN meeting_series s ON s.id = m.series_id WHERE m.id = :id"
)
MEETING = sql(_MEETING)
MEETING_HELD = sql(f"{_MEETING} FOR UPDATE OF m")
"""The same, until the transaction ends: minutes are written once."""
LIST = sql(
    "SELECT m.id, m.series_id, m.number, m.at, m.minuted_at, s.title, s.weekly, s.attendees "
    "FROM meetings m JOIN meeting_series s ON s.id = m.series_id "
    "WHERE (CAST(:at AS timestamptz) IS NULL OR (m.at, m.id) < (:at, CAST(:after AS uuid))) "
    "ORDER BY m.at DESC, m.id DESC LIMIT :limit"
)
_CASES = "SELECT d.complaint_id, d.reference, d.category, d.severity, d.department"
_OPEN = "FROM dispatches d WHERE d.status NOT IN ('blank', 'released')"
_WHICH: Mapping[Criterion, str] = {
    Criterion.MAJOR: "d.severity = 'major'",
    Criterion.PUBLIC: "d.visibility = 'public'",
    Criterion.OVERDUE: "EXISTS (SELECT FROM lapses l WHERE l.complaint_id = d.complaint_id)",
    Criterion.CLIMBED: (
        "EXISTS (SELECT FROM notices n WHERE n.complaint_id = d.complaint_id "
        "AND n.climbed_from IS NOT NULL AND n.acknowledged_at IS NULL)"
    ),
    Criterion.UNASSIGNED: "d.status IN ('referred', 'waiting')",
    Criterion.FOR_MEETING: (
        "EXISTS (SELECT FROM notices n WHERE n.complaint_id = d.complaint_id AND n.form = 'meeting')"
    ),
}
CASES = {
    criterion: sql(f"{_CASES} {_OPEN} AND {which} ORDER BY d.registered_at DESC, d.complaint_id LIMIT :most")
    for criterion, which in _WHICH.items()
} | {
    Criterion.IMPROVEMENT: sql(
        f"{_CASES} FROM dispatches d WHERE d.improvement_late > 0 "
        "ORDER BY d.registered_at DESC, d.complaint_id LIMIT :most"
    )
}
"""Open cases for the agenda, the newest first; released ones, which are most, are not walked over. Improvements
go on when a case has ended."""
_BY_HAND = sql(
    f"{_CASES}, i.why AS said FROM agenda_items i JOIN dispatches d USING (complaint_id) "
    "WHERE i.meeting_id = :meeting ORDER BY i.added_at, i.complaint_id"
)
_SAID = sql("SELECT complaint_id, why FROM agenda_items WHERE meeting_id = :meeting")
_ACTION_ITEMS = sql(
    "SELECT t.* FROM tasks t JOIN meetings m ON m.id = t.meeting_id "
    "WHERE m.series_id = :series AND t.done_at IS NULL ORDER BY t.due_at, t.id LIMIT 200"
)


async def agenda(connection: AsyncConnection, meeting_id: UUID, criteria: MeetingAgenda) -> list[AgendaEntry]:
    """Each case once, with all that speaks for it: first those by hand, then in the order of the criteria."""
    entries: dict[UUID, AgendaEntry] = {}
    for row in (await driver.run(connection, _BY_HAND, {"meeting": meeting_id})).mappings():
        entries[row["complaint_id"]] = AgendaEntry(**row, why=[Criterion.BY_HAND])
    for line in criteria.criteria:
        found = await driver.run(connection, CASES[line.criterion], {"most": line.most})
        for row in found.mappings():
            entry = entries.setdefault(row["complaint_id"], AgendaEntry(**row, why=[]))
            entry.why.append(line.criterion)
    return list(entries.values())


def to_keep(entries: Iterable[AgendaEntry]) -> list[dict[str, Any]]:
    """The agenda as it stays with the minutes: what people said of a case has one place, where it is erased."""
    return [entry.model_dump(mode="json", exclude={"said"}) for entry in entries]


async def kept_agenda(
    connection: AsyncConnection, meeting_id: UUID, kept: Iterable[Mapping[str, Any]]
) -> list[AgendaEntry]:
    """The agenda of a meeting that was held."""
    rows = (await driver.run(connection, _SAID, {"meeting": meeting_id})).mappings()
    said = {row["complaint_id"]: row["why"] for row in rows}
    return [AgendaEntry(**entry, said=said.get(UUID(entry["complaint_id"]))) for entry in kept]


async def open_action_items(connection: AsyncConnection, series_id: UUID) -> list[dict[str, Any]]:
    rows = await driver.run(connection, _ACTION_ITEMS, {"series": series_id})
    return [dict(row) for row in rows.mappings()]


async def listed(
    connection: AsyncConnection, limit: int, position: tuple[datetime, UUID] | None
) -> list[dict[str, Any]]:
    """Meetings, the latest first; those before the position."""
    at, after = position or (None, None)
    rows = await driver.run(connection, LIST, {"at": at, "after": after, "limit": limit})
    return [dict(row) for row in rows.mappings()]
