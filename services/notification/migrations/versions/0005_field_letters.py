"""Letters about field actions, to customers by their own ids."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

CUSTOMER = (
    "CASE channel WHEN 'customer' THEN template IS NOT NULL AND complaint_id IS NOT NULL "
    "AND subscription_id IS NULL AND recipient IS NULL"
)
REST = (
    "WHEN 'staff' THEN template IS NOT NULL AND complaint_id IS NOT NULL AND recipient IS NOT NULL "
    "WHEN 'webhook' THEN subscription_id IS NOT NULL AND event_id IS NOT NULL AND template IS NULL ELSE false END"
)


def upgrade() -> None:
    op.create_table(
        "field_letters",
        sa.Column("field_action_id", sa.Uuid(), nullable=False),
        sa.Column(
            "address",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed digest of an address: nobody can read it",
        ),
        sa.Column("delivery_id", sa.Uuid(), nullable=False, comment="whose letter goes there"),
        sa.PrimaryKeyConstraint("field_action_id", "address", name=op.f("pk_field_letters")),
        comment="Two customers with one address are one person, who is written to once in a field action.",
    )
    op.add_column(
        "deliveries",
        sa.Column(
            "customer_id", sa.Uuid(), nullable=True, comment="a customer by their own id, of a field action"
        ),
    )
    _check(f"{CUSTOMER} AND (customer_id IS NOT NULL) = (template = 'field-action') {REST}")


def downgrade() -> None:
    _check(f"{CUSTOMER} {REST}")
    op.drop_column("deliveries", "customer_id")
    op.drop_table("field_letters")


def _check(condition: str) -> None:
    op.drop_constraint(op.f("ck_deliveries_channel"), "deliveries")
    op.create_check_constraint(op.f("ck_deliveries_channel"), "deliveries", condition)
