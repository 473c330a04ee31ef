"""Attempts, written down in bulk, and let go of when they are old."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import to_json

from services.notification.channels import CannotDeliver, Receipt, Said
from shared.database import Database, Transaction, sql

AT_ONCE = 5000
"""Rows that one statement of the pruning takes."""

_RECORD = sql(
    "INSERT INTO attempts (delivery_id, number, began_at, ended_at, channel, code, answer, error) "
    "SELECT delivery_id, number, began_at, ended_at, channel, code, answer, error "
    "FROM jsonb_populate_recordset(NULL::attempts, CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
)
_PRUNE = sql(
    "WITH old AS (SELECT delivery_id, number FROM attempts WHERE ended_at < :before LIMIT :most "
    "FOR UPDATE SKIP LOCKED) "
    "DELETE FROM attempts a USING old WHERE a.delivery_id = old.delivery_id AND a.number = old.number RETURNING 1"
)


class Tried(Protocol):
    """An attempt that is over."""

    @property
    def delivery_id(self) -> UUID: ...
    @property
    def number(self) -> int: ...
    @property
    def result(self) -> Receipt | CannotDeliver: ...
    @property
    def began_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime: ...


async def record(transaction: Transaction, tried: Sequence[Tried]) -> None:
    if tried:
        await transaction.execute(_RECORD, {"rows": to_json([_row(each) for each in tried]).decode()})


def _row(tried: Tried) -> dict[str, Any]:
    result = tried.result
    said = result.said or Said(None)
    return {
        "delivery_id": tried.delivery_id,
        "number": tried.number,
        "began_at": tried.began_at,
        "ended_at": tried.ended_at,
        "channel": result.channel,
        "code": said.code,
        "answer": said.text,
        "error": result.reason[:500] if isinstance(result, CannotDeliver) else None,
    }


async def prune(database: Database, before: datetime) -> int:
    """Let go of a piece of the attempts that ended before; returns how many those were."""
    return len((await database.at_once(_PRUNE, {"before": before, "most": AT_ONCE})).all())
