"""Rulebooks: intake takes words to customers, and its policy says what becomes of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "rulebook_versions",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="counts from 1; 0 is what Redress is shipped with",
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the content"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_rulebook_versions_version")),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_rulebook_versions")),
    )
    op.create_table(
        "rulebook_switches",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            comment="counts the switches of a kind; the highest counts",
        ),
        sa.Column("version", sa.Integer(), nullable=True, comment="null: what Redress is shipped with"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("switched_by", sa.Text(), nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["kind", "version"],
            ["rulebook_versions.kind", "rulebook_versions.version"],
            name="fk_rulebook_switches_version",
        ),
        sa.PrimaryKeyConstraint("kind", "number", name=op.f("pk_rulebook_switches")),
    )


def downgrade() -> None:
    op.drop_table("rulebook_switches")
    op.drop_table("rulebook_versions")
