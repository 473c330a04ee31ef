"""Foundation: the read tables, and what every service has."""

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
        "complaints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "registered_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null until the registration was read; until then it counts nowhere",
        ),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("medium", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("offer_chosen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offers_declined", sa.Integer(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=True, comment="newest answer to the survey"),
        sa.Column("opinion_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("triaged_at", sa.DateTime(timezone=True), nullable=True, comment="last decision"),
        sa.Column(
            "triaged_automatically",
            sa.Boolean(),
            nullable=True,
            comment="whether the rules took the last decision",
        ),
        sa.Column("referred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("handler_id", sa.Text(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True, comment="last assignment"),
        sa.Column("assignments", sa.Integer(), nullable=False),
        sa.Column("notices_acknowledged", sa.Integer(), nullable=False),
        sa.Column("notices_issued", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True, comment="first acceptance"),
        sa.Column("accepted_by", sa.Text(), nullable=True, comment="who accepted it last"),
        sa.Column("valid", sa.Boolean(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer_rounds", sa.Integer(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "carried_out_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null again while the case is resumed",
        ),
        sa.Column("updates", sa.Integer(), nullable=False, comment="times a person told how things stand"),
        sa.Column("follow_ups", sa.Integer(), nullable=False),
        sa.Column("resumed", sa.Integer(), nullable=False),
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null again while the case is resumed",
        ),
        sa.Column("outcome", sa.Text(), nullable=True, comment="the customer's judgement at the closing"),
        sa.Column("promises_made", sa.Integer(), nullable=False),
        sa.Column("promises_kept_at", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("promises_broken_at", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("messages_delivered", sa.Integer(), nullable=False),
        sa.Column("messages_failed", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_complaints_closed_with_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        comment="one row per complaint, as the events tell it",
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "daily",
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="UTC"),
        sa.Column(
            "value", sa.Text(), nullable=False, comment="'' while it is not known, and for dimension none"
        ),
        sa.Column(
            "received",
            sa.BigInteger(),
            nullable=False,
            comment="complaints of every kind, on the day of receipt",
        ),
        sa.Column(
            "dissatisfied",
            sa.BigInteger(),
            nullable=False,
            comment="received with a complaint or a criticism, on the day of receipt",
        ),
        sa.Column(
            "converted",
            sa.BigInteger(),
            nullable=False,
            comment="of `dissatisfied`, those that ended satisfied, on the day of receipt",
        ),
        sa.Column(
            "handled",
            sa.BigInteger(),
            nullable=False,
            comment="solution carried out, or closed without one, on the day of receipt",
        ),
        sa.Column(
            "handling_seconds",
            sa.BigInteger(),
            nullable=False,
            comment="sum over `handled` of the seconds from receipt to the result, on the day of receipt",
        ),
        sa.Column(
            "triaged",
            sa.BigInteger(),
            nullable=False,
            comment="category decided, on the day of the last decision",
        ),
        sa.Column(
            "triaged_automatically",
            sa.BigInteger(),
            nullable=False,
            comment="of `triaged`, those whose last decision the rules took",
        ),
        sa.Column(
            "closed", sa.BigInteger(), nullable=False, comment="closed and not resumed, on the day of closing"
        ),
        sa.Column(
            "satisfied", sa.BigInteger(), nullable=False, comment="of `closed`, by the customer's judgement"
        ),
        sa.Column(
            "acceptable", sa.BigInteger(), nullable=False, comment="of `closed`, by the customer's judgement"
        ),
        sa.Column(
            "not_acceptable",
            sa.BigInteger(),
            nullable=False,
            comment="of `closed`, by the customer's judgement",
        ),
        sa.Column(
            "promises_kept",
            sa.BigInteger(),
            nullable=False,
            comment="promised replies that went out in time, on the day they went out",
        ),
        sa.Column(
            "promises_broken",
            sa.BigInteger(),
            nullable=False,
            comment="promised replies that did not, on the day they were missed",
        ),
        sa.CheckConstraint(
            "dimension IN ('none', 'category', 'severity', 'department', 'channel')",
            name=op.f("ck_daily_dimension"),
        ),
        sa.CheckConstraint(
            "converted <= dissatisfied AND dissatisfied <= received", name=op.f("ck_daily_converted")
        ),
        sa.CheckConstraint(
            "greatest(received, dissatisfied, converted, handled, handling_seconds, triaged, "
            "triaged_automatically, closed, satisfied, acceptable, not_acceptable, promises_kept, "
            "promises_broken) > 0",
            name=op.f("ck_daily_not_empty"),
        ),
        sa.CheckConstraint("handled <= received", name=op.f("ck_daily_handled")),
        sa.CheckConstraint(
            "least(received, dissatisfied, converted, handled, handling_seconds, triaged, "
            "triaged_automatically, closed, satisfied, acceptable, not_acceptable, promises_kept, "
            "promises_broken) >= 0",
            name=op.f("ck_daily_not_negative"),
        ),
        sa.CheckConstraint("satisfied + acceptable + not_acceptable = closed", name=op.f("ck_daily_closed")),
        sa.CheckConstraint("triaged_automatically <= triaged", name=op.f("ck_daily_triaged")),
        sa.PrimaryKeyConstraint("dimension", "day", "value", name=op.f("pk_daily")),
        comment="what is counted per day, once for every dimension: each dimension adds up to the same",
        postgresql_with={"fillfactor": 70},
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
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
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
        "handling_times",
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="of receipt, UTC"),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False, comment="index into durations.BOUNDS"),
        sa.Column(
            "n",
            sa.BigInteger(),
            nullable=False,
            comment="handled complaints whose handling time is in the bucket",
        ),
        sa.CheckConstraint("n > 0", name=op.f("ck_handling_times_not_empty")),
        sa.PrimaryKeyConstraint("dimension", "day", "value", "bucket", name=op.f("pk_handling_times")),
        comment="histogram of handling times; histograms add up, percentiles do not",
        postgresql_with={"fillfactor": 70},
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
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
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


def downgrade() -> None:
    op.drop_table("sequences")
    op.drop_table("outbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotency_keys_created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("handling_times")
    op.drop_index("ix_dead_letters_key", table_name="dead_letters")
    op.drop_table("dead_letters")
    op.drop_table("daily")
    op.drop_table("complaints")
