"""A hash chain for every case; who is complained about; by which policies and rulebooks it was handled."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column(
            "policies",
            postgresql.JSONB(astext_type=sa.Text()),
            comment="written policies in force at the last assignment: code, version",
        ),
        sa.Column(
            "books_at_start",
            postgresql.JSONB(astext_type=sa.Text()),
            comment="rulebooks in force when the case was taken up: kind, version",
        ),
        sa.Column(
            "books_at_end", postgresql.JSONB(astext_type=sa.Text()), comment="the same when it was closed"
        ),
        sa.Column(
            "audit_from",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="so many timeline entries were there before the chain began",
        ),
        sa.Column(
            "audit_number",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="number of the newest audit entry",
        ),
        sa.Column("audit_hash", sa.LargeBinary(), comment="its hash"),
        sa.Column(
            "audit_salt",
            sa.LargeBinary(),
            comment="makes the key of the chain; gone once the person was erased",
        ),
    )


def upgrade() -> None:
    for column in _columns():
        op.add_column("cases", column)
    op.execute("UPDATE cases SET audit_from = entries WHERE entries > 0")
    op.create_check_constraint(
        op.f("ck_cases_audit_head"), "cases", "(audit_number > 0) = (audit_hash IS NOT NULL)"
    )
    op.create_check_constraint(
        op.f("ck_cases_erased_without_key"), "cases", "NOT erased OR audit_salt IS NULL"
    )
    op.create_table(
        "audit_entries",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counts from 1, without gaps"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False, comment="what is covered"),
        sa.Column("key", sa.Text(), nullable=False, comment="which row of it"),
        sa.Column(
            "note",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what the entry says itself, when it covers no row",
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="HMAC-SHA-256 of what is covered"),
        sa.Column("previous", sa.LargeBinary(), nullable=False, comment="hash of the entry before"),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of all the others"),
        sa.CheckConstraint("number > 0", name=op.f("ck_audit_entries_number")),
        sa.CheckConstraint(
            "part IN ('contact', 'note', 'offer', 'promise', 'settlement', 'timeline')",
            name=op.f("ck_audit_entries_part"),
        ),
        sa.CheckConstraint("(part = 'note') = (note IS NOT NULL)", name=op.f("ck_audit_entries_note")),
        sa.CheckConstraint(
            "octet_length(digest) = 32 AND octet_length(previous) = 32 AND octet_length(hash) = 32",
            name=op.f("ck_audit_entries_hashes"),
        ),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_audit_entries_complaint_id")),
        sa.PrimaryKeyConstraint("complaint_id", "number", name=op.f("pk_audit_entries")),
        comment="What happened to each case, chained by hashes. A trigger refuses every change and removal.",
    )
    op.execute(
        """
        CREATE FUNCTION refuse_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit chain is only added to' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_forgetting()"
    )


def downgrade() -> None:
    op.drop_table("audit_entries")
    op.execute("DROP FUNCTION refuse_forgetting()")
    op.drop_constraint(op.f("ck_cases_erased_without_key"), "cases")
    op.drop_constraint(op.f("ck_cases_audit_head"), "cases")
    for column in _columns():
        op.drop_column("cases", column.name)
