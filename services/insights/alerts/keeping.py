"""Alerts, loaded and saved in bulk."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts.model import Alert, AlertEnding, AlertVerdict
from services.insights.alerts.series import Dimension, Key
from services.insights.alerts.store import alerts
from shared.bulk import save_rows
from shared.database import Transaction, sql
from shared.events import WarningRaised
from shared.events.insights import WarningDetector, WarningLevel, WarningStep, WarningTail

_AS_THEY_ARE = (
    *(
        "since",
        "starts",
        "raised_at",
        "part_of",
        "announced_at",
        "ended_at",
        "acknowledged_by",
        "acknowledged_at",
        "muted_by",
    ),
    *("muted_at", "muted_until", "mute_reason", "decided_by", "decided_at", "reason", "version"),
)


def of_row(row: RowMapping) -> Alert:
    return Alert(
        id=row["id"],
        key=Key(Dimension(row["dimension"]), row["value"]),
        tail=WarningTail(row["tail"]),
        level=WarningLevel(row["level"]),
        detector=WarningDetector(row["detector"]),
        step=WarningStep(row["step"]),
        told=WarningRaised.model_validate(row["told"]),
        verdict=AlertVerdict(row["verdict"]) if row["verdict"] else None,
        ended_because=AlertEnding(row["ended_because"]) if row["ended_because"] else None,
        **{name: row[name] for name in _AS_THEY_ARE},
    )


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "dimension": alert.key.dimension,
        "value": alert.key.value,
        "tail": alert.tail,
        "level": alert.level,
        "detector": alert.detector,
        "step": alert.step,
        "told": alert.told.model_dump(mode="json"),
        "verdict": alert.verdict,
        "ended_because": alert.ended_because,
        **{name: getattr(alert, name) for name in _AS_THEY_ARE},
    }


async def one(transaction: Transaction, alert_id: UUID) -> Alert | None:
    """Held until the end of the transaction."""
    found = await transaction.execute(select(alerts).where(alerts.c.id == alert_id).with_for_update())
    row = found.mappings().one_or_none()
    return of_row(row) if row else None


async def read(connection: AsyncConnection, alert_id: UUID) -> Alert | None:
    row = (await connection.execute(select(alerts).where(alerts.c.id == alert_id))).mappings().one_or_none()
    return of_row(row) if row else None


async def between(connection: AsyncConnection, since: datetime, before: datetime, most: int) -> list[Alert]:
    """Those that went on at some time from `since` until `before`: alerts first, those that still go on before those
    that are over, the newest first."""
    question = (
        select(alerts)
        .where(alerts.c.raised_at < before, or_(alerts.c.ended_at.is_(None), alerts.c.ended_at >= since))
        .order_by(
            (alerts.c.level == WarningLevel.ALERT).desc(),
            alerts.c.ended_at.is_(None).desc(),
            *(alerts.c.raised_at.desc(), alerts.c.id.desc()),
        )
        .limit(most)
    )
    return [of_row(row) for row in (await connection.execute(question)).mappings()]


async def going_on(transaction: Transaction) -> dict[tuple[Key, WarningTail], Alert]:
    """Those that are not over, held until the end of the transaction."""
    question = select(alerts).where(alerts.c.ended_at.is_(None)).order_by(alerts.c.id).with_for_update()
    found = [of_row(row) for row in (await transaction.execute(question)).mappings()]
    return {(alert.key, alert.tail): alert for alert in found}


async def of_step(transaction: Transaction, step: WarningStep) -> list[Alert]:
    """Those of this step that are not over, held until the end of the transaction."""
    question = select(alerts).where(alerts.c.ended_at.is_(None), alerts.c.step == step)
    return [of_row(row) for row in (await transaction.execute(question.with_for_update())).mappings()]


async def muted(transaction: Transaction, at: datetime) -> Collection[tuple[Key, WarningTail]]:
    """Series of which nobody wants to hear, by a mute of any of their alerts that is not over."""
    found = await transaction.execute(
        sql("SELECT DISTINCT dimension, value, tail FROM alerts WHERE muted_until > :at"), {"at": at}
    )
    return {(Key(Dimension(row.dimension), row.value), WarningTail(row.tail)) for row in found}


async def save(transaction: Transaction, changed: Iterable[Alert]) -> None:
    """Save them and publish their facts."""
    rows = []
    for alert in changed:
        alert.version += 1
        alert.publish_to(transaction)
        rows.append(_row(alert))
    await save_rows(transaction, alerts, rows)
