"""The dialogue between customers and handlers, and withdrawals."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="counts the messages of a complaint, from 1"
        ),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_customer", sa.Boolean(), nullable=False),
        sa.Column(
            "written_by", sa.Text(), nullable=False, comment="`customer`, or the principal that posted it"
        ),
        sa.Column("signed", sa.Text(), nullable=True, comment="work name under which the customer reads it"),
        sa.Column(
            "holds",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="names of the private fields that have a value",
        ),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=False, comment="the private fields; empty once erased"
        ),
        sa.CheckConstraint("'text' = ANY(holds)", name=op.f("ck_messages_says_something")),
        sa.CheckConstraint("number > 0", name=op.f("ck_messages_number")),
        sa.CheckConstraint("from_customer = (written_by = 'customer')", name=op.f("ck_messages_author")),
        sa.CheckConstraint("NOT from_customer OR signed IS NULL", name=op.f("ck_messages_signed_by_staff")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_messages_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("complaint_id", "number", name=op.f("uq_messages_complaint_id")),
        comment="What customers and handlers write to each other; each side reads it masked. "
        "A trigger refuses every change but erasing and sealing anew.",
    )
    op.execute(
        "CREATE TRIGGER told_is_immutable BEFORE UPDATE ON messages "
        "FOR EACH ROW EXECUTE FUNCTION refuse_unsealed()"
    )
    op.add_column(
        "views",
        sa.Column(
            "withdrawn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the customer withdrew the complaint",
        ),
    )
    op.create_check_constraint(
        op.f("ck_views_withdrawn_since"), "views", "status <> 'withdrawn' OR withdrawn_at IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_views_one_end"), "views", "status <> 'closed' OR withdrawn_at IS NULL"
    )


def downgrade() -> None:
    for name in ("one_end", "withdrawn_since"):
        op.drop_constraint(op.f(f"ck_views_{name}"), "views")
    op.drop_column("views", "withdrawn_at")
    op.drop_table("messages")
