"""How briefings are planned, leased, kept and read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.briefings.book import BriefingRow, Title
from services.notification.briefings.heard import HeardClipping
from services.notification.briefings.model import Briefing, BriefingContent, Clipping, Voice
from services.notification.briefings.tables import Tables
from shared import driver
from shared.bulk import insert_rows, save_rows
from shared.database import Database, Transaction, sql
from shared.events.vocabulary import Language, NoticeUrgency, Severity
from shared.ids import derived_id


class Hearing(Protocol):
    """A complaint, with what this change tells of it."""

    @property
    def id(self) -> UUID: ...
    @property
    def erased(self) -> bool: ...
    @property
    def clippings(self) -> list[HeardClipping]: ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A briefing that is to be made, and that this process makes now."""

    id: UUID
    row: BriefingRow
    book_version: int
    scope: str
    department: str | None
    department_name: Title | None
    since: datetime
    until: datetime
    readers: tuple[str, ...]
    planned_at: datetime
    attempts: int = 0

    @property
    def series(self) -> str:
        return f"{self.row.id}/{self.scope}"


def briefing_id(row_id: str, scope: str, until: datetime) -> UUID:
    return derived_id("briefing", row_id, scope, until.timestamp())


_TURN = sql(
    "INSERT INTO briefing_turns (row_id, until, planned_at) VALUES (:row_id, :until, :now) "
    "ON CONFLICT DO NOTHING RETURNING 1"
)
_TURNS = sql("SELECT row_id, max(until) AS until FROM briefing_turns GROUP BY row_id")
_PLAN = sql(
    "INSERT INTO briefings (id, row_id, scope, until, since, audience, department, department_name, definition, "
    "book_version, planned_readers, planned_at, next_try_at) "
    "SELECT id, row_id, scope, until, since, audience, department, department_name, definition, "
    "book_version, planned_readers, planned_at, planned_at "
    "FROM jsonb_populate_recordset(NULL::briefings, CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
)
_DUE = sql("SELECT EXISTS (SELECT FROM briefings WHERE state = 'waiting' AND next_try_at <= :now) AS due")
_CLAIM = sql(
    "UPDATE briefings SET attempts = attempts + 1, next_try_at = :until WHERE id = ("
    "SELECT id FROM briefings WHERE state = 'waiting' AND next_try_at <= :now "
    "ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
)
_MINE = sql(
    "SELECT 1 FROM briefings WHERE id = :id AND state = 'waiting' AND attempts = :attempts FOR UPDATE"
)
_AGAIN = sql(
    "UPDATE briefings SET next_try_at = :at WHERE id = :id AND state = 'waiting' AND attempts = :attempts"
)
_MADE = sql(
    "UPDATE briefings SET state = 'made', content = CAST(:content AS jsonb), made_at = :now WHERE id = :id"
)
_EMPTY = sql("UPDATE briefings SET state = 'empty', made_at = :now WHERE id = :id")
_FRESH = sql(
    "SELECT c.* FROM clippings c WHERE c.audience = :audience AND c.issued_at < :until "
    "AND (CAST(:department AS text) IS NULL OR coalesce(c.department, :department) = :department) "
    "AND (CAST(:person AS text) IS NULL OR :person = ANY(c.recipients)) "
    "AND NOT EXISTS (SELECT FROM clippings_shown s WHERE s.clipping_id = c.id AND s.series = :series) "
    "ORDER BY c.issued_at, c.id LIMIT 200"
)
_UNSHOWN_PEOPLE = sql(
    "SELECT DISTINCT person FROM clippings c, unnest(c.recipients) AS p(person) "
    "WHERE c.audience = 'person-concerned' AND c.issued_at < :until AND NOT EXISTS ("
    "SELECT FROM clippings_shown s WHERE s.clipping_id = c.id AND s.series = :row_id || '/' || person) ORDER BY 1"
)
_ERASED = sql("SELECT id FROM conversations WHERE id = ANY(CAST(:ids AS uuid[])) AND erased")
_FORGET = sql("DELETE FROM briefing_voices WHERE complaint_id = ANY(CAST(:ids AS uuid[]))")
_READ = sql(
    "SELECT b.*, (SELECT array_agg(person ORDER BY person) FROM briefing_readers WHERE briefing_id = b.id) AS readers, "
    "(SELECT jsonb_agg(to_jsonb(c) ORDER BY c.issued_at, c.id) FROM clippings_shown s "
    "JOIN clippings c ON c.id = s.clipping_id WHERE s.briefing_id = b.id) AS clippings, "
    "(SELECT jsonb_agg(to_jsonb(v) ORDER BY v.position) FROM briefing_voices v WHERE v.briefing_id = b.id) AS voices "
    "FROM briefings b WHERE b.id = :id AND b.state = 'made'"
)
_OPENED = sql(
    "UPDATE briefing_readers SET read_at = :now WHERE briefing_id = :id AND person = :person AND read_at IS NULL"
)


async def last_turns(connection: AsyncConnection) -> Mapping[str, datetime]:
    """Of each row the end of what was told last."""
    return {row.row_id: row.until for row in (await driver.run(connection, _TURNS)).all()}


async def begin_turn(
    transaction: Transaction, row_id: str, until: datetime, planned: Sequence[Planned], now: datetime
) -> bool:
    """False when another replica has begun it."""
    given = {"row_id": row_id, "until": until, "now": now}
    if (await transaction.execute(_TURN, given)).first() is None:
        return False
    rows = [
        {name: getattr(each, name) for name in ("id", "scope", "until", "since", "department", "planned_at")}
        | {
            "row_id": each.row.id,
            "audience": each.row.audience,
            "department_name": each.department_name,
            "definition": each.row,
            "book_version": each.book_version,
            "planned_readers": each.readers,
        }
        for each in planned
    ]
    if rows:
        await transaction.execute(_PLAN, {"rows": to_json(rows).decode()})
    return True


