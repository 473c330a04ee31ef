"""The record with its additions, and the codings by the taxonomy."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


DATED = ("additions", "restatement_answers", "codings", "coding_reviews", "orientations")


def upgrade() -> None:
    op.create_table(
        "orientations",
        sa.Column("taxonomy_version", sa.Integer(), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="counts the changes, from 1; the highest holds"
        ),
        sa.Column(
            "mapping",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="value labels by place in the taxonomy",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mapping <> '{}'", name=op.f("ck_orientations_maps")),
        sa.CheckConstraint("number > 0", name=op.f("ck_orientations_number")),
        sa.PrimaryKeyConstraint("taxonomy_version", "number", name=op.f("pk_orientations")),
        comment="Changes of the value orientation; before the first, that of the taxonomy holds.",
    )
    op.create_table(
        "additions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="counts the additions to a complaint, from 1"
        ),
        sa.Column(
            "contact_at", sa.DateTime(timezone=True), nullable=False, comment="when the customer said it"
        ),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False, comment="principal that posted it"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=True, comment="in the customer's own words"),
        sa.Column(
            "emotion", sa.Text(), nullable=True, comment="how the customer came across in this contact"
        ),
        sa.Column("restatement", sa.Text(), nullable=True, comment="what the handler understood"),
        sa.Column(
            "told",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="parts of the record that this contact told",
        ),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "completeness",
            sa.Numeric(precision=5, scale=4),
            nullable=False,
            comment="of the complaint, from here on",
        ),
        sa.Column("missing", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "told <> '{}' OR num_nonnulls(said, emotion, restatement, name, email, phone, address) > 0",
            name=op.f("ck_additions_adds_something"),
        ),
        sa.CheckConstraint("completeness BETWEEN 0 AND 1", name=op.f("ck_additions_completeness")),
        sa.CheckConstraint("number > 0", name=op.f("ck_additions_number")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_additions_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_additions")),
        sa.UniqueConstraint("complaint_id", "number", name=op.f("uq_additions_complaint_id")),
        comment="Dated entries. A trigger refuses every change.",
    )
    op.create_table(
        "codings",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="counts the codings of a complaint, from 1"
        ),
        sa.Column("taxonomy_version", sa.Integer(), nullable=False),
        sa.Column(
            "codes",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="category and subcategory; the main one first",
        ),
        sa.Column(
            "value_labels", sa.ARRAY(sa.Text()), nullable=False, comment="what the customer holds dear"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column(
            "needs_review", sa.Boolean(), nullable=False, comment="in force only when somebody else approves"
        ),
        sa.Column("coded_by", sa.Text(), nullable=False),
        sa.Column("coded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("NOT needs_review OR evidence IS NOT NULL", name=op.f("ck_codings_has_evidence")),
        sa.CheckConstraint("cardinality(value_labels) > 0", name=op.f("ck_codings_has_value")),
        sa.CheckConstraint("jsonb_array_length(codes) > 0", name=op.f("ck_codings_coded")),
        sa.CheckConstraint(
            'needs_review OR NOT codes @> \'[{"category": "customer_strategy"}]\'',
            name=op.f("ck_codings_strategy_is_reviewed"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_codings_number")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_codings_complaint_id")),
        sa.PrimaryKeyConstraint("complaint_id", "number", name=op.f("pk_codings")),
        sa.UniqueConstraint("complaint_id", "number", "coded_by", name=op.f("uq_codings_complaint_id")),
    )
    op.create_table(
        "coding_reviews",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the coding"),
        sa.Column(
            "coded_by", sa.Text(), nullable=False, comment="of the coding, so that the check can see it"
        ),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reviewed_by <> coded_by", name=op.f("ck_coding_reviews_second_person")),
        sa.ForeignKeyConstraint(
            ["complaint_id", "number", "coded_by"],
            ["codings.complaint_id", "codings.number", "codings.coded_by"],
            name="fk_coding_reviews_coding",
        ),
        sa.PrimaryKeyConstraint("complaint_id", "number", name=op.f("pk_coding_reviews")),
    )
    op.create_table(
        "restatement_answers",
        sa.Column("addition_id", sa.Uuid(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column(
            "correction", sa.Text(), nullable=True, comment="what is not right, in the customer's own words"
        ),
        sa.Column("answered_by", sa.Text(), nullable=False, comment="`customer`, or who recorded the answer"),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "confirmed = (correction IS NULL)", name=op.f("ck_restatement_answers_corrected_or_confirmed")
        ),
        sa.ForeignKeyConstraint(
            ["addition_id"], ["additions.id"], name=op.f("fk_restatement_answers_addition_id")
        ),
        sa.PrimaryKeyConstraint("addition_id", name=op.f("pk_restatement_answers")),
        comment="One for each restatement, and a trigger refuses every change.",
    )
    op.add_column(
        "complaints",
        sa.Column(
            "complainant_type",
            sa.Text(),
            nullable=True,
            comment="of this complaint; a customer may complain in two roles",
        ),
    )
    op.add_column(
        "complaints",
        sa.Column(
            "expectation",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="in what the customer was disappointed",
        ),
    )
    op.add_column(
        "complaints",
        sa.Column("desired_compensation", sa.ARRAY(sa.Text()), nullable=True, comment="moral, material"),
    )
    op.add_column(
        "complaints", sa.Column("claimed_losses", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "complaints",
        sa.Column(
            "emotion", sa.Text(), nullable=True, comment="how the customer came across when it was told"
        ),
    )
    op.add_column(
        "complaints",
        sa.Column(
            "taken_by",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="who of the company heard it first",
        ),
    )
    op.add_column(
        "complaints",
        sa.Column(
            "accused",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the person complained about; the name is personal data",
        ),
    )
    op.add_column(
        "complaints",
        sa.Column(
            "public_link",
            sa.Text(),
            nullable=True,
            comment="where it stands in public; may name the customer",
        ),
    )
    op.create_check_constraint(
        op.f("ck_complaints_accused_is_a_person"), "complaints", "accused IS NULL OR against = 'person'"
    )
    op.create_check_constraint(
        op.f("ck_complaints_link_is_public"), "complaints", "public_link IS NULL OR visibility = 'public'"
    )
    op.create_check_constraint(
        op.f("ck_complaints_anonymous_is_nobody"),
        "complaints",
        "complainant_type <> 'anonymous' OR num_nonnulls(name, email, phone, address) = 0",
    )
    op.execute(
        """
        CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a dated entry is never changed' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for table in DATED:
        op.execute(
            f"CREATE TRIGGER entries_are_immutable BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
        )


def downgrade() -> None:
    for name in ("accused_is_a_person", "link_is_public", "anonymous_is_nobody"):
        op.drop_constraint(op.f(f"ck_complaints_{name}"), "complaints")
    op.drop_column("complaints", "public_link")
    op.drop_column("complaints", "accused")
    op.drop_column("complaints", "taken_by")
    op.drop_column("complaints", "emotion")
    op.drop_column("complaints", "claimed_losses")
    op.drop_column("complaints", "desired_compensation")
    op.drop_column("complaints", "expectation")
    op.drop_column("complaints", "complainant_type")
    op.drop_table("restatement_answers")
    op.drop_table("coding_reviews")
    op.drop_table("codings")
    op.drop_table("additions")
    op.drop_table("orientations")
    op.execute("DROP FUNCTION refuse_rewriting()")
