"""Foundation: conversations, webhooks, deliveries, and the tables that every service has."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), nullable=False, comment="the complaint's id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("handler_name", sa.Text(), nullable=True, comment="the name under which the person signs"),
        sa.Column("handler_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assignments", sa.Integer(), nullable=False),
        sa.Column("first_promise_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True, comment="the live promise"),
        sa.Column(
            "interim_owed",
            sa.Uuid(),
            nullable=True,
            comment="PromiseBroken whose interim reply waits for the new time",
        ),
        sa.Column("interim_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "interim_waits",
            sa.Boolean(),
            nullable=False,
            comment="offers wait for the customer; nobody is late",
        ),
        sa.Column(
            "offers",
            postgresql.JSONB(),
            nullable=False,
            comment="the last ranked solutions",
        ),
        sa.Column("agreed", sa.Text(), nullable=True, comment="the solution that the customer agreed to"),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("follow_up_id", sa.Uuid(), nullable=True),
        sa.Column(
            "follow_ups", sa.Integer(), nullable=False, comment="opinions asked for since the last result"
        ),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.Column(
            "held",
            postgresql.JSONB(),
            nullable=False,
            comment="messages that wait for the acknowledgement",
        ),
        sa.CheckConstraint("language IN ('en', 'zh')", name=op.f("ck_conversations_language")),
        sa.CheckConstraint("NOT acknowledged OR held = '[]'", name=op.f("ck_conversations_held")),
        sa.CheckConstraint(
            "NOT acknowledged OR (reference IS NOT NULL AND first_promise_at IS NOT NULL)",
            name=op.f("ck_conversations_acknowledged"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column(
            "error", sa.Text(), nullable=False, comment="why it could not be handled; no personal data"
        ),
        sa.Column("blocks", sa.Boolean(), nullable=False, comment="later events of the key wait behind it"),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
        sa.UniqueConstraint("consumer", "event_id", name=op.f("uq_dead_letters_consumer")),
    )
    op.create_index("ix_dead_letters_key", "dead_letters", ["consumer", "key", "id"], unique=False)
    op.create_table(
        "forwarded_events",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=True, comment="empty for a ping"),
        sa.Column(
            "body",
            sa.Text(),
            nullable=False,
            comment="CloudEvents JSON, byte for byte what is signed and sent",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_forwarded_events")),
    )
    op.create_index(
        op.f("ix_forwarded_events_complaint_id"), "forwarded_events", ["complaint_id"], unique=False
    )
    op.create_table(
        "idempotency_keys",
        sa.Column(
            "principal", sa.Text(), nullable=False, comment="who sent it: keys of two callers never meet"
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "fingerprint", sa.LargeBinary(), nullable=False, comment="SHA-256 of method, path and body"
        ),
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="0 while the work is going on"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_table(
        "sequences",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "last", sa.BigInteger(), nullable=False, comment="number of the key's newest event in the topic"
        ),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_sequences")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="principal who subscribed"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("event_types", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column(
            "secret", sa.Text(), nullable=False, comment="sealed; the key comes from the installation secret"
        ),
        sa.Column(
            "previous_secret",
            sa.Text(),
            nullable=True,
            comment="sealed; signs beside the new one for a while after a rotation",
        ),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="in a row"),
        sa.Column(
            "failing_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="first failure since the last success",
        ),
        sa.Column(
            "paused_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="circuit breaker: nothing is sent before",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(previous_secret IS NULL) = (previous_until IS NULL)", name=op.f("ck_subscriptions_previous")
        ),
        sa.CheckConstraint("cardinality(event_types) > 0", name=op.f("ck_subscriptions_event_types")),
        sa.CheckConstraint("deleted_at IS NULL OR NOT enabled", name=op.f("ck_subscriptions_deleted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False, comment="follows from the cause: nothing is told twice"),
        sa.Column(
            "number", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="creation order"
        ),
        sa.Column("complaint_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False, comment="deliveries of one lane go one after the other"),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column(
            "facts",
            postgresql.JSONB(),
            nullable=False,
            comment="what the message says; no personal data",
        ),
        sa.Column("subscription_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column(
            "attempts",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="begun; also fences late couriers",
        ),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="while leased: the end of the lease",
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True, comment="no personal data"),
        sa.Column("sent_by", sa.Text(), nullable=True, comment="email, webhook"),
        sa.Column("template_version", sa.Text(), nullable=True),
        sa.Column(
            "body_sha256",
            sa.LargeBinary(),
            nullable=True,
            comment="proof of what was said; the text itself is not kept",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True, comment="delivered, or given up"),
        sa.CheckConstraint(
            "(status = 'leased') = (lease_until IS NOT NULL)", name=op.f("ck_deliveries_lease")
        ),
        sa.CheckConstraint(
            "(status IN ('delivered', 'failed', 'not_sent')) = (settled_at IS NOT NULL)",
            name=op.f("ck_deliveries_settled"),
        ),
        sa.CheckConstraint(
            "CASE channel WHEN 'customer' THEN template IS NOT NULL AND complaint_id IS NOT NULL "
            "AND subscription_id IS NULL "
            "WHEN 'webhook' THEN subscription_id IS NOT NULL AND event_id IS NOT NULL AND template IS NULL "
            "ELSE false END",
            name=op.f("ck_deliveries_channel"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'leased', 'delivered', 'failed', 'not_sent')",
            name=op.f("ck_deliveries_status"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["forwarded_events.event_id"], name=op.f("fk_deliveries_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_deliveries_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("number", name=op.f("uq_deliveries_number")),
    )
    op.create_index("ix_deliveries_complaint", "deliveries", ["complaint_id", "number"], unique=False)
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["channel", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('pending', 'leased')"),
    )
    op.create_index(
        "ix_deliveries_lane",
        "deliveries",
        ["lane", "number"],
        unique=False,
        postgresql_where=sa.text("status IN ('pending', 'leased')"),
    )
    op.create_index("ix_deliveries_subscription", "deliveries", ["subscription_id", "number"], unique=False)


def downgrade() -> None:
    for table in ("deliveries", "forwarded_events", "subscriptions", "conversations"):
        op.drop_table(table)
    for table in ("sequences", "outbox", "inbox", "idempotency_keys", "dead_letters"):
        op.drop_table(table)
