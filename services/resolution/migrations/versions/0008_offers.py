"""What solutions are found by, what they are worth, how the customer agreed, and visits."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


CHECKS = {
    "analysed": "reason_sufficient IS NOT NULL OR num_nonnulls(cause, impact, origin, needs) = 0",
    "origin": "origin IN ('delivery', 'nobody', 'product', 'service', 'supplier', 'unknown', 'use')",
    "first_value": "num_nonnulls(first_value, first_value_currency, first_value_reason, first_value_by) IN (0, 4)",
    "agreed": "num_nonnulls(agreed_via, agreed_by, agreed_at) IN (0, 3)",
    "agreed_offer": "agreed_via IS NULL OR agreed_offer_id IS NOT NULL",
}


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column(
            "people",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="who goes, by their ids in the directory",
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vehicle", sa.Text(), nullable=True, comment="by which they go"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="masked"),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cardinality(people) > 0", name=op.f("ck_visits_people")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_visits_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    op.create_index("ix_visits_complaint", "visits", ["complaint_id", "starts_at", "id"], unique=False)
    op.add_column(
        "cases", sa.Column("cause", sa.Text(), nullable=True, comment="judgement: why it happened, masked")
    )
    op.add_column(
        "cases",
        sa.Column(
            "impact", sa.Text(), nullable=True, comment="judgement: what it did to the customer, masked"
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "origin", sa.Text(), nullable=True, comment="judgement: where the cause lies; told to nobody"
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "needs",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="judgement: what the customer needs beside the thing itself",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "told",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="what solutions are found by",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "first_value", sa.Numeric(precision=14, scale=2), nullable=True, comment="V1 as a person set it"
        ),
    )
    op.add_column("cases", sa.Column("first_value_currency", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("first_value_reason", sa.Text(), nullable=True, comment="masked"))
    op.add_column("cases", sa.Column("first_value_by", sa.Text(), nullable=True))
    op.add_column(
        "cases", sa.Column("agreed_via", sa.Text(), nullable=True, comment="how the customer agreed")
    )
    op.add_column("cases", sa.Column("agreed_by", sa.Text(), nullable=True, comment="who recorded it"))
    op.add_column("cases", sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_cases_similar",
        "cases",
        ["category", "closed_at"],
        unique=False,
        postgresql_where=sa.text("state = 'closed' AND outcome IN ('satisfied', 'acceptable')"),
    )
    op.create_index(
        "ix_cases_product",
        "cases",
        [sa.text("coalesce(told #>> '{product,id}', told #>> '{product,model}')"), "closed_at"],
        unique=False,
        postgresql_where=sa.text("state = 'closed' AND outcome IN ('satisfied', 'acceptable')"),
    )
    op.add_column(
        "offers",
        sa.Column(
            "solution",
            sa.Text(),
            nullable=True,
            comment="its code in the rulebook of remedies, if it was suggested",
        ),
    )
    for name, check in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_cases_{name}"), "cases", check)


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_cases_{name}"), "cases")
    op.drop_column("offers", "solution")
    op.drop_index("ix_cases_product", table_name="cases")
    op.drop_index(
        "ix_cases_similar",
        table_name="cases",
        postgresql_where=sa.text("state = 'closed' AND outcome IN ('satisfied', 'acceptable')"),
    )
    op.drop_column("cases", "agreed_at")
    op.drop_column("cases", "agreed_by")
    op.drop_column("cases", "agreed_via")
    op.drop_column("cases", "first_value_by")
    op.drop_column("cases", "first_value_reason")
    op.drop_column("cases", "first_value_currency")
    op.drop_column("cases", "first_value")
    op.drop_column("cases", "told")
    op.drop_column("cases", "needs")
    op.drop_column("cases", "origin")
    op.drop_column("cases", "impact")
    op.drop_column("cases", "cause")
    op.drop_index("ix_visits_complaint", table_name="visits")
    op.drop_table("visits")
