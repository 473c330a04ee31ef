"""What an Open311 request tells of a place and a device is sealed, that of requests that are there already, too."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op
from pydantic_core import from_json, to_json
from sqlalchemy.dialects import postgresql

from services.intake.vault.cipher import Vault
from shared.config import Settings

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLE = "open311_requests"
_TEXT = sa.Text()
COLUMNS: dict[str, tuple[Any, str | None]] = {
    "lat": (sa.Numeric(9, 6), "WGS 84, degrees"),
    "long": (sa.Numeric(9, 6), "WGS 84, degrees"),
    "address": (_TEXT, "where the matter is; may tell where somebody lives"),
    "address_id": (_TEXT, None),
    "device_id": (_TEXT, None),
    "media_urls": (sa.ARRAY(_TEXT), "recorded, never fetched"),
    "attributes": (postgresql.JSONB(), "as they were sent, with all their values"),
}
BEFORE = {
    "point": "(lat IS NULL) = (long IS NULL)",
    "on_earth": "lat BETWEEN -90 AND 90 AND long BETWEEN -180 AND 180",
    "somewhere": "num_nonnulls(lat, address, address_id) > 0",
}
AFTER = {
    "point": "('lat' = ANY(holds)) = ('long' = ANY(holds))",
    "somewhere": "holds && ARRAY['lat', 'address', 'address_id']",
}
BATCH = 1000


def upgrade() -> None:
    op.add_column(
        TABLE,
        sa.Column(
            "holds", sa.ARRAY(_TEXT), nullable=True, comment="names of the private fields that have a value"
        ),
    )
    op.add_column(
        TABLE,
        sa.Column("sealed", sa.LargeBinary(), nullable=True, comment="the private fields; empty once erased"),
    )
    _rewrite(_sealed)
    for name in BEFORE:
        op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE)
    for column in COLUMNS:
        op.drop_column(TABLE, column)
    op.alter_column(TABLE, "holds", nullable=False)
    op.alter_column(TABLE, "sealed", nullable=False)
    for name, check in AFTER.items():
        op.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, check)
    op.execute(
        f"CREATE TRIGGER told_is_immutable BEFORE UPDATE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_unsealed()"
    )


def downgrade() -> None:
    op.execute(f"DROP TRIGGER told_is_immutable ON {TABLE}")
    for name in AFTER:
        op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE)
    for name, (kind, comment) in COLUMNS.items():
        op.add_column(TABLE, sa.Column(name, kind, nullable=True, comment=comment))
    _rewrite(_opened)
    op.drop_column(TABLE, "sealed")
    op.drop_column(TABLE, "holds")
    op.alter_column(TABLE, "media_urls", nullable=False)
    op.alter_column(TABLE, "attributes", nullable=False)
    for name, check in BEFORE.items():
        op.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, check)


def _rewrite(rewritten: Any) -> None:
    """Every row, a batch at a time. The vault is only needed where there are rows."""
    connection = op.get_bind()
    kinds: dict[str, Any] = {name: kind for name, (kind, _) in COLUMNS.items()}
    kinds |= {"complaint_id": sa.Uuid(), "holds": sa.ARRAY(_TEXT), "sealed": sa.LargeBinary()}
    rows = sa.table(TABLE, *(sa.column(name, kind) for name, kind in kinds.items()))
    query = sa.select(rows).order_by(rows.c.complaint_id).limit(BATCH)
    found = connection.execute(query).mappings().all()
    vault = _vault() if found else None
    while found:
        update = sa.update(rows).where(rows.c.complaint_id == sa.bindparam("its_key"))
        connection.execute(
            update, [{"its_key": row["complaint_id"], **rewritten(vault, row)} for row in found]
        )
        after = query.where(rows.c.complaint_id > found[-1]["complaint_id"])
        found = connection.execute(after).mappings().all()


def _vault() -> Vault:
    settings = Settings()
    return Vault(
        [*(k.get_secret_value().encode() for k in settings.vault_keys), settings.installation_secret]
    )


def _sealed(vault: Vault, row: Any) -> dict[str, Any]:
    private = {name: row[name] for name in COLUMNS if row[name] is not None and row[name] not in ([], {})}
    private |= {name: str(private[name]) for name in ("lat", "long") if name in private}
    if private.get("address") == "[erased]":
        return {"holds": ["address"], "sealed": b""}
    return {"holds": [*private], "sealed": vault.seal(to_json(private), f"{TABLE}/{row['complaint_id']}")}


def _opened(vault: Vault, row: Any) -> dict[str, Any]:
    blank = dict.fromkeys(COLUMNS) | {"media_urls": [], "attributes": {}}
    if not row["sealed"]:
        return blank | {"address": "[erased]"}
    told: dict[str, Any] = from_json(vault.open(row["sealed"], f"{TABLE}/{row['complaint_id']}"))
    return blank | told | {name: Decimal(told[name]) for name in ("lat", "long") if name in told}
