"""Attachments."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_uploads_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        comment="Files on their way in. Written before the first byte is, so that no file is ever without a row.",
    )
    op.create_index(op.f("ix_uploads_complaint_id"), "uploads", ["complaint_id"], unique=False)
    op.create_index(op.f("ix_uploads_started_at"), "uploads", ["started_at"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="may hold personal data"),
        sa.Column("media_type", sa.Text(), nullable=False, comment="by content"),
        sa.Column("declared_type", sa.Text(), nullable=True, comment="what the sender said"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False, comment="principal"),
        sa.Column("from_customer", sa.Boolean(), nullable=False),
        sa.Column("visible_to_customer", sa.Boolean(), nullable=False),
        sa.Column("added_at", _TIME, nullable=False),
        sa.Column(
            "scan", sa.Text(), nullable=False, comment="only what is clean or not_scanned is handed out"
        ),
        sa.Column("signature", sa.Text(), nullable=True, comment="what the scanner found"),
        sa.Column("thumbnail", sa.Text(), nullable=False),
        sa.Column(
            "looks", sa.SmallInteger(), nullable=False, comment="times the inspector has begun with it"
        ),
        sa.Column(
            "look_at",
            _TIME,
            nullable=True,
            comment="when the inspector looks at it next; null when nothing is left to do",
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachments_size")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_attachments_sha256")),
        sa.CheckConstraint(
            r"length(name) BETWEEN 1 AND 200 AND name !~ '[/\\[:cntrl:]]'", name=op.f("ck_attachments_name")
        ),
        sa.CheckConstraint(
            "visible_to_customer OR NOT from_customer", name=op.f("ck_attachments_own_is_visible")
        ),
        sa.CheckConstraint(
            "scan IN ('pending', 'clean', 'infected', 'not_scanned')", name=op.f("ck_attachments_scan")
        ),
        sa.CheckConstraint(
            "(scan = 'infected') = (signature IS NOT NULL)",
            name=op.f("ck_attachments_infected_has_signature"),
        ),
        sa.CheckConstraint("thumbnail IN ('none', 'wanted', 'made')", name=op.f("ck_attachments_thumbnail")),
        sa.CheckConstraint(
            "thumbnail <> 'made' OR scan IN ('clean', 'not_scanned')",
            name=op.f("ck_attachments_no_thumbnail_in_quarantine"),
        ),
        sa.CheckConstraint(
            "(scan = 'pending' OR thumbnail = 'wanted') = (look_at IS NOT NULL)",
            name=op.f("ck_attachments_look_until_done"),
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_attachments_complaint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        comment="What came is never changed (a trigger refuses it); what the inspector finds is added.",
    )
    op.create_index("ix_attachments_complaint", "attachments", ["complaint_id", "id"], unique=False)
    op.create_index(
        "ix_attachments_look_at",
        "attachments",
        ["look_at"],
        unique=False,
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.execute(
        """
        CREATE TRIGGER came_is_immutable BEFORE UPDATE OF
            id, complaint_id, name, media_type, declared_type, size, sha256, added_by, from_customer, added_at
        ON attachments FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    op.drop_table("attachments")
    op.drop_table("uploads")
