"""What assignment asks of the database: the roster, what waits, and whom nobody owns."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, MetaData, SmallInteger, Table, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.assignment.needs import Needs
from services.routing.assignment.roster import Load, Roster
from services.routing.assignment.rules import ASSIGNMENT, ClimbAfter
from services.routing.directory.model import Directory
from services.routing.directory.store import load_directory
from services.routing.duties.holding import Policy
from shared import clock, driver
from shared.database import Transaction, sql
from shared.rulebooks.model import Books

BELL = "redress_queue"
"""NOTIFY channel: capacity was freed while something waits, or the directory or the rules changed."""

_READ: OrderedDict[UUID, Directory] = OrderedDict()
"""Directories that were read before, by the version that they had."""
_MOST_READ = 8


def add_tables(metadata: MetaData) -> Table:
    """Triggers draw a new version with every change of the directory but for what people carry."""
    return Table(
        "directory_version",
        metadata,
        Column("one", SmallInteger, primary_key=True),
        Column("version", Uuid, nullable=False, comment="drawn anew with every change of the directory"),
        CheckConstraint("one = 1", name="one"),
    )


# Whoever chooses from the roster holds the directory's lock, so it is few statements: the policies come with one row.
_LOADS = sql(
    "SELECT v.version, p.id, p.open_cases, p.turn, CASE WHEN row_number() OVER () = 1 THEN (SELECT jsonb_agg(f) "
    "FROM (SELECT DISTINCT ON (code) code, version, layers, departments FROM policies WHERE valid_from <= :now "
    "ORDER BY code, version DESC) f) END AS policies FROM directory_version v LEFT JOIN people p ON true"
)
_WAITING = sql(
    "SELECT needs, min(registered_at) AS oldest FROM dispatches "
    "WHERE status = 'waiting' AND complaint_id <> ALL(CAST(:without AS uuid[])) GROUP BY needs"
)


async def load_roster(connection: AsyncConnection, books: Books, without: Collection[UUID] = ()) -> Roster:
    """Everybody as they are now, and what waits, but for the complaints `without`.

    To choose from it, hold the directory's lock.
    """
    now = clock.now()
    rows = (await driver.run(connection, _LOADS, {"now": now})).all()
    found = next((row.policies for row in rows if row.policies), ())
    directory = await _directory(connection, rows[0].version)
    waiting = await driver.run(connection, _WAITING, {"without": list(without)})
    return Roster(
        directory,
        books.read(ASSIGNMENT),
        now,
        {row.id: Load(row.open_cases, row.turn) for row in rows if row.id is not None},
        version=books.version(ASSIGNMENT),
        waiting=[(Needs.from_text(row.needs), row.oldest) for row in waiting],
        policies=[
            Policy(each["code"], each["version"], each["layers"], each["departments"]) for each in found
        ],
    )


async def current_directory(connection: AsyncConnection) -> Directory:
    """Departments and people as they are now."""
    found = await driver.run(connection, sql("SELECT version FROM directory_version"))
    return await _directory(connection, found.scalar_one())


async def _directory(connection: AsyncConnection, version: UUID) -> Directory:
    """As of this version; it may be newer than that, and will then be read again with the next batch."""
    if version not in _READ:
        _READ[version] = await load_directory(connection)
        while len(_READ) > _MOST_READ:
            _READ.popitem(last=False)
    return _READ[version]


async def save_loads(transaction: Transaction, roster: Roster) -> None:
    """Add what this batch changed to what people carry."""
    changed = sorted(roster.changes)
    roster.changes.clear()
    if changed:
        loads = [roster.loads[person] for person in changed]
        await transaction.execute(
            sql(
                "UPDATE people p SET open_cases = c.open_cases, turn = c.turn "
                "FROM unnest(CAST(:ids AS text[]), CAST(:open AS int[]), CAST(:turns AS bigint[])) "
                "AS c(id, open_cases, turn) WHERE p.id = c.id"
            ),
            {
                "ids": changed,
                "open": [load.open_cases for load in loads],
                "turns": [load.turn for load in loads],
            },
        )


async def wake(transaction: Transaction) -> None:
    """Wake the drains when the transaction commits."""
    await transaction.execute(sql(f"NOTIFY {BELL}"))


class Waiting(NamedTuple):
    """A complaint that nobody could take."""

    complaint_id: UUID
    needs: Needs


async def oldest_waiting(connection: AsyncConnection, groups: Sequence[Needs], limit: int) -> list[Waiting]:
    """The oldest of complaints with these needs, at most so many of each; the oldest of all first."""
    statement = sql(
        "SELECT complaint_id, needs FROM (SELECT complaint_id, needs, registered_at, "
        "row_number() OVER (PARTITION BY needs ORDER BY registered_at, complaint_id) AS number "
        "FROM dispatches WHERE status = 'waiting' AND needs = ANY(CAST(:groups AS text[]))) AS waiting "
        "WHERE number <= :limit ORDER BY registered_at, complaint_id"
    )
    said = {needs.as_text(): needs for needs in groups}
    rows = await driver.run(connection, statement, {"groups": list(said), "limit": limit})
    return [Waiting(row.complaint_id, said[row.needs]) for row in rows]


async def unowned_for_long(
    connection: AsyncConnection, after: ClimbAfter, at_most: int, now: datetime, limit: int
) -> list[UUID]:
    """Complaints that climb now, those that are due the longest first: nobody owns them, or decides on them."""
    statement = sql(
        "SELECT complaint_id FROM dispatches WHERE status IN ('referred', 'waiting') AND climbs < :at_most "
        "AND coalesce(climbed_at, waiting_since, registered_at) <= CASE severity "
        "WHEN 'major' THEN CAST(:major AS timestamptz) WHEN 'urgent' THEN CAST(:urgent AS timestamptz) "
        "ELSE CAST(:general AS timestamptz) END ORDER BY registered_at, complaint_id LIMIT :limit"
    )
    due = {name: now - timedelta(hours=hours) for name, hours in after.model_dump().items()}
    rows = await driver.run(connection, statement, {"at_most": at_most, "limit": limit, **due})
    return list(rows.scalars())


class Astray(NamedTuple):
    """A complaint whose handler is not there any more, or away for long: as good as unowned."""

    because: str
    """`inactive` or `absent`."""
    to_person: str | None
    """Who shall have what they carry, if somebody said so."""
    said_by: str | None


async def astray(
    connection: AsyncConnection, long_absence: timedelta, now: datetime, limit: int
) -> Mapping[UUID, Astray]:
    """By complaint. Empty when every open complaint is with an active person, in the queue or at the desk."""
    statement = sql(
        "SELECT d.complaint_id, CASE WHEN p.active IS NOT TRUE THEN 'inactive' ELSE 'absent' END AS because, "
        "r.to_person, r.asked_by FROM dispatches d LEFT JOIN people p ON p.id = d.handler_id "
        "LEFT JOIN requeues r ON r.person = d.handler_id AND r.done_at IS NULL WHERE d.status = 'assigned' "
        "AND (p.active IS NOT TRUE OR EXISTS (SELECT FROM absences a WHERE a.person = p.id "
        "AND a.since <= :now AND a.until > :now AND a.until - a.since >= :long)) "
        "ORDER BY d.registered_at, d.complaint_id LIMIT :limit"
    )
    rows = await driver.run(connection, statement, {"now": now, "long": long_absence, "limit": limit})
    return {row.complaint_id: Astray(row.because, row.to_person, row.asked_by) for row in rows}


async def note_requeued(transaction: Transaction, now: datetime) -> None:
    """What was asked for people who left is done once they carry nothing, or are back."""
    await transaction.execute(
        sql(
            "UPDATE requeues r SET done_at = :now WHERE done_at IS NULL AND (NOT EXISTS (SELECT FROM dispatches d "
            "WHERE d.status = 'assigned' AND d.handler_id = r.person) "
            "OR EXISTS (SELECT FROM people p WHERE p.id = r.person AND p.active))"
        ),
        {"now": now},
    )
