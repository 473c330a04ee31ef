"""The first tables."""

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
        "customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "external_id",
            sa.Text(),
            nullable=True,
            comment="the customer's number in the company's own system",
        ),
        sa.Column("type", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("external_id", name=op.f("uq_customers_external_id")),
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
        "progress",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="Last-Event-ID of the stream",
        ),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress")),
        sa.UniqueConstraint("event_id", name=op.f("uq_progress_event_id")),
    )
    op.create_index("ix_progress_complaint", "progress", ["complaint_id", "id"], unique=False)
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
        "views",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("handler_name", sa.Text(), nullable=True),
        sa.Column("promise_id", sa.Uuid(), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("round", sa.Integer(), nullable=True, comment="of the newest offers"),
        sa.Column("offers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("offers_answer", sa.Text(), nullable=True, comment="id of the chosen offer, or `declined`"),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("opinion_asked", sa.Boolean(), nullable=False),
        sa.Column("follow_up_id", sa.Uuid(), nullable=True, comment="the newest request for an opinion"),
        sa.CheckConstraint(
            "status <> 'closed' OR outcome IS NOT NULL", name=op.f("ck_views_closed_has_outcome")
        ),
        sa.CheckConstraint("offers = '[]' OR round IS NOT NULL", name=op.f("ck_views_offers_have_round")),
        sa.CheckConstraint(
            "NOT opinion_asked OR follow_up_id IS NOT NULL", name=op.f("ck_views_opinion_has_follow_up")
        ),
        sa.CheckConstraint(
            "(promise_id IS NULL) = (promised_at IS NULL)", name=op.f("ck_views_promise_has_time")
        ),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_views")),
    )
    op.create_table(
        "complaints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False, comment="principal that posted it"),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "name",
            sa.Text(),
            nullable=True,
            comment="contact as told with this complaint; another complaint does not change it",
        ),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("against", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("what_went_wrong", sa.Text(), nullable=False, comment="in the customer's own words"),
        sa.Column("feeling", sa.Text(), nullable=True, comment="in the customer's own words"),
        sa.Column("wanted", sa.Text(), nullable=True, comment="in the customer's own words"),
        sa.Column("product", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("order", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="5W2H"),
        sa.Column("desired_remedies", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("desired_amount", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("estimated_loss", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("completeness", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("missing", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint("completeness BETWEEN 0 AND 1", name=op.f("ck_complaints_completeness")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_complaints_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("reference", name=op.f("uq_complaints_reference")),
        comment="What was told. A trigger refuses every change: additions are entries of their own.",
    )
    op.create_index(op.f("ix_complaints_customer_id"), "complaints", ["customer_id"], unique=False)
    op.create_index(
        "ix_complaints_newest",
        "complaints",
        [sa.literal_column("registered_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'what a customer told is never changed' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER told_is_immutable BEFORE UPDATE ON complaints "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_index("ix_complaints_newest", table_name="complaints")
    op.drop_index(op.f("ix_complaints_customer_id"), table_name="complaints")
    op.drop_table("complaints")
    op.drop_table("views")
    op.drop_table("sequences")
    op.drop_index("ix_progress_complaint", table_name="progress")
    op.drop_table("progress")
    op.drop_table("outbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotency_keys_created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_dead_letters_key", table_name="dead_letters")
    op.drop_table("dead_letters")
    op.drop_table("customers")
    op.execute("DROP FUNCTION refuse_change() CASCADE")
