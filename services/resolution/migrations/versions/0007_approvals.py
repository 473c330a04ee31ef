"""Approvals."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the saved changes; the ETag"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="gave rise to it"),
        sa.Column("permit", sa.Text(), nullable=False, comment="what is permitted"),
        sa.Column("subject_id", sa.Uuid(), nullable=False, comment="what it is for"),
        sa.Column(
            "terms",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what exactly is permitted at most",
        ),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of what is permitted exactly"),
        sa.Column("reason", sa.Text(), nullable=False, comment="masked"),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_person", sa.Text(), nullable=True, comment="their id in the directory"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "line",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="who was entitled when it was asked, the nearest first",
        ),
        sa.Column("step", sa.SmallInteger(), nullable=False, comment="who of the line is asked, from 0"),
        sa.Column("approver", sa.Text(), nullable=True, comment="who is asked now, or was asked last"),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_person", sa.Text(), nullable=True, comment="their id in the directory"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True, comment="what whoever decided said, masked"),
        sa.Column("used_by", sa.Text(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "wakes_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it climbs or expires by itself",
        ),
        sa.CheckConstraint(
            "(state = 'asked') = (wakes_at IS NOT NULL)", name=op.f("ck_approvals_asked_wakes")
        ),
        sa.CheckConstraint("(state = 'used') = (used_at IS NOT NULL)", name=op.f("ck_approvals_used_at")),
        sa.CheckConstraint(
            "(state IN ('granted', 'refused', 'used', 'withdrawn')) = (decided_at IS NOT NULL)",
            name=op.f("ck_approvals_decided_at"),
        ),
        sa.CheckConstraint(
            "decided_by IS DISTINCT FROM asked_by OR state = 'withdrawn'",
            name=op.f("ck_approvals_not_for_oneself"),
        ),
        sa.CheckConstraint(
            "permit IN ('beyond_limits', 'close_below_value', 'field_action', 'promise_later', 'public', 'skip_gate')",
            name=op.f("ck_approvals_permit"),
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'expired', 'granted', 'refused', 'used', 'withdrawn')",
            name=op.f("ck_approvals_state"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_approvals_decided_by")
        ),
        sa.CheckConstraint("(used_at IS NULL) = (used_by IS NULL)", name=op.f("ck_approvals_used_by")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_approvals_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_approver", "approvals", ["approver", "asked_at", "id"], unique=False)
    op.create_index("ix_approvals_complaint", "approvals", ["complaint_id"], unique=False)
    op.create_index("ix_approvals_newest", "approvals", ["asked_at", "id"], unique=False)
    op.create_index(
        "ix_approvals_wakes",
        "approvals",
        ["wakes_at"],
        unique=False,
        postgresql_where=sa.text("wakes_at IS NOT NULL"),
    )
    op.create_index(
        "uq_approvals_asked",
        "approvals",
        ["subject_id", "permit"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )


def downgrade() -> None:
    op.drop_index("uq_approvals_asked", table_name="approvals", postgresql_where=sa.text("state = 'asked'"))
    op.drop_index(
        "ix_approvals_wakes", table_name="approvals", postgresql_where=sa.text("wakes_at IS NOT NULL")
    )
    op.drop_index("ix_approvals_newest", table_name="approvals")
    op.drop_index("ix_approvals_complaint", table_name="approvals")
    op.drop_index("ix_approvals_approver", table_name="approvals")
    op.drop_table("approvals")
