"""People of the company are told, too."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WEBHOOK = "WHEN 'webhook' THEN subscription_id IS NOT NULL AND event_id IS NOT NULL AND template IS NULL ELSE false END"
CUSTOMER = (
    "CASE channel WHEN 'customer' THEN template IS NOT NULL AND complaint_id IS NOT NULL "
    "AND subscription_id IS NULL "
)
STAFF = "WHEN 'staff' THEN template IS NOT NULL AND complaint_id IS NOT NULL AND recipient IS NOT NULL "


def upgrade() -> None:
    op.add_column(
        "deliveries",
        sa.Column("recipient", sa.Text(), nullable=True, comment="somebody of the company, of the directory"),
    )
    op.drop_constraint(op.f("ck_deliveries_channel"), "deliveries")
    op.create_check_constraint(
        op.f("ck_deliveries_channel"), "deliveries", f"{CUSTOMER}AND recipient IS NULL {STAFF}{WEBHOOK}"
    )
    op.create_table(
        "staff_lines",
        sa.Column("id", sa.Uuid(), nullable=False, comment="follows from the cause: nobody is told twice"),
        sa.Column("person", sa.Text(), nullable=False, comment="of the directory"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False, comment="the notice or the task"),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column(
            "what",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="in both languages: en, zh",
        ),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('notice', 'reminder', 'task')", name=op.f("ck_staff_lines_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_lines")),
        comment="The inboxes of the company's people.",
    )
    op.create_index("ix_staff_lines_person", "staff_lines", ["person", "told_at", "id"], unique=False)
    op.create_table(
        "staff_settled",
        sa.Column("subject_id", sa.Uuid(), nullable=False, comment="the notice or the task"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_staff_settled")),
        comment="Acknowledged notices and done tasks, in whatever order they are heard of.",
    )


def downgrade() -> None:
    op.drop_table("staff_settled")
    op.drop_table("staff_lines")
    op.execute("DELETE FROM deliveries WHERE channel = 'staff'")
    op.drop_constraint(op.f("ck_deliveries_channel"), "deliveries")
    op.create_check_constraint(op.f("ck_deliveries_channel"), "deliveries", f"{CUSTOMER}{WEBHOOK}")
    op.drop_column("deliveries", "recipient")
