"""Tables of hazards. People decide on them, so they stay when the read tables are made again."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.insights.hazards.history import entry_of
from services.insights.store import metadata
from shared.bulk import insert_rows
from shared.database import Transaction

hazards = Table(
    "hazards",
    metadata,
    Column("id", Uuid, primary_key=True, comment="derived from what and where, if the rules found it"),
    Column("version", Integer, nullable=False, comment="counts the changes"),
    Column("found_by", Text, nullable=False, comment="the account, or rules"),
    Column("danger", Text, comment="name in the lexicons, if the rules found it"),
    Column("what", Text, comment="in somebody's words, masked; null: the danger says it"),
    Column("product", Text),
    Column("batch", Text),
    Column("region", Text, comment="ISO 3166-1 or 3166-2"),
    Column("department", Text, comment="that is to remove it"),
    Column("owner", Text, comment="who is to see to it, by their id in the directory"),
    Column("likelihood", SmallInteger, nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("measures", Text, comment="masked"),
    Column("state", Text, nullable=False),
    Column("reason", Text, comment="why it is accepted or counts as removed; masked"),
    Column("review_by", Date, nullable=False),
    Column("evidence", ARRAY(Uuid), nullable=False, comment="complaints, the newest first"),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True), comment="when it was said to be removed"),
    CheckConstraint("version > 0", name="version"),
    CheckConstraint("likelihood BETWEEN 1 AND 5 AND severity BETWEEN 1 AND 5", name="levels"),
    CheckConstraint("state IN ('open', 'watched', 'removed', 'accepted')", name="state"),
    CheckConstraint("state IN ('open', 'watched') OR reason IS NOT NULL", name="says_why"),
    CheckConstraint("(state = 'removed') = (ended_at IS NOT NULL)", name="ended"),
    CheckConstraint("what IS NOT NULL OR danger IS NOT NULL", name="says_what"),
    CheckConstraint("cardinality(evidence) BETWEEN 1 AND 50", name="evident"),
    comment="what complaints warn of before it happens",
)
Index("ix_hazards_newest", hazards.c.registered_at, hazards.c.id)
Index(
    "uq_hazards_live",
    hazards.c.danger,
    text("coalesce(product, '')"),
    unique=True,
    postgresql_where=text("danger IS NOT NULL AND state <> 'removed'"),
)

hazard_versions = Table(
    "hazard_versions",
    metadata,
    Column("hazard_id", Uuid, ForeignKey("hazards.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("entry", JSONB, nullable=False, comment="what people edit, as it then was"),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("version > 0", name="version"),
    comment="what entries of the register were; only added to",
)


async def keep_versions(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """The hazards as they are from now on."""
    kept = ("version", "changed_by", "changed_at")
    versions = [
        {"hazard_id": row["id"], "entry": entry_of(row), **{name: row[name] for name in kept}} for row in rows
    ]
    await insert_rows(transaction, hazard_versions, versions)
