"""The feed as rows: added to by one writer at a time, read in pages, pruned from its old end."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.store import streams
from services.notification.streams.entries import Entry, Subject, learn, stamped
from services.notification.streams.model import Shown, Wanted
from shared import clock, driver
from shared.bulk import insert_rows, save_rows
from shared.database import Database, Transaction, sql
from shared.events import CustomerErased
from shared.problems import Problem

GREW = "redress_feed"
"""NOTIFY channel: it rings when a transaction that added to the feed commits."""
PIECE = 500
"""Rows that are read at once."""
PIECES = 10
"""Pieces that one page looks through at most."""
PRUNED_AT_ONCE = 10_000

_HOLD = sql("SELECT position FROM feed_head FOR UPDATE")
_KNOWN = sql("SELECT event_id FROM feed WHERE event_id = ANY(CAST(:ids AS uuid[]))")
_SUBJECTS = sql("SELECT * FROM feed_subjects WHERE complaint_id = ANY(CAST(:ids AS uuid[]))")
_GROW = sql("UPDATE feed_head SET position = :position RETURNING pg_notify(:channel, '')")
_FORGET = sql(
    "UPDATE feed SET data = NULL "
    "WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND type <> :erased AND data IS NOT NULL"
)
# Head and rows are of one moment: whoever is behind what is pruned is told, and never skips over it.
_ALL, _OF_ONE = (
    sql(
        f"""
SELECT h.position AS head, h.pruned, f.*
FROM feed_head h LEFT JOIN LATERAL (
    SELECT f.position, f.type, f.complaint_id, f.category, f.audience, f.recipients,
           CASE WHEN f.audience IS NULL THEN '{{}}'::text[] ELSE coalesce(s.accused, '{{}}') END AS accused,
           f.attributes, f.data
    FROM feed f LEFT JOIN feed_subjects s ON s.complaint_id = f.complaint_id
    WHERE f.position > :after {which} ORDER BY f.position LIMIT :limit
) f ON true
"""  # noqa: S608 - one of two constants
    )
    for which in ("", "AND f.complaint_id = :complaint_id")
)
_END_TICKETS = sql("DELETE FROM stream_tickets WHERE expires_at <= :now")
_PRUNE = sql(
    """
