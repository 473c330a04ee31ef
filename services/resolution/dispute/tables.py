"""Table of disputes before outside bodies."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.resolution.dispute.model import DisputeState
from shared.events.dispute import Favour

MOMENT = DateTime(timezone=True)


def _one_of(*values: str) -> str:
    return "({})".format(", ".join(f"'{value}'" for value in sorted(values)))


def add_tables(metadata: MetaData) -> Table:
    disputes = Table(
        "disputes",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False),
        Column("number", Integer, nullable=False, comment="counts the disputes of a case, from 1"),
        Column("body", Text, nullable=False, comment="code in the rulebook"),
        Column("body_en", Text, nullable=False, comment="as the rulebook named it at the hand-over"),
        Column("body_zh", Text, nullable=False),
        Column("address", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("reason", Text, nullable=False, comment="masked"),
        Column("handed_over_by", Text, nullable=False),
        Column("handed_over_at", MOMENT, nullable=False),
        Column("warn_at", MOMENT, nullable=False),
        Column("answer_due_at", MOMENT, nullable=False),
        Column("decision_due_at", MOMENT, nullable=False),
        Column("warned", Boolean, nullable=False),
        Column("answer_missed", Boolean, nullable=False),
        Column("decision_missed", Boolean, nullable=False),
        Column("answer", Text, comment="masked"),
        Column("answered_by", Text),
        Column("answered_at", MOMENT),
        Column("favour", Text),
        Column("decision", Text, comment="masked"),
        Column("ends_case", Boolean),
        Column("decided_at", MOMENT),
        UniqueConstraint("complaint_id", "number"),
        CheckConstraint(f"state IN {_one_of(*DisputeState)}", "state"),
        CheckConstraint(f"favour IN {_one_of(*Favour)}", "favour"),
        CheckConstraint("warn_at <= answer_due_at AND answer_due_at <= decision_due_at", "days_in_order"),
        CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", "answered"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", "answer"),
        CheckConstraint("(state = 'decided') = (decided_at IS NOT NULL)", "decided"),
        CheckConstraint("num_nulls(favour, decision, ends_case, decided_at) IN (0, 4)", "decision"),
        comment="Complaints before outside bodies.",
    )
    Index(
        "uq_disputes_live",
        disputes.c.complaint_id,
        unique=True,
        postgresql_where=text("state IN ('handed_over', 'answered')"),
    )
    return disputes
