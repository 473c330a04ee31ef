"""Table of rewards: points per person and fact."""

from collections.abc import Iterable
from dataclasses import asdict, fields

from pydantic_core import to_json
from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, Integer, MetaData, Table, Text, Uuid

from services.routing.rewards.earning import Earned, newest
from shared.database import Transaction, sql

_NAMES = ", ".join(each.name for each in fields(Earned))
# What was earned stays as it was, also when it is heard again after the points have changed; of a mark only the state
# changes, and only to a later one.
_SAVE = sql(
    f"INSERT INTO earnings ({_NAMES}) SELECT {_NAMES} "  # noqa: S608  # names of our own
    "FROM jsonb_populate_recordset(NULL::earnings, CAST(:rows AS jsonb)) "
    "ON CONFLICT (id) DO UPDATE SET step = excluded.step, counts = excluded.counts "
    "WHERE excluded.step > earnings.step"
)


async def save(transaction: Transaction, earned: Iterable[Earned]) -> None:
    rows = [asdict(each) for each in newest(earned)]
    if rows:
        await transaction.execute(_SAVE, {"rows": to_json(rows).decode()})


def add_tables(metadata: MetaData) -> Table:
    earnings = Table(
        "earnings",
        metadata,
        Column("id", Uuid, primary_key=True, comment="follows from fact and result, so that it counts once"),
        Column("person", Text, nullable=False),
        Column("complaint_id", Uuid, nullable=False, index=True),
        Column("result", Text, nullable=False, comment="what the fact says of the handling"),
        Column("points", Integer, nullable=False),
        Column("book_version", Integer, nullable=False, comment="of the rulebook `rewards`"),
        Column("fact_type", Text, nullable=False),
        Column("fact_id", Uuid, nullable=False),
        Column("earned_at", DateTime(timezone=True), nullable=False),
        Column("step", Integer, nullable=False, server_default="0", comment="of a mark: the highest counts"),
        Column("counts", Boolean, nullable=False, server_default="true", comment="no frozen or removed mark"),
        CheckConstraint("points BETWEEN -1000 AND 1000", name="points"),
    )
    Index("ix_earnings_period", earnings.c.earned_at, earnings.c.person)
    Index("ix_earnings_person", earnings.c.person, earnings.c.earned_at.desc(), earnings.c.id.desc())
    return earnings
