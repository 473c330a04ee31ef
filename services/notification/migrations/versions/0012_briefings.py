"""Briefings: what an audience should know of a day or a week, made once; and notices that are read in them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEFORE = (
    "CASE audience WHEN 'customer' THEN template IS NOT NULL AND (complaint_id IS NULL) = (template = 'digest') "
    "AND subscription_id IS NULL AND recipient IS NULL "
    "AND (customer_id IS NOT NULL) = (template IN ('field-action', 'digest')) "
    "WHEN 'staff' THEN template IS NOT NULL "
)
AFTER = "WHEN 'subscriber' THEN subscription_id IS NOT NULL AND event_id IS NOT NULL AND template IS NULL ELSE false END"


def upgrade() -> None:
    op.create_table(
        "briefing_turns",
        sa.Column("row_id", sa.Text(), nullable=False, comment="of the rulebook"),
        sa.Column(
            "until", sa.DateTime(timezone=True), nullable=False, comment="what happened before is told"
        ),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("row_id", "until", name=op.f("pk_briefing_turns")),
        comment="Times at which briefings were begun, by whichever replica came first.",
    )
    op.create_table(
        "briefings",
        sa.Column("id", sa.Uuid(), nullable=False, comment="follows from row, scope and time"),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column(
            "scope", sa.Text(), nullable=False, comment="the department or the person that it is for; '': all"
        ),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True, comment="it tells of its complaints only"),
        sa.Column(
            "department_name",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="in both languages: en, zh",
        ),
        sa.Column(
            "definition",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="row of the rulebook, as it was when it was begun",
        ),
        sa.Column("book_version", sa.Integer(), nullable=False),
        sa.Column("planned_readers", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "attempts", sa.Integer(), server_default="0", nullable=False, comment="begun; fences late makers"
        ),
        sa.Column(
            "next_try_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="while one is made: end of the lease",
        ),
        sa.Column(
            "content",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what the services told; no personal data",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True, comment="or found to be empty"),
        sa.CheckConstraint("(state = 'made') = (content IS NOT NULL)", name=op.f("ck_briefings_made")),
        sa.CheckConstraint("(state = 'waiting') = (made_at IS NULL)", name=op.f("ck_briefings_settled")),
        sa.CheckConstraint("state IN ('waiting', 'made', 'empty')", name=op.f("ck_briefings_state")),
        sa.CheckConstraint("since < until", name=op.f("ck_briefings_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_briefings")),
        sa.UniqueConstraint("row_id", "scope", "until", name=op.f("uq_briefings_row_id")),
    )
    op.create_index(
        "ix_briefings_due",
        "briefings",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_briefings_made",
        "briefings",
        ["made_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'made'"),
    )
    op.create_table(
        "clippings",
        sa.Column("id", sa.Uuid(), nullable=False, comment="the notice"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column(
            "recipients",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="people who are meant; {}: the whole audience",
        ),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column(
            "what",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="in both languages: en, zh",
        ),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clippings")),
        comment="Notices that are read in a briefing.",
    )
    op.create_index("ix_clippings_audience", "clippings", ["audience", "issued_at"], unique=False)
    op.create_table(
        "briefing_voices",
        sa.Column("briefing_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="what the customer said, masked"),
        sa.ForeignKeyConstraint(
            ["briefing_id"], ["briefings.id"], name=op.f("fk_briefing_voices_briefing_id")
        ),
        sa.PrimaryKeyConstraint("briefing_id", "complaint_id", name=op.f("pk_briefing_voices")),
        comment="Quotes; they go when the customer is erased.",
    )
    op.create_index(
        op.f("ix_briefing_voices_complaint_id"), "briefing_voices", ["complaint_id"], unique=False
    )
    op.create_table(
        "clippings_shown",
        sa.Column("clipping_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False, comment="row and scope: each shows it once"),
        sa.Column("briefing_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["briefing_id"], ["briefings.id"], name=op.f("fk_clippings_shown_briefing_id")
        ),
        sa.ForeignKeyConstraint(
            ["clipping_id"], ["clippings.id"], name=op.f("fk_clippings_shown_clipping_id")
        ),
        sa.PrimaryKeyConstraint("clipping_id", "series", name=op.f("pk_clippings_shown")),
    )
    op.create_index(op.f("ix_clippings_shown_briefing_id"), "clippings_shown", ["briefing_id"], unique=False)
    op.create_table(
        "briefing_readers",
        sa.Column("briefing_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="of the directory"),
        sa.Column("delivery_id", sa.Uuid(), nullable=False, comment="the letter"),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True, comment="when they first opened it"),
        sa.ForeignKeyConstraint(
            ["briefing_id"], ["briefings.id"], name=op.f("fk_briefing_readers_briefing_id")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_briefing_readers_delivery_id")
        ),
        sa.PrimaryKeyConstraint("briefing_id", "person", name=op.f("pk_briefing_readers")),
    )
    op.create_index("ix_briefing_readers_person", "briefing_readers", ["person"], unique=False)
    _check("AND (complaint_id IS NULL) = (template IN ('digest', 'briefing')) AND recipient IS NOT NULL ")


def downgrade() -> None:
    for table in (
        "briefing_readers",
        "clippings_shown",
        "briefing_voices",
        "clippings",
        "briefings",
        "briefing_turns",
    ):
        op.drop_table(table)
    op.execute("DELETE FROM deliveries WHERE template = 'briefing'")
    _check("AND (complaint_id IS NULL) = (template = 'digest') AND recipient IS NOT NULL ")


def _check(staff: str) -> None:
    op.drop_constraint(op.f("ck_deliveries_audience"), "deliveries")
    op.create_check_constraint(op.f("ck_deliveries_audience"), "deliveries", f"{BEFORE}{staff}{AFTER}")
