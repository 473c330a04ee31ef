"""The first tables."""

import json
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
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
        "departments",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column(
            "layer",
            sa.SmallInteger(),
            nullable=False,
            comment="1 contact, 2 acceptance, 3 technical, 4 management",
        ),
        sa.Column(
            "categories",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="level-1 categories it is responsible for",
        ),
        sa.CheckConstraint("layer BETWEEN 1 AND 4", name=op.f("ck_departments_layer")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_departments")),
    )
    op.create_table(
        "dispatches",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("against", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("handler_id", sa.Text(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "held",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="facts that came before what was told",
        ),
        sa.CheckConstraint("status = 'blank' OR registered_at IS NOT NULL", name=op.f("ck_dispatches_known")),
        sa.CheckConstraint(
            "closed_at IS NULL OR status IN ('blank', 'released')", name=op.f("ck_dispatches_closed")
        ),
        sa.CheckConstraint(
            "status IN ('blank', 'referred', 'released') OR category IS NOT NULL",
            name=op.f("ck_dispatches_decided"),
        ),
        sa.CheckConstraint(
            "status <> 'assigned' OR handler_id IS NOT NULL", name=op.f("ck_dispatches_owned")
        ),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_dispatches")),
    )
    op.create_index(
        "ix_dispatches_queue",
        "dispatches",
        ["status", "registered_at", "complaint_id"],
        unique=False,
        postgresql_where=sa.text("status IN ('referred', 'waiting')"),
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
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fact_type", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(acknowledged_by IS NULL) = (acknowledged_at IS NULL)", name=op.f("ck_notices_acknowledged")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        "ix_notices_audience",
        "notices",
        ["audience", sa.literal_column("issued_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(op.f("ix_notices_complaint_id"), "notices", ["complaint_id"], unique=False)
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
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="work name, the one they sign with"),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("open_cases", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_people_capacity")),
        sa.CheckConstraint("open_cases >= 0", name=op.f("ck_people_open_cases")),
        sa.ForeignKeyConstraint(["department"], ["departments.code"], name=op.f("fk_people_department")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    seed = json.loads((Path(__file__).parent.parent / "seed_directory.json").read_text("utf-8"))
    for table, key in (("departments", "departments"), ("people", "people")):
        op.bulk_insert(
            sa.table(
                table,
                *(
                    sa.column(name, sa.ARRAY(sa.Text) if isinstance(value, list) else None)
                    for name, value in seed[key][0].items()
                ),
            ),
            seed[key],
        )


def downgrade() -> None:
    op.drop_table("people")
    op.drop_table("sequences")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_notices_complaint_id"), table_name="notices")
    op.drop_index("ix_notices_audience", table_name="notices")
    op.drop_table("notices")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotency_keys_created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index(
        "ix_dispatches_queue",
        table_name="dispatches",
        postgresql_where=sa.text("status IN ('referred', 'waiting')"),
    )
    op.drop_table("dispatches")
    op.drop_table("departments")
    op.drop_index("ix_dead_letters_key", table_name="dead_letters")
    op.drop_table("dead_letters")
