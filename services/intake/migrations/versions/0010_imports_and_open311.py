"""Imports of files, and Open311."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "principal",
            sa.Text(),
            nullable=False,
            comment="who sent the file: in their name its rows are registered",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "file", sa.Uuid(), nullable=True, comment="where the bytes lie; null once they are removed"
        ),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=True),
        sa.Column("delimiter", sa.Text(), nullable=True, comment="of a CSV file"),
        sa.Column(
            "sha256",
            sa.LargeBinary(),
            nullable=True,
            comment="the same file of the same sender is the same import",
        ),
        sa.Column("size", sa.BigInteger(), nullable=True, comment="bytes"),
        sa.Column("registered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("known", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True, comment="of the importer that works on it"),
        sa.Column(
            "leased_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="from then on another importer may go on with it",
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'finished') = (finished_at IS NOT NULL)", name=op.f("ck_imports_finished_has_time")
        ),
        sa.CheckConstraint("format IN ('csv', 'ndjson')", name=op.f("ck_imports_format")),
        sa.CheckConstraint(
            "state = 'receiving' OR num_nulls(encoding, sha256, size) = 0",
            name=op.f("ck_imports_received_is_measured"),
        ),
        sa.CheckConstraint(
            "state IN ('receiving', 'waiting', 'running', 'finished', 'cancelled')",
            name=op.f("ck_imports_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('waiting', 'running') OR file IS NOT NULL", name=op.f("ck_imports_work_has_a_file")
        ),
        sa.CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name=op.f("ck_imports_lease_has_end")),
        sa.CheckConstraint("sha256 IS NULL OR octet_length(sha256) = 32", name=op.f("ck_imports_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        comment="Files of complaints. Written before the first byte is, so that no file is ever without a row.",
    )
    op.create_index(
        "ix_imports_file", "imports", ["file"], unique=False, postgresql_where=sa.text("file IS NOT NULL")
    )
    op.create_index(
        "ix_imports_newest",
        "imports",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_imports_work",
        "imports",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        "uq_imports_file",
        "imports",
        ["principal", "sha256", "format"],
        unique=True,
        postgresql_where=sa.text("state != 'receiving'"),
    )
    op.create_table(
        "open311_requests",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False, comment="the key that sent it, and may read it"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "service_code",
            sa.Text(),
            nullable=False,
            comment="category of the taxonomy, as the sender chose it",
        ),
        sa.Column("lat", sa.Numeric(precision=9, scale=6), nullable=True, comment="WGS 84, degrees"),
        sa.Column("long", sa.Numeric(precision=9, scale=6), nullable=True, comment="WGS 84, degrees"),
        sa.Column(
            "address", sa.Text(), nullable=True, comment="where the matter is; may tell where somebody lives"
        ),
        sa.Column("address_id", sa.Text(), nullable=True),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("media_urls", sa.ARRAY(sa.Text()), nullable=False, comment="recorded, never fetched"),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="as they were sent, with all their values",
        ),
        sa.CheckConstraint("(lat IS NULL) = (long IS NULL)", name=op.f("ck_open311_requests_point")),
        sa.CheckConstraint(
            "lat BETWEEN -90 AND 90 AND long BETWEEN -180 AND 180", name=op.f("ck_open311_requests_on_earth")
        ),
        sa.CheckConstraint(
            "num_nonnulls(lat, address, address_id) > 0", name=op.f("ck_open311_requests_somewhere")
        ),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_open311_requests")),
        comment="Written right before the complaint, so that none is without it; one whose complaint never came is nobody's.",
    )
    op.create_index(
        "ix_open311_requests_mine", "open311_requests", ["principal", "received_at"], unique=False
    )
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="counts the rows of the file, from 1",
        ),
        sa.Column("line", sa.Integer(), nullable=False, comment="of the file, in which the row begins"),
        sa.Column("key", sa.Text(), nullable=True, comment="the sender's own name for the row"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column(
            "errors",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what is wrong with the row, by field",
        ),
        sa.CheckConstraint(
            "(status = 'refused') = (complaint_id IS NULL)",
            name=op.f("ck_import_rows_registered_has_complaint"),
        ),
        sa.CheckConstraint(
            "(status = 'refused') = (errors IS NOT NULL)", name=op.f("ck_import_rows_refused_says_why")
        ),
        sa.CheckConstraint(
            "status IN ('registered', 'known', 'refused')", name=op.f("ck_import_rows_status")
        ),
        sa.CheckConstraint(
            "(complaint_id IS NULL) = (reference IS NULL)",
            name=op.f("ck_import_rows_complaint_has_reference"),
        ),
        sa.CheckConstraint("number > 0 AND line > 0", name=op.f("ck_import_rows_number")),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_import_rows_complaint_id")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_rows")),
        comment="What became of each row.",
    )
    op.create_index(
        "ix_complaints_public",
        "complaints",
        ["registered_at"],
        unique=False,
        postgresql_where=sa.text("visibility = 'public'"),
    )

    op.create_index("ix_progress_at", "progress", ["at"], unique=False, postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_progress_at", table_name="progress", postgresql_using="brin")
    op.drop_index(
        "ix_complaints_public", table_name="complaints", postgresql_where=sa.text("visibility = 'public'")
    )
    op.drop_table("import_rows")
    op.drop_index("ix_open311_requests_mine", table_name="open311_requests")
    op.drop_table("open311_requests")
    op.drop_index("uq_imports_file", table_name="imports", postgresql_where=sa.text("state != 'receiving'"))
    op.drop_index(
        "ix_imports_work", table_name="imports", postgresql_where=sa.text("state IN ('waiting', 'running')")
    )
    op.drop_index("ix_imports_newest", table_name="imports")
    op.drop_index("ix_imports_file", table_name="imports", postgresql_where=sa.text("file IS NOT NULL"))
    op.drop_table("imports")
