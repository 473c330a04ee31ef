"""Which columns are sealed, and rows with their sealed part: one value per row, because to seal costs by the piece.

`sealed` is the JSON of the private fields of a row; `holds` names those that have a value, so that the database
can check what belongs together without reading it.
"""

from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import from_json, to_json
from sqlalchemy import ARRAY, Column, LargeBinary, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.vault.cipher import ERASED, Vault
from services.intake.vault.private import ERASED_TEXT, KEY, PRIVATE
from shared.bulk import as_bytes
from shared.config import Settings
from shared.database import Database


def sealed_columns() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("holds", ARRAY(Text), nullable=False, comment="names of the private fields that have a value"),
        Column("sealed", LargeBinary, nullable=False, comment="the private fields; empty once erased"),
    )


def equip(database: Database, settings: Settings) -> Vault:
    """Give every connection of the service the vault."""
    ring = [key.get_secret_value().encode() for key in settings.vault_keys]
    vault = Vault([*ring, settings.installation_secret])
    database.equip(vault=vault)
    return vault


def vault_of(holder: AsyncConnection | Database) -> Vault:
    if isinstance(holder, AsyncConnection):
        assert holder.sync_connection is not None
        vault: Vault = holder.sync_connection.get_execution_options()["vault"]
        return vault
    return cast(Vault, holder.options["vault"])


def seal_row(vault: Vault, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as it is written, for `jsonb_populate_recordset`: bytes as it reads them."""
    told = dict(row)
    private = {name: value for name in PRIVATE[table] if (value := told.pop(name, None))}
    sealed = vault.seal(to_json(private), place(table, row)) if private else ERASED
    told["holds"], told["sealed"] = [*private], as_bytes(sealed)
    return told


def open_row(vault: Vault, table: str, row: Mapping[Any, Any]) -> dict[str, Any]:
    """The row as it was given; of an erased one nothing private is known. Raises Unreadable."""
    opened = {**row, **dict.fromkeys(PRIVATE[table])}
    if row["sealed"]:
        opened |= from_json(vault.open(row["sealed"], place(table, row)))
    elif table == "complaints":
        opened["what_went_wrong"] = ERASED_TEXT
    return opened


def place(table: str, row: Mapping[Any, Any]) -> str:
    return f"{table}/{row[KEY.get(table, 'id')]}"
