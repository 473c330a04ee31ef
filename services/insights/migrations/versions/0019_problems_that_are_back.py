"""Problems that are back after their improvement was closed.

Which improvements were closed before this release becomes known by a rebuild.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "improvements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="gave rise to it"),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), nullable=True, comment="null: told before this was read"
        ),
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null while it is open, again or still",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvements")),
        comment="improvements, as far as their facts tell",
    )
    op.create_index("ix_improvements_closed", "improvements", ["closed_at"], unique=False)
    op.create_index("ix_improvements_complaint", "improvements", ["complaint_id"], unique=False)
    op.create_table(
        "recurred_problems",
        sa.Column("id", sa.Uuid(), nullable=False, comment="derived from the improvement and its closing"),
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False, comment="of the improvement"),
        sa.Column("recurred_by", sa.Text(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="the newest that tells it"),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("days_before", sa.Float(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("days_after", sa.Float(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False, comment="who told it since the closing"),
        sa.Column("rate_ratio", sa.Float(), nullable=True, comment="null: there was nothing before"),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=True, comment="null: no upper bound"),
        sa.Column(
            "p_value", sa.Float(), nullable=False, comment="of so few or fewer after, had the rate not fallen"
        ),
        sa.Column(
            "evidence",
            sa.ARRAY(sa.Uuid()),
            nullable=False,
            comment="complaints since the closing, the newest first",
        ),
        sa.Column("rules_version", sa.Integer(), nullable=False, comment="of the rulebook recurred-problems"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "recurred_by IN ('same_words', 'rate')", name=op.f("ck_recurred_problems_recurred_by")
        ),
        sa.CheckConstraint(
            "before >= 0 AND after > 0 AND customers BETWEEN 1 AND after",
            name=op.f("ck_recurred_problems_counts"),
        ),
        sa.CheckConstraint(
            "cardinality(evidence) BETWEEN 1 AND 50", name=op.f("ck_recurred_problems_evident")
        ),
        sa.CheckConstraint(
            "days_before > 0 AND days_after > 0 AND found_at > closed_at",
            name=op.f("ck_recurred_problems_time"),
        ),
        sa.CheckConstraint(
            "low >= 0 AND low <= coalesce(high, low)", name=op.f("ck_recurred_problems_interval")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurred_problems")),
        comment="problems that came back after their improvement was closed",
    )
    op.create_index("ix_recurred_problems_newest", "recurred_problems", ["found_at", "id"], unique=False)
    op.create_index(
        "uq_recurred_problems_closing", "recurred_problems", ["improvement_id", "closed_at"], unique=True
    )
    op.create_index(
        "ix_complaints_improvement",
        "complaints",
        ["improvement_id"],
        unique=False,
        postgresql_where=sa.text("improvement_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_complaints_improvement",
        table_name="complaints",
        postgresql_where=sa.text("improvement_id IS NOT NULL"),
    )
    op.drop_index("uq_recurred_problems_closing", table_name="recurred_problems")
    op.drop_index("ix_recurred_problems_newest", table_name="recurred_problems")
    op.drop_table("recurred_problems")
    op.drop_index("ix_improvements_complaint", table_name="improvements")
    op.drop_index("ix_improvements_closed", table_name="improvements")
    op.drop_table("improvements")
