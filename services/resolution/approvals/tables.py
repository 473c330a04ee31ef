"""Table of the approvals. What must never be untrue, the database refuses."""

from sqlalchemy import (
    CheckConstraint,
    Column,
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

from services.resolution.approvals.model import ApprovalState
from services.resolution.tables import MOMENT, metadata, one_of
from shared.events.approvals import Permit

_DECIDED = one_of(ApprovalState.GRANTED, ApprovalState.REFUSED, ApprovalState.WITHDRAWN, ApprovalState.USED)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False, comment="counts the saved changes; the ETag"),
    Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False, comment="gave rise to it"),
    Column("permit", Text, nullable=False, comment="what is permitted"),
    Column("subject_id", Uuid, nullable=False, comment="what it is for"),
    Column("terms", JSONB, nullable=False, comment="what exactly is permitted at most"),
    Column("digest", Text, nullable=False, comment="SHA-256 of what is permitted exactly"),
    Column("reason", Text, nullable=False, comment="masked"),
    Column("asked_by", Text, nullable=False),
    Column("asked_person", Text, comment="their id in the directory"),
    Column("asked_at", MOMENT, nullable=False),
    Column("line", JSONB, nullable=False, comment="who was entitled when it was asked, the nearest first"),
    Column("step", SmallInteger, nullable=False, comment="who of the line is asked, from 0"),
    Column("approver", Text, comment="who is asked now, or was asked last"),
    Column("decide_by", MOMENT, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_by", Text),
    Column("decided_person", Text, comment="their id in the directory"),
    Column("decided_at", MOMENT),
    Column("answer", Text, comment="what whoever decided said, masked"),
    Column("used_by", Text),
    Column("used_at", MOMENT),
    Column("wakes_at", MOMENT, comment="when it climbs or expires by itself"),
    CheckConstraint(f"permit IN {one_of(*Permit)}", "permit"),
    CheckConstraint(f"state IN {one_of(*ApprovalState)}", "state"),
    CheckConstraint("(state = 'asked') = (wakes_at IS NOT NULL)", "asked_wakes"),
    CheckConstraint(f"(state IN {_DECIDED}) = (decided_at IS NOT NULL)", "decided_at"),
    CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", "decided_by"),
    CheckConstraint("(state = 'used') = (used_at IS NOT NULL)", "used_at"),
    CheckConstraint("(used_at IS NULL) = (used_by IS NULL)", "used_by"),
    CheckConstraint("decided_by IS DISTINCT FROM asked_by OR state = 'withdrawn'", "not_for_oneself"),
)
Index(
    "uq_approvals_asked",
    approvals.c.subject_id,
    approvals.c.permit,
    unique=True,
    postgresql_where=text("state = 'asked'"),
)
Index("ix_approvals_wakes", approvals.c.wakes_at, postgresql_where=approvals.c.wakes_at.is_not(None))
Index("ix_approvals_complaint", approvals.c.complaint_id)
Index("ix_approvals_newest", approvals.c.asked_at, approvals.c.id)
Index("ix_approvals_approver", approvals.c.approver, approvals.c.asked_at, approvals.c.id)
