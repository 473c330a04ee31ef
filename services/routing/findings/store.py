"""Table of findings: what is unowned or untrained, from when on and until when."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, Column, DateTime, Index, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from services.routing.findings.model import Finding
from shared import ids
from shared.bulk import insert_rows
from shared.database import Transaction, sql


def add_tables(metadata: MetaData) -> Table:
    findings = Table(
        "findings",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("subject", Text, nullable=False, comment="code or id of what it is about"),
        Column("detail", JSONB, nullable=False, comment="names and numbers for the words"),
        Column("opened_at", DateTime(timezone=True), nullable=False),
        Column("settled_at", DateTime(timezone=True)),
        CheckConstraint("settled_at >= opened_at", name="order"),
    )
    open_ones = findings.c.settled_at.is_(None)
    Index("ix_findings_open", findings.c.kind, findings.c.subject, unique=True, postgresql_where=open_ones)
    Index("ix_findings_newest", findings.c.opened_at.desc(), findings.c.id.desc())
    return findings


async def keep(
    transaction: Transaction, table: Table, found: Sequence[Finding], at: datetime
) -> tuple[int, int]:
    """Open what is new, settle what is no longer so. Returns how many were opened and settled."""
    await transaction.hold("findings")
    rows = await transaction.execute(sql("SELECT id, kind, subject FROM findings WHERE settled_at IS NULL"))
    known = {(row.kind, row.subject): row.id for row in rows}
    true = {(finding.kind.value, finding.subject): finding for finding in found}
    new = [
        {
            "id": ids.new_id(),
            "kind": kind,
            "subject": subject,
            "detail": dict(finding.detail),
            "opened_at": at,
        }
        for (kind, subject), finding in true.items()
        if (kind, subject) not in known
    ]
    gone = [finding_id for place, finding_id in known.items() if place not in true]
    await insert_rows(transaction, table, new)
    if gone:
        await transaction.execute(
            sql("UPDATE findings SET settled_at = :at WHERE id = ANY(CAST(:ids AS uuid[]))"),
            {"at": at, "ids": gone},
        )
    return len(new), len(gone)
