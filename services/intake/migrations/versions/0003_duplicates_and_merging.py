"""Marks by which duplicates are found, and which complaint follows which."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("mark", sa.BigInteger(), nullable=False, comment="keyed digest; see duplicates/marks.py"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "complaint_id", name=op.f("pk_marks")),
        comment="by what a complaint is found when another one may tell the same",
    )
    op.create_table(
        "merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("leading_id", sa.Uuid(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="masked"),
        sa.Column(
            "separated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null: the complaint follows still",
        ),
        sa.Column("separated_by", sa.Text(), nullable=True),
        sa.Column("separation_reason", sa.Text(), nullable=True, comment="masked"),
        sa.CheckConstraint("complaint_id <> leading_id", name=op.f("ck_merges_two")),
        sa.CheckConstraint(
            "(separated_at IS NULL) = (separated_by IS NULL)", name=op.f("ck_merges_separated")
        ),
        sa.CheckConstraint("separated_at >= merged_at", name=op.f("ck_merges_order")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_merges_complaint_id")),
        sa.ForeignKeyConstraint(["leading_id"], ["complaints.id"], name=op.f("fk_merges_leading_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    op.create_index(op.f("ix_merges_complaint_id"), "merges", ["complaint_id"], unique=False)
    op.create_index(op.f("ix_merges_leading_id"), "merges", ["leading_id"], unique=False)
    op.create_index(
        "uq_merges_live",
        "merges",
        ["complaint_id"],
        unique=True,
        postgresql_where=sa.text("separated_at IS NULL"),
    )
    # Two merges that each are right alone may make a chain together: whoever merges waits for the others here.
    op.execute(
        """
        CREATE FUNCTION refuse_chain() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(967072339020200766);  -- as session_lock_key("intake", "merging")
            IF NEW.separated_at IS NULL AND EXISTS (
                SELECT 1 FROM merges m WHERE m.separated_at IS NULL AND m.id <> NEW.id
                AND (m.complaint_id = NEW.leading_id OR m.leading_id = NEW.complaint_id)) THEN
                RAISE EXCEPTION 'a complaint that follows another one leads nobody'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER no_chains BEFORE INSERT OR UPDATE ON merges "
        "FOR EACH ROW EXECUTE FUNCTION refuse_chain()"
    )


def downgrade() -> None:
    op.drop_table("merges")
    op.execute("DROP FUNCTION refuse_chain()")
    op.drop_table("marks")
