"""Where improvements wait that are to be opened for a suggestion, until the case of its complaint is open."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid

from services.resolution.improvement.matter import Improving
from services.resolution.improvement.orders import Order
from services.resolution.improvement.setting_aside import ASIDE, Waiting, failures
from services.resolution.tables import MOMENT, metadata
from shared import clock, driver
from shared.bulk import save_rows
from shared.database import Database, Transaction, sql

AT_ONCE = 50

improvement_orders = Table(
    "improvement_orders",
    metadata,
    Column("improvement_id", Uuid, primary_key=True),
    Column(
        "complaint_id", Uuid, ForeignKey("cases.id"), nullable=False, comment="the newest that speaks for it"
    ),
    Column("evidence", ARRAY(Uuid), nullable=False, comment="complaints that speak for it, the newest first"),
    Column("title", Text, nullable=False, comment="masked"),
    Column("problem", Text, nullable=False, comment="masked"),
    Column("category", Text),
    Column("product", Text),
    Column("ordered_by", Text, nullable=False),
    Column("ordered_at", MOMENT, nullable=False),
    Column("opened_at", MOMENT),
    *failures(),
    CheckConstraint("cardinality(evidence) BETWEEN 1 AND 50", "evident"),
    comment="Improvements that are to be opened, because somebody accepted a suggestion.",
)
Index(
    "ix_improvement_orders_waiting",
    improvement_orders.c.ordered_at,
    improvement_orders.c.improvement_id,
    postgresql_where=improvement_orders.c.opened_at.is_(None),
)
ORDERED = Waiting(improvement_orders, "opened_at")

_FIELDS = "improvement_id, complaint_id, evidence, title, problem, category, product, ordered_by, ordered_at"
_WAITING = sql(
    f"SELECT o.improvement_id, o.complaint_id, o.evidence FROM improvement_orders o "  # noqa: S608 - a number
    f"JOIN cases c ON c.id = o.complaint_id AND c.state <> 'unopened' WHERE o.opened_at IS NULL "
    "AND (o.failed_at IS NULL OR o.failed_at < :since) "
    f"ORDER BY o.ordered_at, o.improvement_id LIMIT {AT_ONCE}"
)
_HELD = sql(
    f"SELECT {_FIELDS} FROM improvement_orders "  # noqa: S608 - our own names
    "WHERE improvement_id = :id AND opened_at IS NULL FOR UPDATE"
)
_OPENED = sql("UPDATE improvement_orders SET opened_at = :at WHERE improvement_id = :id")


async def keep_orders(transaction: Transaction, cases: Iterable[Improving]) -> None:
    """What cases heard. Told again, it stays as it was."""
    saved = list(cases)
    rows = {each.improvement_id: asdict(each) for case in saved for each in case.new_orders}
    await save_rows(transaction, improvement_orders, [*rows.values()], changing=("evidence",))
    for case in saved:
        case.new_orders.clear()


async def waiting_orders(database: Database) -> list[tuple[UUID, set[UUID]]]:
    """Those whose case is open: the improvement, and the complaints that it is for; the first ordered first. What was
    set aside is left out."""
    asked = {"since": clock.now() - ASIDE}
    async with database.reading() as connection:
        rows = await driver.run(connection, _WAITING, asked)
        return [(row.improvement_id, {row.complaint_id, *row.evidence}) for row in rows]


async def held_order(transaction: Transaction, improvement_id: UUID) -> Order | None:
    """None when somebody has opened it meanwhile."""
    row = (await transaction.execute(_HELD, {"id": improvement_id})).mappings().first()
    return Order(**{**row, "evidence": tuple(row["evidence"])}) if row else None


async def opened_order(transaction: Transaction, of: Order, at: datetime) -> None:
    await transaction.execute(_OPENED, {"id": of.improvement_id, "at": at})
