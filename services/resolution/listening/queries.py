"""Reads of listening: plain SQL, one statement for each answer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.listening.schemas import ContactShown, FeelingShown, ListeningShown, ScorecardShown
from services.resolution.listening.watching import ENTRY
from services.resolution.views import TimelineEntry
from shared import driver
from shared.database import sql
from shared.events.vocabulary import Emotion, Valence

_LISTENING = sql(
    """
SELECT c.ended_negative, c.understood_at, c.neglected_after, c.follow_ups, c.follow_up_at, c.last_emotion,
       (SELECT f.emotion FROM feelings f WHERE f.complaint_id = c.id ORDER BY f.at, f.contact_id LIMIT 1) AS first,
       (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.at, f.contact_id), '[]')
        FROM (SELECT * FROM feelings WHERE complaint_id = c.id
              ORDER BY at DESC, contact_id DESC LIMIT 200) f) AS emotions,
       (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.at, t.source, t.number), '[]')
        FROM (SELECT * FROM timeline WHERE complaint_id = c.id AND kind = ANY(CAST(:kinds AS text[]))
              ORDER BY at DESC, source DESC, number DESC LIMIT 100) t) AS taboos
FROM cases c WHERE c.id = :id AND c.state <> 'unopened'
"""
)
_CONTACT = sql("SELECT * FROM contacts WHERE id = :id")
_SCORECARD = sql("SELECT * FROM scorecards WHERE id = :id")
WORKED = sql(
    "SELECT DISTINCT author FROM timeline WHERE complaint_id = :id AND source = 'c-resolution' "
    "AND kind <> ALL(CAST(:looking AS text[]))"
)
"""Who did something about the case, and did not only look at it."""


async def listening(connection: AsyncConnection, complaint_id: UUID) -> ListeningShown | None:
    given = {"id": complaint_id, "kinds": [kind.value for kind in ENTRY.values()]}
    row = (await driver.run(connection, _LISTENING, given)).mappings().one_or_none()
    if row is None:
        return None
    began, ended = (Emotion(row[name]) if row[name] else None for name in ("first", "last_emotion"))
    turned = None
    if began is not None and ended is not None and began.valence is Valence.NEGATIVE:
        turned = ended.valence is not Valence.NEGATIVE
    return ListeningShown(
        emotions=[feeling_of(feeling) for feeling in row["emotions"]],
        turned=turned,
        taboos=[TimelineEntry.of(entry) for entry in row["taboos"]],
        **{name: row[name] for name in _PLAIN},
    )


_PLAIN = ("ended_negative", "understood_at", "neglected_after", "follow_ups", "follow_up_at")


async def contact(connection: AsyncConnection, contact_id: UUID) -> ContactShown:
    found = await driver.run(connection, _CONTACT, {"id": contact_id})
    return contact_of(found.mappings().one())


async def scorecard(connection: AsyncConnection, scorecard_id: UUID) -> ScorecardShown:
    found = await driver.run(connection, _SCORECARD, {"id": scorecard_id})
    return scorecard_of(found.mappings().one())


def feeling_of(row: Mapping[str, Any]) -> FeelingShown:
    return FeelingShown(**_without_case(row), valence=Emotion(row["emotion"]).valence)


def contact_of(row: Mapping[Any, Any]) -> ContactShown:
    return ContactShown(**_without_case(row))


def scorecard_of(row: Mapping[Any, Any]) -> ScorecardShown:
    return ScorecardShown(**_without_case(row))


def _without_case(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "complaint_id"}
