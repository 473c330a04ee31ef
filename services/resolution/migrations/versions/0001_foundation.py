"""Foundation: cases, their promises, offers and timelines, and the tables that every service has."""

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
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False, comment="the complaint's id"),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the saved changes; the ETag"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True, comment="what the customer quotes"),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("handler_id", sa.Text(), nullable=True),
        sa.Column("handler_name", sa.Text(), nullable=True),
        sa.Column(
            "assigned_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the handler was last decided; an older decision is ignored",
        ),
        sa.Column(
            "reason_sufficient", sa.Boolean(), nullable=True, comment="judgement: is the reason sufficient?"
        ),
        sa.Column(
            "demand_reasonable", sa.Boolean(), nullable=True, comment="judgement: is the demand reasonable?"
        ),
        sa.Column("round", sa.SmallInteger(), nullable=False, comment="rounds of offers so far"),
        sa.Column("agreed_offer_id", sa.Uuid(), nullable=True),
        sa.Column("solutions", sa.SmallInteger(), nullable=False, comment="how often a result was told"),
        sa.Column("result", sa.Text(), nullable=True, comment="what the customer was told last, masked"),
        sa.Column("carried_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True, comment="the customer's own judgement"),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promise_id", sa.Uuid(), nullable=True, comment="the live promise"),
        sa.Column("promises", sa.Integer(), nullable=False, comment="promises made so far"),
        sa.Column("entries", sa.Integer(), nullable=False, comment="timeline entries so far"),
        sa.CheckConstraint(
            "(state = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_cases_closed_with_outcome")
        ),
        sa.CheckConstraint(
            "(state = 'unopened') = (registered_at IS NULL)", name=op.f("ck_cases_opened_by_registration")
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'agreed', 'offered', 'open')) = (promise_id IS NOT NULL)",
            name=op.f("ck_cases_unsolved_has_promise"),
        ),
        sa.CheckConstraint(
            "outcome IN ('acceptable', 'not_acceptable', 'satisfied')", name=op.f("ck_cases_outcome")
        ),
        sa.CheckConstraint("severity IN ('general', 'major', 'urgent')", name=op.f("ck_cases_severity")),
        sa.CheckConstraint(
            "state <> 'agreed' OR agreed_offer_id IS NOT NULL", name=op.f("ck_cases_agreed_to_an_offer")
        ),
        sa.CheckConstraint(
            "state IN ('accepted', 'agreed', 'carried_out', 'closed', 'offered', 'open', 'unopened')",
            name=op.f("ck_cases_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('carried_out', 'closed') OR result IS NOT NULL",
            name=op.f("ck_cases_result_was_told"),
        ),
        sa.CheckConstraint(
            "(reason_sufficient IS NULL) = (demand_reasonable IS NULL)", name=op.f("ck_cases_judged_both")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_department", "cases", ["department", "registered_at", "id"], unique=False)
    op.create_index("ix_cases_handler", "cases", ["handler_id", "registered_at", "id"], unique=False)
    op.create_index(
        "ix_cases_registered",
        "cases",
        ["registered_at", "id"],
        unique=False,
        postgresql_where=sa.text("state != 'unopened'"),
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
        "sequences",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "last", sa.BigInteger(), nullable=False, comment="number of the key's newest event in the topic"
        ),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_sequences")),
    )
    op.create_table(
        "offers",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False, comment="1 is the best that the company can do"),
        sa.Column("remedies", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("description", sa.Text(), nullable=False, comment="masked"),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.CheckConstraint("(amount IS NULL) = (currency IS NULL)", name=op.f("ck_offers_money")),
        sa.CheckConstraint("rank BETWEEN 1 AND 4", name=op.f("ck_offers_rank")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_offers_complaint_id")),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_offers")),
        sa.UniqueConstraint("complaint_id", "round", "rank", name=op.f("uq_offers_complaint_id")),
    )
    op.create_table(
        "promises",
        sa.Column("promise_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counts the promises of a case, from 1"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "settled_at", sa.DateTime(timezone=True), nullable=True, comment="when it was kept or broken"
        ),
        sa.Column("handler_id", sa.Text(), nullable=True, comment="whose case it was then"),
        sa.CheckConstraint("(state = 'live') = (settled_at IS NULL)", name=op.f("ck_promises_settled")),
        sa.CheckConstraint(
            "state <> 'broken' OR settled_at > due_at", name=op.f("ck_promises_broken_when_late")
        ),
        sa.CheckConstraint("state <> 'kept' OR settled_at <= due_at", name=op.f("ck_promises_kept_in_time")),
        sa.CheckConstraint("state IN ('broken', 'kept', 'live')", name=op.f("ck_promises_state")),
        sa.CheckConstraint("due_at > made_at", name=op.f("ck_promises_due_after_made")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_promises_complaint_id")),
        sa.PrimaryKeyConstraint("promise_id", name=op.f("pk_promises")),
        sa.UniqueConstraint("complaint_id", "number", name=op.f("uq_promises_complaint_id")),
    )
    op.create_index(
        "ix_promises_due", "promises", ["due_at"], unique=False, postgresql_where=sa.text("state = 'live'")
    )
    op.create_index(
        "uq_promises_live",
        "promises",
        ["complaint_id"],
        unique=True,
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "timeline",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="counts a case's entries as they became known"
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="orders entries of the same time"),
        sa.Column("author", sa.Text(), nullable=False, comment="who: the caller's id, customer, system"),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="what"),
        sa.Column("text", sa.Text(), nullable=True, comment="why or in which words, masked"),
        sa.CheckConstraint("audience IN ('customer', 'internal')", name=op.f("ck_timeline_audience")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_timeline_complaint_id")),
        sa.PrimaryKeyConstraint("complaint_id", "number", name=op.f("pk_timeline")),
    )
    # Added last, because cases and promises point at each other; deferred, because both are written in one
    # transaction.
    op.create_foreign_key(
        "fk_cases_promise_id",
        "cases",
        "promises",
        ["promise_id"],
        ["promise_id"],
        deferrable=True,
        initially="DEFERRED",
    )


def downgrade() -> None:
    op.drop_constraint("fk_cases_promise_id", "cases")
    for table in ("timeline", "promises", "offers", "cases"):
        op.drop_table(table)
    for table in ("sequences", "outbox", "inbox", "idempotency_keys", "dead_letters"):
        op.drop_table(table)
