"""The early warning: what it counts and judges, alerts, exposures. The first round counts what there is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("tail", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False, comment="the highest so far"),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False, comment="of the counts that raised it"),
        sa.Column("since", sa.Date(), nullable=False, comment="first step in which it was unusual"),
        sa.Column("starts", sa.Date(), nullable=False, comment="newest step in which it was unusual"),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "told",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="as the event tells it, of the newest step",
        ),
        sa.Column(
            "announced_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the event was published; null: only watched, or muted",
        ),
        sa.Column(
            "ended_at", sa.DateTime(timezone=True), nullable=True, comment="when nothing was unusual any more"
        ),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("muted_by", sa.Text(), nullable=True),
        sa.Column("muted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mute_reason", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="masked, like that of the mute"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "detector IN ('evidence', 'tails', 'ears', 'g_chart')", name=op.f("ck_alerts_detector")
        ),
        sa.CheckConstraint(
            "dimension IN ('all', 'category', 'subcategory', 'product', 'region', 'channel', 'supplier', 'batch', 'product+category', 'product+subcategory', 'supplier+category', 'region+category', 'channel+category')",
            name=op.f("ck_alerts_dimension"),
        ),
        sa.CheckConstraint("level IN ('watch', 'alert')", name=op.f("ck_alerts_level")),
        sa.CheckConstraint("step IN ('week', 'day')", name=op.f("ck_alerts_step")),
        sa.CheckConstraint("tail IN ('surge', 'silence', 'severe')", name=op.f("ck_alerts_tail")),
        sa.CheckConstraint("verdict IN ('confirmed', 'dismissed')", name=op.f("ck_alerts_verdict")),
        sa.CheckConstraint(
            "(acknowledged_by IS NULL) = (acknowledged_at IS NULL)", name=op.f("ck_alerts_acknowledged")
        ),
        sa.CheckConstraint(
            "num_nonnulls(muted_by, muted_at, muted_until, mute_reason) IN (0, 4)",
            name=op.f("ck_alerts_muted"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(verdict, decided_by, decided_at, reason) IN (0, 4)", name=op.f("ck_alerts_decided")
        ),
        sa.CheckConstraint("since <= starts", name=op.f("ck_alerts_order")),
        sa.CheckConstraint("version > 0", name=op.f("ck_alerts_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        comment="one row for each time that a series is unusual, however long it lasts",
    )
    op.create_index("ix_alerts_raised", "alerts", ["raised_at", "id"], unique=False)
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["dimension", "value", "tail"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "exposures",
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False, comment="its Monday"),
        sa.Column(
            "amount",
            sa.Numeric(precision=18, scale=6),
            nullable=False,
            comment="units sold or in use, orders: whatever the rate is per",
        ),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "dimension IN ('all', 'category', 'subcategory', 'product', 'region', 'channel', 'supplier', 'batch', 'product+category', 'product+subcategory', 'supplier+category', 'region+category', 'channel+category')",
            name=op.f("ck_exposures_dimension"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_exposures_positive")),
        sa.CheckConstraint("extract(isodow FROM week) = 1", name=op.f("ck_exposures_monday")),
        sa.PrimaryKeyConstraint("dimension", "value", "week", name=op.f("pk_exposures")),
    )
    op.create_table(
        "series_counts",
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False, comment="Monday of the week, or the day; UTC"),
        sa.Column("n", sa.Integer(), nullable=False, comment="complaints, each customer's matter once"),
        sa.CheckConstraint(
            "dimension IN ('all', 'category', 'subcategory', 'product', 'region', 'channel', 'supplier', 'batch', 'product+category', 'product+subcategory', 'supplier+category', 'region+category', 'channel+category')",
            name=op.f("ck_series_counts_dimension"),
        ),
        sa.CheckConstraint(
            "step = 'day' OR extract(isodow FROM starts) = 1", name=op.f("ck_series_counts_monday")
        ),
        sa.CheckConstraint("step IN ('week', 'day')", name=op.f("ck_series_counts_step")),
        sa.CheckConstraint("n > 0", name=op.f("ck_series_counts_not_empty")),
        sa.PrimaryKeyConstraint("step", "dimension", "value", "starts", name=op.f("pk_series_counts")),
        comment="what the early warning looks at; steps without a complaint have no row",
    )
    op.create_index("ix_series_counts_starts", "series_counts", ["step", "starts"], unique=False)
    op.create_table(
        "series_scores",
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("tail", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("p", sa.Double(), nullable=False, comment="not calibrated"),
        sa.Column("mean", sa.Double(), nullable=False, comment="expected in the step"),
        sa.Column("phi", sa.Double(), nullable=False, comment="variance by mean"),
        sa.CheckConstraint("step IN ('week', 'day')", name=op.f("ck_series_scores_step")),
        sa.CheckConstraint(
            "p BETWEEN 0 AND 1 AND mean >= 0 AND phi >= 1", name=op.f("ck_series_scores_possible")
        ),
        sa.PrimaryKeyConstraint(
            "step", "starts", "tail", "dimension", "value", name=op.f("pk_series_scores")
        ),
        comment="past p values, by which the next are calibrated",
    )
    op.create_table(
        "warning_rounds",
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column(
            "as_of", sa.DateTime(timezone=True), nullable=False, comment="what was known then was counted"
        ),
        sa.Column("counted_by", sa.Text(), nullable=False, comment="names the rules of counting"),
        sa.Column("rulebook_version", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False, comment="that were judged"),
        sa.Column("watched", sa.Integer(), nullable=False),
        sa.Column("alerted", sa.Integer(), nullable=False),
        sa.CheckConstraint("step IN ('week', 'day')", name=op.f("ck_warning_rounds_step")),
        sa.CheckConstraint(
            "least(series, watched, alerted) >= 0", name=op.f("ck_warning_rounds_not_negative")
        ),
        sa.PrimaryKeyConstraint("step", "starts", name=op.f("pk_warning_rounds")),
        comment="each week and day is judged once",
    )
    op.create_index("ix_complaints_product", "complaints", ["product", "registered_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_complaints_product", table_name="complaints")
    op.drop_table("warning_rounds")
    op.drop_table("series_scores")
    op.drop_index("ix_series_counts_starts", table_name="series_counts")
    op.drop_table("series_counts")
    op.drop_table("exposures")
    op.drop_index("uq_alerts_open", table_name="alerts", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_alerts_raised", table_name="alerts")
    op.drop_table("alerts")
