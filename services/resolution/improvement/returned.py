"""Where problems that are back wait until the improvement against them has begun again."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid

from services.resolution.improvement.matter import Improving
from services.resolution.improvement.returns import Return, ReturnOutcome
from services.resolution.improvement.setting_aside import ASIDE, Waiting, failures
from services.resolution.tables import MOMENT, metadata, one_of
from shared import clock, driver
from shared.bulk import save_rows
from shared.database import Database, Transaction, sql

AT_ONCE = 50

improvement_returns = Table(
    "improvement_returns",
    metadata,
    Column("improvement_id", Uuid, primary_key=True),
    Column("closed_at", MOMENT, primary_key=True, comment="of the improvement"),
    Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False, comment="the newest that tells it"),
    Column("evidence", ARRAY(Uuid), nullable=False, comment="complaints since the closing, the newest first"),
    Column("reason", Text, nullable=False, comment="the figures, in both languages"),
    Column("found_at", MOMENT, nullable=False),
    Column("settled_at", MOMENT),
    Column("outcome", Text, comment="what became of it"),
    *failures(),
    CheckConstraint(f"outcome IN {one_of(*ReturnOutcome)}", "outcome"),
    CheckConstraint("(settled_at IS NULL) = (outcome IS NULL)", "settled"),
    comment="Problems that are back after their improvement was closed, as insights found them.",
)
Index(
    "ix_improvement_returns_waiting",
    improvement_returns.c.found_at,
    improvement_returns.c.improvement_id,
    postgresql_where=improvement_returns.c.settled_at.is_(None),
)
RETURNED = Waiting(improvement_returns, "settled_at")

# That the case is open is asked, too: the registration may be read later.
_WAITING = sql(
    f"""
SELECT r.improvement_id, r.closed_at, r.complaint_id FROM improvement_returns r
JOIN improvements i ON i.id = r.improvement_id
JOIN cases c ON c.id = r.complaint_id AND c.state <> 'unopened'
WHERE r.settled_at IS NULL AND (r.failed_at IS NULL OR r.failed_at < :since)
ORDER BY r.found_at, r.improvement_id LIMIT {AT_ONCE}
"""  # noqa: S608 - a number of our own
)
_HELD = sql(
    "SELECT improvement_id, closed_at, complaint_id, evidence, reason, found_at FROM improvement_returns "
    "WHERE improvement_id = :improvement_id AND closed_at = :closed_at AND settled_at IS NULL FOR UPDATE"
)
_OPEN = sql(
    "SELECT id FROM cases WHERE id = ANY(CAST(:ids AS uuid[])) AND state NOT IN ('unopened', 'merged', 'withdrawn') "
    "ORDER BY registered_at, id"
)
_SETTLE = sql(
    "UPDATE improvement_returns SET settled_at = :at, outcome = :outcome "
    "WHERE improvement_id = :improvement_id AND closed_at = :closed_at"
)


async def keep_returns(transaction: Transaction, cases: Iterable[Improving]) -> None:
    """What cases heard. Told again, it stays as it was."""
    saved = list(cases)
    rows = {
        (each.improvement_id, each.closed_at): asdict(each) for case in saved for each in case.new_returns
    }
    await save_rows(transaction, improvement_returns, [*rows.values()], changing=("evidence",))
    for case in saved:
        case.new_returns.clear()


async def waiting(database: Database) -> list[tuple[UUID, datetime, UUID]]:
    """Those whose case is open: the improvement, its closing, and the complaint; the first found first. What
    was set aside is left out."""
    asked = {"since": clock.now() - ASIDE}
    async with database.reading() as connection:
        return [tuple(row) for row in await driver.run(connection, _WAITING, asked)]


async def held(transaction: Transaction, improvement_id: UUID, closed_at: datetime) -> Return | None:
    """None when somebody has settled it meanwhile."""
    asked = {"improvement_id": improvement_id, "closed_at": closed_at}
    row = (await transaction.execute(_HELD, asked)).mappings().first()
    return Return(**{**row, "evidence": tuple(row["evidence"])}) if row else None


async def open_ones(transaction: Transaction, evidence: Iterable[UUID]) -> list[UUID]:
    """Of these complaints the ones that have a case, which stands for itself."""
    return list((await transaction.execute(_OPEN, {"ids": list(evidence)})).scalars())


async def settle(transaction: Transaction, of: Return, outcome: ReturnOutcome, at: datetime) -> None:
    given: dict[str, Any] = {"improvement_id": of.improvement_id, "closed_at": of.closed_at}
    await transaction.execute(_SETTLE, given | {"at": at, "outcome": outcome.value})
