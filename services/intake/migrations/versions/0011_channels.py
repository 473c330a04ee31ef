"""What became of the messages of mail and webhooks, and where webhooks come from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "webhook_sources",
        sa.Column("name", sa.Text(), nullable=False, comment="stands in the URL"),
        sa.Column("version", sa.Integer(), nullable=False, comment="the ETag"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True, comment="detected when it is null"),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False, comment="sealed"),
        sa.Column("signature_header", sa.Text(), nullable=False),
        sa.Column(
            "tolerance", sa.Integer(), nullable=False, comment="seconds by which a timestamp may be off"
        ),
        sa.Column(
            "mapping",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="JMESPath expressions by what they give",
        ),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "name ~ '^[a-z0-9][a-z0-9-]{0,39}$' AND name <> 'email'", name=op.f("ck_webhook_sources_name")
        ),
        sa.CheckConstraint(
            "scheme IN ('standard_webhooks', 'sha256')", name=op.f("ck_webhook_sources_scheme")
        ),
        sa.CheckConstraint("visibility IN ('private', 'public')", name=op.f("ck_webhook_sources_visibility")),
        sa.CheckConstraint("tolerance BETWEEN 30 AND 3600", name=op.f("ck_webhook_sources_tolerance")),
        sa.CheckConstraint("version > 0", name=op.f("ck_webhook_sources_version")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhook_sources")),
    )
    op.create_table(
        "channel_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="`email`, or the name of the webhook"),
        sa.Column(
            "message", sa.LargeBinary(), nullable=False, comment="digest of what the sender calls the message"
        ),
        sa.Column(
            "thread", sa.LargeBinary(), nullable=True, comment="digest of the conversation that it belongs to"
        ),
        sa.Column("sender", sa.LargeBinary(), nullable=True, comment="keyed digest of the sender's address"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False, comment="principal"),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=True),
        sa.Column("addition_id", sa.Uuid(), nullable=True),
        sa.Column("attachments", sa.Integer(), nullable=False, comment="files that were kept"),
        sa.Column("left_out", sa.Integer(), nullable=False, comment="files that the cabinet refused"),
        sa.CheckConstraint(
            "(outcome = 'added') = (addition_id IS NOT NULL)",
            name=op.f("ck_channel_messages_added_is_an_addition"),
        ),
        sa.CheckConstraint(
            "outcome <> 'registered' OR complaint_id IS NOT NULL",
            name=op.f("ck_channel_messages_registered_is_a_complaint"),
        ),
        sa.CheckConstraint(
            "outcome IN ('registered', 'added', 'auto_reply', 'bounce', 'loop', 'empty')",
            name=op.f("ck_channel_messages_outcome"),
        ),
        sa.CheckConstraint(
            "addition_id IS NULL OR complaint_id IS NOT NULL",
            name=op.f("ck_channel_messages_addition_has_complaint"),
        ),
        sa.CheckConstraint("attachments >= 0 AND left_out >= 0", name=op.f("ck_channel_messages_files")),
        sa.CheckConstraint("octet_length(message) = 32", name=op.f("ck_channel_messages_message")),
        sa.ForeignKeyConstraint(
            ["addition_id"], ["additions.id"], name=op.f("fk_channel_messages_addition_id")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_channel_messages_complaint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_messages")),
        comment="Written when a message has landed as a whole; a trigger refuses every change.",
    )
    op.create_index(
        op.f("ix_channel_messages_complaint_id"), "channel_messages", ["complaint_id"], unique=False
    )
    op.create_index("ix_channel_messages_message", "channel_messages", ["source", "message"], unique=True)
    op.create_index(
        "ix_channel_messages_sender",
        "channel_messages",
        ["sender", "received_at"],
        unique=False,
        postgresql_where=sa.text("sender IS NOT NULL"),
    )
    op.create_index(
        "ix_channel_messages_thread",
        "channel_messages",
        ["source", "thread"],
        unique=False,
        postgresql_where=sa.text("thread IS NOT NULL"),
    )
    op.execute(
        "CREATE TRIGGER landed_is_immutable BEFORE UPDATE ON channel_messages "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("channel_messages")
    op.drop_table("webhook_sources")