async def claim(database: Database, now: datetime, lease_until: datetime) -> Planned | None:
    """One that is due, ours until the lease ends."""
    async with database.reading() as connection:
        if not (await driver.run(connection, _DUE, {"now": now})).scalar_one():
            return None
    async with database.transaction() as transaction:
        found = (await transaction.execute(_CLAIM, {"now": now, "until": lease_until})).mappings().first()
    if found is None:
        return None
    return Planned(
        id=found["id"],
        row=BriefingRow.model_validate(found["definition"]),
        book_version=found["book_version"],
        scope=found["scope"],
        department=found["department"],
        department_name=_title(found["department_name"]),
        since=found["since"],
        until=found["until"],
        readers=tuple(found["planned_readers"]),
        planned_at=found["planned_at"],
        attempts=found["attempts"],
    )


async def is_mine(transaction: Transaction, planned: Planned) -> bool:
    """Nobody else has made it, or makes it now."""
    given = {"id": planned.id, "attempts": planned.attempts}
    return (await transaction.execute(_MINE, given)).first() is not None


async def try_again(database: Database, planned: Planned, at: datetime) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(_AGAIN, {"id": planned.id, "attempts": planned.attempts, "at": at})


async def fresh_clippings(
    connection: AsyncConnection, planned: Planned, person: str | None
) -> list[Clipping]:
    """Those that the series has not shown, the oldest first; at most 200, and the rest the next time."""
    given = {
        "audience": planned.row.audience.value,
        "until": planned.until,
        "department": planned.department,
        "person": person,
        "series": planned.series,
    }
    return [_clipping(dict(row)) for row in (await driver.run(connection, _FRESH, given)).mappings()]


async def named_in_clippings(connection: AsyncConnection, row_id: str, until: datetime) -> list[str]:
    """Persons concerned whom a clipping names that they have not seen."""
    found = await driver.run(connection, _UNSHOWN_PEOPLE, {"row_id": row_id, "until": until})
    return list(found.scalars())


async def keep(
    transaction: Transaction,
    tables: Tables,
    planned: Planned,
    content: BriefingContent,
    clippings: Sequence[Clipping],
    voices: Sequence[Voice],
    letters: Mapping[str, UUID],
    now: datetime,
) -> None:
    """The briefing is made; `letters`: the queued deliveries, by reader. The caller holds the complaints that are
    quoted: nobody erases their customers now."""
    made = {"id": planned.id, "content": content.model_dump_json(), "now": now}
    await transaction.execute(_MADE, made)
    shown = [{"clipping_id": c.id, "series": planned.series, "briefing_id": planned.id} for c in clippings]
    await insert_rows(transaction, tables.shown, shown)
    readers = [
        {"briefing_id": planned.id, "person": person, "delivery_id": letter}
        for person, letter in letters.items()
    ]
    await insert_rows(transaction, tables.readers, readers)
    gone = await erased(transaction.connection, [voice.complaint_id for voice in voices])
    quoted = [
        {"briefing_id": planned.id, "position": position} | asdict(voice)
        for position, voice in enumerate(voices)
        if voice.complaint_id not in gone
    ]
    await insert_rows(transaction, tables.voices, quoted)


async def keep_empty(transaction: Transaction, planned: Planned, now: datetime) -> None:
    """There is too little to tell."""
    await transaction.execute(_EMPTY, {"id": planned.id, "now": now})


async def erased(connection: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    return set((await driver.run(connection, _ERASED, {"ids": list(ids)})).scalars()) if ids else set()


async def hear(transaction: Transaction, tables: Tables, changed: Collection[Hearing]) -> None:
    """Keep the clippings of a batch of events; the words of erased customers go."""
    found = {clipping.id: asdict(clipping) for each in changed for clipping in each.clippings}
    await save_rows(transaction, tables.clippings, list(found.values()), changing=("issued_at",))
    if forgotten := [each.id for each in changed if each.erased]:
        await transaction.execute(_FORGET, {"ids": forgotten})


async def briefing(connection: AsyncConnection, id: UUID) -> Briefing | None:
    """A briefing that was made."""
    row = (await driver.run(connection, _READ, {"id": id})).mappings().first()
    if row is None:
        return None
    return Briefing(
        id=row["id"],
        row=BriefingRow.model_validate(row["definition"]),
        department=row["department"],
        department_name=_title(row["department_name"]),
        since=row["since"],
        until=row["until"],
        made_at=row["made_at"],
        content=BriefingContent.model_validate(row["content"]),
        clippings=[_clipping(each) for each in row["clippings"] or ()],
        voices=[
            Voice(UUID(v["complaint_id"]), v["reference"], Language(v["language"]), v["text"])
            for v in row["voices"] or ()
        ],
        readers=row["readers"] or (),
    )


async def opened(transaction: Transaction, id: UUID, person: str, now: datetime) -> None:
    """The first time counts; whoever is no reader of it has not read it."""
    await transaction.execute(_OPENED, {"id": id, "person": person, "now": now})


def _title(said: Mapping[str, str] | None) -> Title | None:
    return Title(**said) if said else None


def _clipping(row: Mapping[str, Any]) -> Clipping:
    at = row["issued_at"]
    return Clipping(
        id=UUID(str(row["id"])),
        complaint_id=UUID(str(row["complaint_id"])),
        reference=row["reference"],
        what=row["what"],
        severity=Severity(row["severity"]),
        urgency=NoticeUrgency(row["urgency"]),
        issued_at=at if isinstance(at, datetime) else datetime.fromisoformat(at),
        recipients=tuple(row["recipients"]),
    )
