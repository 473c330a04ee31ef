"""Where audits are kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.fairness.estimate import Estimate
from services.insights.fairness.model import Comparison
from services.insights.fairness.tables import audits, comparisons, decisions
from shared import driver
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.events.insights import Treated as About
from shared.ids import derived_id

_SHOWN = sql(
    "SELECT c.*, d.decision FROM fairness_comparisons c LEFT JOIN LATERAL (SELECT decision FROM fairness_decisions "
    "WHERE comparison_id = c.id AND decision <> 'comment' ORDER BY number DESC LIMIT 1) d ON true "
    "WHERE c.audit_id = :audit ORDER BY array_position(ARRAY['disparity', 'slight', 'alike', 'too_few'], c.verdict), "
    'c.p_value, c.characteristic, c."group", c.measure'
)
_NEWEST = sql(
    "SELECT * FROM fairness_audits WHERE about = :about AND made_at < :before ORDER BY made_at DESC, id DESC LIMIT 1"
)
_DECISIONS = sql("SELECT * FROM fairness_decisions WHERE comparison_id = :id ORDER BY number")


def comparison_id(audit_id: UUID, comparison: Comparison) -> UUID:
    return derived_id(
        "fairness", audit_id, comparison.characteristic, comparison.group, comparison.measure.value
    )


async def save(transaction: Transaction, audit: Mapping[str, Any], found: Sequence[Comparison]) -> None:
    await insert_rows(transaction, audits, [audit])
    await insert_rows(transaction, comparisons, [_row(audit["id"], each) for each in found])


def _row(audit_id: UUID, of: Comparison) -> dict[str, Any]:
    names = Estimate.__slots__
    made = {name: getattr(of.estimate, name) if of.estimate else None for name in names}
    worse = None if of.worse is None else "group" if of.worse else "others"
    plain = ("characteristic", "group", "n", "n_others", "left_out", "strata", "median", "median_others")
    return {
        "id": comparison_id(audit_id, of),
        "audit_id": audit_id,
        **{name: getattr(of, name) for name in plain},
        "measure": of.measure.value,
        **made,
        "q_value": of.q_value,
        "tolerance": of.tolerance,
        "verdict": of.verdict.value,
        "worse": worse,
    }


async def audit_of(connection: AsyncConnection, audit_id: UUID) -> RowMapping | None:
    found = await driver.run(
        connection, sql("SELECT * FROM fairness_audits WHERE id = :id"), {"id": audit_id}
    )
    return found.mappings().one_or_none()


async def newest_of(connection: AsyncConnection, about: About, before: datetime) -> RowMapping | None:
    """The last audit that was made before then."""
    found = await driver.run(connection, _NEWEST, {"about": about.value, "before": before})
    return found.mappings().one_or_none()


async def comparisons_of(connection: AsyncConnection, audit_id: UUID) -> Sequence[RowMapping]:
    """What was found, the most telling first, each with what was last decided on it."""
    return (await driver.run(connection, _SHOWN, {"audit": audit_id})).mappings().all()


async def comparison_of(connection: AsyncConnection, id: UUID) -> RowMapping | None:
    found = await driver.run(connection, sql("SELECT * FROM fairness_comparisons WHERE id = :id"), {"id": id})
    return found.mappings().one_or_none()


async def hold(transaction: Transaction, id: UUID) -> RowMapping | None:
    """The comparison, held so that nobody else decides on it meanwhile."""
    found = await transaction.execute(
        sql("SELECT * FROM fairness_comparisons WHERE id = :id FOR UPDATE"), {"id": id}
    )
    return found.mappings().one_or_none()


async def decisions_of(connection: AsyncConnection, id: UUID) -> Sequence[RowMapping]:
    return (await driver.run(connection, _DECISIONS, {"id": id})).mappings().all()


async def add_decision(transaction: Transaction, row: Mapping[str, Any]) -> None:
    await insert_rows(transaction, decisions, [row])
