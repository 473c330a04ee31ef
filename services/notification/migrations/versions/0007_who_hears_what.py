"""Who hears what is data: deliveries know urgency and nature, people have preferences, days have a number."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

AUDIENCE = (
    "CASE audience WHEN 'customer' THEN template IS NOT NULL AND {complaint} "
    "AND subscription_id IS NULL AND recipient IS NULL AND (customer_id IS NOT NULL) = {by_customer} "
    "WHEN 'staff' THEN template IS NOT NULL AND {complaint} AND recipient IS NOT NULL "
    "WHEN 'subscriber' THEN subscription_id IS NOT NULL AND event_id IS NOT NULL AND template IS NULL "
    "ELSE false END"
)
BEFORE = AUDIENCE.format(complaint="complaint_id IS NOT NULL", by_customer="(template = 'field-action')")
AFTER = AUDIENCE.format(
    complaint="(complaint_id IS NULL) = (template = 'digest')",
    by_customer="(template IN ('field-action', 'digest'))",
)
OLD = "status IN ('pending', 'leased', 'delivered', 'failed', 'not_sent'{more})"
ENDED = "(status IN ('delivered', 'failed', 'not_sent'{more})) = (settled_at IS NOT NULL)"
OWED = " AND ".join(
    f"coalesce(wishes->'ways'->'{nature}', '[0]') <> '[]'" for nature in ("safety", "service")
)
CHECKS = {
    "merged": "status <> 'merged' OR merged_into IS NOT NULL",
    "withheld": "withheld IN ('quiet-hours', 'digest', 'daily-limit', 'declined') "
    "AND NOT (withheld = 'quiet-hours' AND status = 'merged')",
    "urgency": "urgency IN ('immediate', 'usual', 'can_wait')",
    "nature": "nature IN ('safety', 'service', 'progress', 'opinion')",
    "told": "(audience = 'subscriber') = (nature IS NULL) AND (nature IS NULL) = (urgency IS NULL)",
    "owed": "nature IN ('progress', 'opinion') OR withheld IS NULL OR withheld = 'quiet-hours'",
}
"""Of deliveries, beside those that change."""
COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column(
        "rule_version",
        sa.Integer(),
        server_default="0",
        nullable=False,
        comment="of the rulebook it is in",
    ),
    sa.Column("urgency", sa.Text(), nullable=True, comment="empty for webhooks, like the nature"),
    sa.Column("nature", sa.Text(), nullable=True),
    sa.Column(
        "is_copy",
        sa.Boolean(),
        server_default="false",
        nullable=False,
        comment="the same goes by another way, too",
    ),
    sa.Column(
        "withheld", sa.Text(), nullable=True, comment="why it does not go now, though nothing is wrong"
    ),
    sa.Column("merged_into", sa.Uuid(), nullable=True, comment="the digest that tells it"),
    sa.Column("counted_on", sa.Date(), nullable=True, comment="day of the person of which it took a place"),
)


def upgrade() -> None:
    op.create_table(
        "preferences",
        sa.Column(
            "person",
            sa.Text(),
            nullable=False,
            comment="`customer/<id>`, `staff/<id in the directory>`",
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wishes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False, comment="principal, or `unsubscribe`"),
        sa.CheckConstraint("version > 0", name=op.f("ck_preferences_version")),
        sa.CheckConstraint(OWED, name=op.f("ck_preferences_owed")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_preferences")),
        comment="How people wish to be told things.",
    )
    op.create_table(
        "day_counts",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="of the person"),
        sa.Column("messages", sa.Integer(), nullable=False, comment="that took one of the day's places"),
        sa.CheckConstraint("messages > 0", name=op.f("ck_day_counts_messages")),
        sa.PrimaryKeyConstraint("person", "day", name=op.f("pk_day_counts")),
        comment="How many messages that count a person got in a day.",
    )
    for column in COLUMNS:
        op.add_column("deliveries", column)
    # What was queued before goes as it went: by nobody's wish.
    op.execute(
        "UPDATE deliveries SET nature = CASE template WHEN 'field-action' THEN 'safety' ELSE 'service' END, "
        "urgency = CASE WHEN template IN ('acknowledgement', 'field-action') THEN 'immediate' ELSE 'usual' END "
        "WHERE audience <> 'subscriber'"
    )
    # So do the messages that conversations hold back.
    for held in ("held", "said"):
        op.execute(
            f"UPDATE conversations SET {held} = (SELECT jsonb_agg("  # noqa: S608 - our own names
            "jsonb_build_object('nature', 'service', 'urgency', 'usual') || each) "
            f"FROM jsonb_array_elements({held}) AS each) WHERE {held} <> '[]'"
        )
    _replace("status", OLD.format(more=", 'declined', 'merged'"))
    _replace("settled", "status = 'merged' OR " + ENDED.format(more=", 'declined'"))
    _replace("audience", AFTER)
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_deliveries_{name}"), "deliveries", condition)
    op.create_index(
        "ix_deliveries_merged",
        "deliveries",
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_merged", table_name="deliveries")
    # Every message stands for itself again; a digest that nobody got has nothing to tell.
    op.execute("DELETE FROM deliveries WHERE template = 'digest'")
    op.execute(
        "UPDATE deliveries SET status = CASE WHEN status = 'declined' THEN 'not_sent' "
        "WHEN settled_at IS NULL THEN 'pending' WHEN channel IS NULL THEN 'not_sent' ELSE 'delivered' END "
        "WHERE status IN ('declined', 'merged')"
    )
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_deliveries_{name}"), "deliveries")
    _replace("audience", BEFORE)
    _replace("settled", ENDED.format(more=""))
    _replace("status", OLD.format(more=""))
    for column in reversed(COLUMNS):
        op.drop_column("deliveries", column.name)
    for table in ("day_counts", "preferences"):
        op.drop_table(table)


def _replace(name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_deliveries_{name}"), "deliveries")
    op.create_check_constraint(op.f(f"ck_deliveries_{name}"), "deliveries", condition)
