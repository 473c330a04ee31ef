"""The feed: the log in one order, for readers without Kafka and for live streams."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column(
            "position", sa.BigInteger(), autoincrement=False, nullable=False, comment="the cursor; no gaps"
        ),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False, comment="without its version"),
        sa.Column("complaint_id", sa.Uuid(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True, comment="of the complaint, as it was known then"),
        sa.Column("audience", sa.Text(), nullable=True, comment="of a notice; null: a fact"),
        sa.Column(
            "recipients", postgresql.ARRAY(sa.Text()), nullable=False, comment="people whom the notice names"
        ),
        sa.Column("attributes", sa.Text(), nullable=False, comment="of the CloudEvent, as JSON"),
        sa.Column(
            "data",
            sa.Text(),
            nullable=True,
            comment="member of the CloudEvent that holds its data; null: erased, or none",
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_feed_position")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_feed")),
        sa.UniqueConstraint("event_id", name=op.f("uq_feed_event_id")),
        comment="The log in one order that is the same for every reader.",
    )
    op.create_index("ix_feed_complaint", "feed", ["complaint_id", "position"], unique=False)
    op.create_table(
        "feed_head",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="the newest that was given out"),
        sa.Column("pruned", sa.BigInteger(), nullable=False, comment="the newest that is kept no more"),
        sa.CheckConstraint("single", name=op.f("ck_feed_head_single")),
        sa.CheckConstraint("pruned >= 0 AND pruned <= position", name=op.f("ck_feed_head_pruned")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_feed_head")),
        comment="One row. Whoever adds to the feed holds it until the commit, so positions appear in their order.",
    )
    op.execute("INSERT INTO feed_head (single, position, pruned) VALUES (true, 0, 0)")
    op.create_table(
        "feed_subjects",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("accused", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_feed_subjects")),
        comment="What the feed must know of a complaint: what is filtered by, and what is kept from whom.",
    )
    op.create_table(
        "stream_tickets",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the ticket"),
        sa.Column("sealed", sa.Text(), nullable=False, comment="the credentials of whoever asked for it"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_stream_tickets")),
        comment="Each opens one stream, once.",
    )
    op.create_index(op.f("ix_stream_tickets_expires_at"), "stream_tickets", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("stream_tickets")
    op.drop_table("feed_subjects")
    op.drop_table("feed_head")
    op.drop_table("feed")
