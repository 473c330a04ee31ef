"""How late complaints become known, and why an alert is over."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DIMENSIONS = (
    "dimension IN ('all', 'category', 'subcategory', 'product', 'region', 'channel', 'supplier', 'batch', "
    "'product+category', 'product+subcategory', 'supplier+category', 'region+category', 'channel+category')"
)


def upgrade() -> None:
    op.create_table(
        "counts_known",
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False, comment="of the step that was counted"),
        sa.Column("age", sa.SmallInteger(), nullable=False, comment="in steps, when it was counted"),
        sa.Column("n", sa.BigInteger(), nullable=False, comment="complaints that were known of it then"),
        sa.CheckConstraint("step IN ('week', 'day')", name=op.f("ck_counts_known_step")),
        sa.CheckConstraint(DIMENSIONS, name=op.f("ck_counts_known_dimension")),
        sa.CheckConstraint("least(age, n) >= 0", name=op.f("ck_counts_known_not_negative")),
        sa.PrimaryKeyConstraint("step", "dimension", "starts", "age", name=op.f("pk_counts_known")),
        comment="how late complaints become known is learned from it",
    )
    op.add_column("alerts", sa.Column("ended_because", sa.Text(), nullable=True))
    op.execute("UPDATE alerts SET ended_because = 'quiet' WHERE ended_at IS NOT NULL")
    op.create_check_constraint(
        op.f("ck_alerts_ended"), "alerts", "ended_because IS NULL OR ended_at IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_alerts_ended_because"), "alerts", "ended_because IN ('quiet', 'not_watched')"
    )
    op.alter_column("alerts", "ended_at", comment=None)


def downgrade() -> None:
    op.alter_column("alerts", "ended_at", comment="when nothing was unusual any more")
    op.drop_constraint(op.f("ck_alerts_ended_because"), "alerts", type_="check")
    op.drop_constraint(op.f("ck_alerts_ended"), "alerts", type_="check")
    op.drop_column("alerts", "ended_because")
    op.drop_table("counts_known")
