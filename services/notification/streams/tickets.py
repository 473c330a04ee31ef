"""Tickets: browsers open streams without headers, and a key in an address would stand in logs.

A ticket is 256 random bits, opens one stream within a minute, and is worth nothing afterwards. Kept are its digest and,
sealed, the credentials for which it stands: so a stream ends when these do, whichever way it was opened.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import insert

from services.notification.store import streams
from shared import clock
from shared.database import Database, sql
from shared.problems import Problem
from shared.seal import Seal

VALID = timedelta(seconds=60)

_USE = sql("DELETE FROM stream_tickets WHERE digest = :digest RETURNING sealed, expires_at")


class Credentials(BaseModel):
    """By what somebody follows: a key or access token, or reference and tracking token."""

    key: str | None = None
    reference: str | None = None
    token: str | None = None


class TicketUsed(Problem):
    def __init__(self) -> None:
        super().__init__(
            401,
            "unauthorized",
            "This ticket opens nothing",
            "It was used, is older than a minute, or never was one: ask for another one, "
            "POST /notification/v1/stream/tickets. 凭票无效、已使用或已过期，请重新申请。",
            field="query/ticket",
        )


class TicketSeal(Seal):
    """Part of notification."""

    def __init__(self, installation_secret: bytes) -> None:
        super().__init__(installation_secret, "notification/stream-tickets")


async def issue(database: Database, seal: TicketSeal, credentials: Credentials) -> tuple[str, datetime]:
    """A ticket, and until when it can be used."""
    ticket, until = secrets.token_urlsafe(32), clock.now() + VALID
    sealed = seal.close(credentials.model_dump_json(exclude_none=True))
    async with database.transaction() as transaction:
        await transaction.execute(
            insert(streams.tickets).values(digest=_digest(ticket), sealed=sealed, expires_at=until)
        )
    return ticket, until


async def use(database: Database, seal: TicketSeal, ticket: str) -> Credentials:
    """What the ticket stands for; from now on it stands for nothing. Raises TicketUsed."""
    async with database.transaction() as transaction:
        row = (await transaction.execute(_USE, {"digest": _digest(ticket)})).one_or_none()
    if row is None or row.expires_at <= clock.now():
        raise TicketUsed
    return Credentials.model_validate_json(seal.open(row.sealed))


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
