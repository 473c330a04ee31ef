"""Reports of mail servers and providers, customers' messages and devices."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


STATUS = "status IN ('pending', 'leased', 'delivered', 'failed', 'not_sent', 'declined', 'merged'{more})"
SETTLED = (
    "status = 'merged' OR "
    "(status IN ('delivered', 'failed', 'not_sent', 'declined'{more})) = (settled_at IS NOT NULL)"
)


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed digest of the token: nobody can read it",
        ),
        sa.Column(
            "sealed", sa.Text(), nullable=False, comment="the token that the push service gave the device"
        ),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("complaint_id", "digest", name=op.f("pk_devices")),
        comment="Where messages about a complaint are pushed.",
    )
    op.create_index(op.f("ix_devices_digest"), "devices", ["digest"], unique=False)
    op.create_table(
        "customer_messages",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "sealed",
            sa.Text(),
            nullable=True,
            comment="the words as they went out; null when the customer is erased",
        ),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "read_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the customer first opened it here",
        ),
        sa.CheckConstraint("language IN ('en', 'zh')", name=op.f("ck_customer_messages_language")),
        sa.CheckConstraint("read_at >= told_at", name=op.f("ck_customer_messages_read")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_customer_messages_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_customer_messages")),
        comment="What customers were told, for their inbox.",
    )
    op.create_index(
        "ix_customer_messages_complaint",
        "customer_messages",
        ["complaint_id", "told_at", "delivery_id"],
        unique=False,
    )
    op.create_table(
        "delivery_reports",
        sa.Column("id", sa.Uuid(), nullable=False, comment="follows from what was reported"),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True, comment="the reporter's own, such as 5.1.1"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("what IN ('arrived', 'delayed', 'lost')", name=op.f("ck_delivery_reports_what")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_reports_delivery_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_reports")),
        comment="What became of messages after they were taken; no personal data.",
    )
    op.create_index(
        op.f("ix_delivery_reports_delivery_id"), "delivery_reports", ["delivery_id"], unique=False
    )
    op.create_table(
        "provider_messages",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column(
            "message", sa.LargeBinary(), nullable=False, comment="digest of what the provider calls it"
        ),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_provider_messages_delivery_id")
        ),
        sa.PrimaryKeyConstraint("provider", "message", name=op.f("pk_provider_messages")),
        comment="By this a provider's receipt finds the delivery.",
    )
    op.create_index("ix_provider_messages_delivery", "provider_messages", ["delivery_id"], unique=False)
    op.add_column(
        "deliveries",
        sa.Column(
            "closed", sa.Integer(), server_default="0", nullable=False, comment="of these, from the first on"
        ),
    )
    op.create_check_constraint(
        op.f("ck_deliveries_closed"), "deliveries", "closed BETWEEN 0 AND cardinality(channels)"
    )
    _constrain(", 'bounced'")


def _constrain(more: str) -> None:
    for name, condition in (("status", STATUS), ("settled", SETTLED)):
        op.drop_constraint(op.f(f"ck_deliveries_{name}"), "deliveries")
        op.create_check_constraint(op.f(f"ck_deliveries_{name}"), "deliveries", condition.format(more=more))


def downgrade() -> None:
    op.execute("UPDATE deliveries SET status = 'failed' WHERE status = 'bounced'")
    _constrain("")
    op.drop_constraint(op.f("ck_deliveries_closed"), "deliveries")
    op.drop_column("deliveries", "closed")
    op.drop_index("ix_provider_messages_delivery", table_name="provider_messages")
    op.drop_table("provider_messages")
    op.drop_index(op.f("ix_delivery_reports_delivery_id"), table_name="delivery_reports")
    op.drop_table("delivery_reports")
    op.drop_index("ix_customer_messages_complaint", table_name="customer_messages")
    op.drop_table("customer_messages")
    op.drop_index(op.f("ix_devices_digest"), table_name="devices")
    op.drop_table("devices")
