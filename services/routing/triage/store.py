"""Tables of triage: what was told, the risks that people see, and what the classifier learned."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.routing.triage import learning_tables
from services.routing.triage.lessons import Head, Taught
from services.routing.triage.risks import Flag
from services.routing.triage.told import Told
from services.routing.triage.triaging import Triaging
from shared.bulk import save_rows
from shared.database import Transaction
from shared.events.vocabulary import Risk


class Tables(NamedTuple):
    told: Table
    risks: Table
    learning: learning_tables.LearningTables


def add_tables(metadata: MetaData) -> Tables:
    told = Table(
        "told",
        metadata,
        Column("complaint_id", Uuid, primary_key=True),
        Column("told", JSONB, comment="what was told, masked; null once the customer is erased"),
    )
    risks = Table(
        "risks",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, nullable=False, index=True),
        Column("kind", Text, nullable=False),
        Column("reason", Text, nullable=False, comment="masked; empty once the customer is erased"),
        Column("raised_by", Text, nullable=False),
        Column("raised_at", DateTime(timezone=True), nullable=False),
        Column("settled_reason", Text),
        Column("settled_by", Text),
        Column("settled_at", DateTime(timezone=True)),
        CheckConstraint("kind IN ('dispute', 'incident')", name="kind"),
        CheckConstraint("num_nonnulls(settled_reason, settled_by, settled_at) IN (0, 3)", name="settled"),
    )
    Index(
        "uq_risks_open",
        risks.c.complaint_id,
        risks.c.kind,
        unique=True,
        postgresql_where=risks.c.settled_at.is_(None),
    )
    return Tables(told, risks, learning_tables.add_tables(metadata))


KNOWN = (
    "(SELECT t.told FROM told t WHERE t.complaint_id = d.complaint_id) AS told, "
    "(SELECT jsonb_agg(to_jsonb(r) ORDER BY r.raised_at, r.id) FROM risks r "
    "WHERE r.complaint_id = d.complaint_id) AS flags, "
    "(SELECT jsonb_agg(jsonb_build_array(l.head, l.label, l.taught_by, l.taught_at, l.settled)) "
    "FROM lessons l WHERE l.complaint_id = d.complaint_id) AS lessons"
)
"""What else is known of a dispatch `d`: expressions for a SELECT."""


def known(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The fields of the aggregate that KNOWN gives."""
    return {
        "told": None if row["told"] is None else Told.model_validate(row["told"]),
        "flags": [_flag(each) for each in row["flags"] or ()],
        "lessons": {
            Head(head): Taught(label, by, datetime.fromisoformat(at), settled)
            for head, label, by, at, settled in row["lessons"] or ()
        },
    }


def _flag(row: dict[str, Any]) -> Flag:
    raised, settled = row["raised_at"], row["settled_at"]
    return Flag(
        id=UUID(row["id"]),
        kind=Risk(row["kind"]),
        reason=row["reason"],
        raised_by=row["raised_by"],
        raised_at=datetime.fromisoformat(raised),
        settled_reason=row["settled_reason"],
        settled_by=row["settled_by"],
        settled_at=None if settled is None else datetime.fromisoformat(settled),
    )


async def save_known(transaction: Transaction, tables: Tables, changed: Sequence[Triaging]) -> None:
    """Write what these changes say of what was told, and of risks."""
    retold = [
        {"complaint_id": d.id, "told": d.told and d.told.model_dump(mode="json", exclude_defaults=True)}
        for d in changed
        if d.retold
    ]
    await save_rows(transaction, tables.told, retold)
    flags = [{"complaint_id": d.id, **asdict(flag)} for d in changed if d.flagged for flag in d.flags]
    await save_rows(
        transaction, tables.risks, flags, changing=("reason", "settled_reason", "settled_by", "settled_at")
    )
