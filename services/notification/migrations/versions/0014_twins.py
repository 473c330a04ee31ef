"""Whose letter told somebody else at the same address: what comes back is lost for both."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "field_letter_twins",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("delivery_id <> letter_id", name=op.f("ck_field_letter_twins_another")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_field_letter_twins_delivery_id")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["deliveries.id"], name=op.f("fk_field_letter_twins_letter_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_field_letter_twins")),
        comment="Deliveries that are made by the letter of somebody else at the same address, and lost with it.",
    )
    op.create_index(op.f("ix_field_letter_twins_letter_id"), "field_letter_twins", ["letter_id"])


def downgrade() -> None:
    op.drop_table("field_letter_twins")
