"""An addition says openly whether the matter became public or private; erased customers may come again; the digest of
a sender goes with an erasure."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from pydantic_core import from_json

from services.intake.vault.cipher import Vault
from shared.config import Settings

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

LANDED = (
    "id",
    "source",
    "message",
    "thread",
    "received_at",
    "received_by",
    "outcome",
    "complaint_id",
    "addition_id",
    "attachments",
    "left_out",
)
"""Columns of `channel_messages` that never change: all but `sender`."""
BATCH = 1000


def upgrade() -> None:
    op.add_column(
        "additions",
        sa.Column(
            "visibility", sa.Text(), nullable=True, comment="what it became with this contact, if it changed"
        ),
    )
    op.execute("ALTER TABLE additions DISABLE TRIGGER told_is_immutable")
    _tell_visibility()
    op.execute("ALTER TABLE additions ENABLE TRIGGER told_is_immutable")
    op.create_check_constraint(
        op.f("ck_additions_visibility"), "additions", "visibility IN ('private', 'public')"
    )
    op.create_index(
        "ix_additions_visibility",
        "additions",
        ["complaint_id", "number"],
        postgresql_where=sa.text("visibility IS NOT NULL"),
    )
    op.execute(
        """
        CREATE FUNCTION refuse_unsealed_customer() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- Who was erased and comes again with the same number is known again.
            IF to_jsonb(NEW) - '{sealed,holds}'::text[] = to_jsonb(OLD) - '{sealed,holds}'::text[]
                AND OLD.sealed = '' AND NEW.sealed <> '' THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'what a customer told is never changed' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute("DROP TRIGGER told_is_immutable ON customers")
    op.execute(
        "CREATE TRIGGER told_is_immutable BEFORE UPDATE ON customers FOR EACH ROW "
        "WHEN (OLD.sealed <> '' OR NEW.sealed = '') EXECUTE FUNCTION refuse_unsealed()"
    )
    op.execute(
        "CREATE TRIGGER comes_again BEFORE UPDATE ON customers FOR EACH ROW "
        "WHEN (OLD.sealed = '' AND NEW.sealed <> '') EXECUTE FUNCTION refuse_unsealed_customer()"
    )
    op.execute("DROP TRIGGER landed_is_immutable ON channel_messages")
    op.execute(
        f"CREATE TRIGGER landed_is_immutable BEFORE UPDATE OF {', '.join(LANDED)} ON channel_messages "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER landed_is_immutable ON channel_messages")
    op.execute(
        "CREATE TRIGGER landed_is_immutable BEFORE UPDATE ON channel_messages "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute("DROP FUNCTION refuse_unsealed_customer() CASCADE")
    op.execute("DROP TRIGGER told_is_immutable ON customers")
    op.execute(
        "CREATE TRIGGER told_is_immutable BEFORE UPDATE ON customers "
        "FOR EACH ROW EXECUTE FUNCTION refuse_unsealed()"
    )
    op.drop_index("ix_additions_visibility", table_name="additions")
    op.drop_constraint(op.f("ck_additions_visibility"), "additions")
    op.drop_column("additions", "visibility")


def _tell_visibility() -> None:
    """Of the additions that are there already, a batch at a time. The vault is only needed where there are any."""
    connection = op.get_bind()
    rows = sa.table(
        "additions",
        sa.column("id", sa.Uuid()),
        sa.column("sealed", sa.LargeBinary()),
        sa.column("visibility"),
    )
    query = sa.select(rows.c.id, rows.c.sealed).order_by(rows.c.id).limit(BATCH)
    found = connection.execute(query).all()
    vault = _vault() if found else None
    while found:
        for row in found:
            assert vault is not None
            told = (
                from_json(vault.open(row.sealed, f"additions/{row.id}")).get("told", {}) if row.sealed else {}
            )
            became = told.get("visibility") or ("public" if told.get("public_link") else None)
            if became is not None:
                connection.execute(sa.update(rows).where(rows.c.id == row.id).values(visibility=became))
        found = connection.execute(query.where(rows.c.id > found[-1].id)).all()


def _vault() -> Vault:
    settings = Settings()
    return Vault(
        [*(k.get_secret_value().encode() for k in settings.vault_keys), settings.installation_secret]
    )