WITH oldest AS (
    SELECT position, recorded_at FROM feed ORDER BY position LIMIT :limit
), gone AS (
    DELETE FROM feed WHERE position <= (SELECT max(position) FROM oldest WHERE recorded_at < :before)
    RETURNING position
)
UPDATE feed_head SET pruned = (SELECT max(position) FROM gone)
WHERE EXISTS (SELECT FROM gone) RETURNING (SELECT count(*) FROM gone)
"""
)


class CursorExpired(Problem):
    """What followed the cursor is not kept any more. Tells where the feed begins now."""

    def __init__(self, pruned: int, field: str) -> None:
        super().__init__(
            410,
            "cursor-expired",
            "What followed this cursor is not kept any more",
            f"Read what you missed where it is kept (complaints, cases), and go on with after={pruned}. "
            f"该游标之后的部分事件已超过保留期，请从 after={pruned} 继续，并另行补齐缺失内容。",
            field=field,
            oldest=str(pruned),
        )


class CursorUnknown(Problem):
    """The cursor lies behind the newest event: it is of another installation, or from before a restore."""

    def __init__(self, head: int, field: str) -> None:
        super().__init__(
            422,
            "invalid-request",
            "The cursor is not one of ours",
            f"The newest event has {head}. Send a cursor as it was given, or none. 游标无效，请原样使用所给的游标。",
            field=field,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """What was found behind a cursor, and how far it was looked."""

    entries: list[Shown]
    reached: int
    head: int

    @property
    def more(self) -> bool:
        return self.reached < self.head


async def append(transaction: Transaction, entries: Sequence[tuple[Entry, bytes]], now: datetime) -> int:
    """Add these events, each with its record's value, in their order. Those that are there already are left out.

    Returns how many were new.
    """
    position: int = (await transaction.execute(_HOLD)).scalar_one()
    once: dict[UUID, tuple[Entry, bytes]] = {}
    for entry, value in entries:
        once.setdefault(entry.event_id, (entry, value))
    known = set((await transaction.execute(_KNOWN, {"ids": list(once)})).scalars())
    fresh = [pair for event_id, pair in once.items() if event_id not in known]
    if not fresh:
        return 0
    before = await _subjects(transaction, {e.complaint_id for e, _ in fresh if e.complaint_id is not None})
    subjects, kept = dict(before), []
    for entry, value in fresh:
        if entry.complaint_id is not None:
            subject = subjects.get(entry.complaint_id) or Subject(entry.complaint_id)
            subjects[entry.complaint_id] = subject = learn(subject, entry, value)
            entry = stamped(entry, subject)  # noqa: PLW2901 - the same event
        kept.append(entry)
    rows = [{"position": position + n, **asdict(e), "recorded_at": now} for n, e in enumerate(kept, 1)]
    await insert_rows(transaction, streams.feed, rows)
    changed = [subject for i, subject in subjects.items() if subject != before.get(i, Subject(i))]
    await save_rows(transaction, streams.subjects, [asdict(subject) for subject in changed])
    if erased := [s.complaint_id for s in changed if s.erased]:
        await transaction.execute(_FORGET, {"ids": erased, "erased": CustomerErased.type})
    await transaction.execute(_GROW, {"position": position + len(rows), "channel": GREW})
    return len(rows)


async def _subjects(transaction: Transaction, ids: set[UUID]) -> dict[UUID, Subject]:
    rows = (await transaction.execute(_SUBJECTS, {"ids": list(ids)})).mappings()
    return {r["complaint_id"]: Subject(**{**r, "accused": tuple(r["accused"])}) for r in rows}


async def read(
    database: Database, after: int, wanted: Wanted, limit: int, *, field: str = "query/after"
) -> Page:
    """At most `limit` of the wanted events behind the cursor. Of a long way without any it looks through a part.

    Raises CursorExpired and CursorUnknown, which name `field`.
    """
    found: list[Shown] = []
    async with database.reading() as connection:
        for _ in range(PIECES):
            head, pruned, piece = await read_piece(connection, after, PIECE, wanted.complaint_id)
            if after < pruned:
                raise CursorExpired(pruned, field)
            if after > head:
                raise CursorUnknown(head, field)
            for entry in piece:
                after = entry.position
                if wanted.takes(entry):
                    found.append(entry)
                    if len(found) == limit:
                        return Page(found, after, head)
            if len(piece) < PIECE:
                return Page(found, head, head)
    return Page(found, after, head)


async def read_piece(
    connection: AsyncConnection, after: int, limit: int, complaint_id: UUID | None = None
) -> tuple[int, int, list[Shown]]:
    """The newest position, the newest that is pruned, and the rows behind `after`."""
    given = {"after": after, "limit": limit, "complaint_id": complaint_id}
    statement = _ALL if complaint_id is None else _OF_ONE
    rows = (await driver.run(connection, statement, given)).mappings().all()
    return rows[0]["head"], rows[0]["pruned"], [_shown(row) for row in rows if row["position"] is not None]


def _shown(row: RowMapping) -> Shown:
    told = {name: row[name] for name in Shown.__dataclass_fields__}
    return Shown(**told | {"recipients": tuple(row["recipients"]), "accused": tuple(row["accused"])})


async def ends(database: Database) -> tuple[int, int]:
    """The newest position, and the newest that is pruned."""
    async with database.reading() as connection:
        row = (await driver.run(connection, sql("SELECT position, pruned FROM feed_head"))).one()
    return row.position, row.pruned


async def prune(database: Database, before: datetime) -> int:
    """Let go of a piece of what was recorded before, and of unused tickets; returns how many events it had."""
    async with database.transaction() as transaction:
        await transaction.execute(_END_TICKETS, {"now": clock.now()})
        gone = await transaction.execute(_PRUNE, {"before": before, "limit": PRUNED_AT_ONCE})
        return gone.scalar_one_or_none() or 0
