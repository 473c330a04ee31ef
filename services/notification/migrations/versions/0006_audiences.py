"""Rulebooks; a delivery says who is told, by which rule, and by which ways."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

CHECK = (
    "CASE {column} WHEN 'customer' THEN template IS NOT NULL AND complaint_id IS NOT NULL "
    "AND subscription_id IS NULL AND recipient IS NULL AND (customer_id IS NOT NULL) = (template = 'field-action') "
    "WHEN 'staff' THEN template IS NOT NULL AND complaint_id IS NOT NULL AND recipient IS NOT NULL "
    "WHEN '{other}' THEN subscription_id IS NOT NULL AND event_id IS NOT NULL AND template IS NULL "
    "ELSE false END"
)


def upgrade() -> None:
    op.create_table(
        "rulebook_versions",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="counts from 1; 0 is what Redress is shipped with",
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the content"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_rulebook_versions_version")),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_rulebook_versions")),
    )
    op.create_table(
        "rulebook_switches",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            comment="counts the switches of a kind; the highest counts",
        ),
        sa.Column("version", sa.Integer(), nullable=True, comment="null: what Redress is shipped with"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("switched_by", sa.Text(), nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["kind", "version"],
            ["rulebook_versions.kind", "rulebook_versions.version"],
            name="fk_rulebook_switches_version",
        ),
        sa.PrimaryKeyConstraint("kind", "number", name=op.f("pk_rulebook_switches")),
    )
    op.drop_constraint(op.f("ck_deliveries_channel"), "deliveries")
    op.alter_column("deliveries", "channel", new_column_name="audience")
    op.alter_column(
        "deliveries",
        "sent_by",
        new_column_name="channel",
        comment="the way by which it went, or was tried last",
        existing_comment="email, webhook",
    )
    # PostgreSQL 18 names the constraint after the column: by its old name it would stay called.
    op.alter_column("deliveries", "audience", nullable=True)
    op.alter_column("deliveries", "audience", nullable=False)
    op.execute("UPDATE deliveries SET audience = 'subscriber' WHERE audience = 'webhook'")
    op.add_column(
        "deliveries",
        sa.Column("rule", sa.Text(), nullable=True, comment="what says that they are to be told"),
    )
    op.add_column(
        "deliveries",
        sa.Column(
            "channels",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="the first that leads to the receiver is taken",
        ),
    )
    op.execute(
        "UPDATE deliveries SET rule = CASE audience WHEN 'subscriber' THEN 'webhook/' || subscription_id "
        "ELSE audience || '/' || template END, "
        "channels = CASE audience WHEN 'subscriber' THEN ARRAY['webhook'] ELSE ARRAY['email'] END"
    )
    op.alter_column("deliveries", "rule", nullable=False)
    op.alter_column("deliveries", "channels", nullable=False)
    op.create_check_constraint(
        op.f("ck_deliveries_audience"), "deliveries", CHECK.format(column="audience", other="subscriber")
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_deliveries_audience"), "deliveries")
    op.drop_column("deliveries", "channels")
    op.drop_column("deliveries", "rule")
    op.execute("UPDATE deliveries SET audience = 'webhook' WHERE audience = 'subscriber'")
    op.alter_column(
        "deliveries",
        "channel",
        new_column_name="sent_by",
        comment="email, webhook",
        existing_comment="the way by which it went, or was tried last",
    )
    op.alter_column("deliveries", "audience", new_column_name="channel")
    op.alter_column("deliveries", "channel", nullable=True)
    op.alter_column("deliveries", "channel", nullable=False)
    op.create_check_constraint(
        op.f("ck_deliveries_channel"), "deliveries", CHECK.format(column="channel", other="webhook")
    )
    op.drop_table("rulebook_switches")
    op.drop_table("rulebook_versions")
