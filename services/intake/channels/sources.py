"""Sources of webhooks as they are kept: made, changed, ended by an administrator, two of whom may meet."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.channels.schemas import Source, SourceShown
from services.intake.channels.store import webhook_sources
from shared import clock, etag, problems
from shared.database import Transaction, sql
from shared.problems import Problem
from shared.seal import Seal

_WRITE = """
INSERT INTO webhook_sources (name, version, enabled, channel, visibility, language, scheme, secret,
    signature_header, tolerance, mapping, changed_by, changed_at)
VALUES (:name, 1, :enabled, :channel, :visibility, :language, :scheme, :secret, :signature_header, :tolerance,
    CAST(:mapping AS jsonb), :changed_by, :changed_at)
ON CONFLICT (name) DO UPDATE SET version = webhook_sources.version + 1, enabled = excluded.enabled,
    channel = excluded.channel, visibility = excluded.visibility, language = excluded.language,
    scheme = excluded.scheme, secret = excluded.secret, signature_header = excluded.signature_header,
    tolerance = excluded.tolerance, mapping = excluded.mapping, changed_by = excluded.changed_by,
    changed_at = excluded.changed_at
RETURNING *
"""


async def find(connection: AsyncConnection, name: str) -> dict[str, Any] | None:
    found = await connection.execute(select(webhook_sources).where(webhook_sources.c.name == name))
    row = found.mappings().one_or_none()
    return dict(row) if row is not None else None


async def held(transaction: Transaction, name: str, if_match: str | None) -> dict[str, Any] | None:
    """The source, kept as it is until the end of the transaction. Raises a 412 problem."""
    await transaction.lock([f"source/{name}"])
    row = await find(transaction.connection, name)
    etag.must_match(if_match, row["version"] if row else None, "source", "来源")
    return row


async def put(
    transaction: Transaction, name: str, wanted: Source, before: Mapping[str, Any] | None, by: str, seal: Seal
) -> dict[str, Any]:
    """Make or replace a source; the caller holds it. Raises a 422 problem when there is no secret to keep."""
    if wanted.secret is not None:
        secret = seal.close(wanted.secret.get_secret_value())
    elif before is not None and before["scheme"] == wanted.scheme:
        secret = before["secret"]
    else:
        raise problems.invalid(
            "The source needs a secret",
            "Send the secret with which it signs; a new source, and a new scheme, have none yet. 请填写签名密钥。",
            field="body/secret",
        )
    values = wanted.model_dump(mode="json", exclude={"secret", "mapping"})
    mapping = to_json(wanted.mapping.model_dump(exclude_none=True)).decode()
    row = await transaction.execute(
        sql(_WRITE),
        values
        | {"name": name, "secret": secret, "mapping": mapping, "changed_by": by, "changed_at": clock.now()},
    )
    return dict(row.mappings().one())


async def remove(transaction: Transaction, name: str) -> None:
    await transaction.execute(sql("DELETE FROM webhook_sources WHERE name = :name"), {"name": name})


def shown(row: RowMapping | Mapping[str, Any], base_url: str) -> SourceShown:
    names = set(SourceShown.model_fields) - {"url"}
    url = f"{base_url}/intake/v1/channels/webhooks/{row['name']}"
    return SourceShown(**{name: row[name] for name in names}, url=url)


def unknown() -> Problem:
    return problems.not_found("source", "path/name")
