"""Wordings of letters, kept for as long as deliveries name them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "wordings",
        sa.Column("digest", sa.Text(), nullable=False, comment="of all that follows; deliveries name it"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="0 is what that release was shipped with"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "parts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what all letters share, by name, and the layout",
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="first in force"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_wordings")),
        comment="Exact wordings of letters. A trigger refuses every change.",
    )
    op.execute(
        "CREATE FUNCTION wordings_are_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'a wording never changes; deliveries name it'; END $$"
    )
    op.execute(
        "CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE ON wordings "
        "FOR EACH STATEMENT EXECUTE FUNCTION wordings_are_for_ever()"
    )


def downgrade() -> None:
    op.drop_table("wordings")
    op.execute("DROP FUNCTION wordings_are_for_ever")
