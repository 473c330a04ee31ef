"""Who follows, and what they may see.

A key sees facts with `complaints:read`, as for webhooks, and notices by the scopes that routing asks for where it lists
them. A customer sees the steps of their own case.
"""

from collections.abc import Collection
from typing import Annotated

from fastapi import Depends, Header, Query
from fastapi.requests import HTTPConnection

from services.notification.staff.contacts import StaffContacts
from services.notification.streams.model import Sight
from services.notification.streams.tickets import Credentials, TicketSeal, use
from shared.auth import Lacking, Principal, Unauthorized
from shared.events.vocabulary import Audience
from shared.service import Context

FACTS = "complaints:read"
NOTICES = "notices:read"


def scope_of(audience: Audience) -> str:
    return f"notices:{audience.value}"


SCOPES = (FACTS, NOTICES, *map(scope_of, Audience))


async def sight_of(ctx: Context, who: Principal, audiences: Collection[Audience]) -> Sight:
    """What they see: facts and notices, or of these audiences the notices alone. Raises Lacking, httpx.HTTPError."""
    all_rows = who.may(NOTICES)
    if lacking := [scope_of(a) for a in audiences if not (all_rows or who.may(scope_of(a)))]:
        raise Lacking(f"{' '.join(sorted(lacking))} or {NOTICES}")
    seen = set(audiences) or {a for a in Audience if all_rows or who.may(scope_of(a))}
    facts = who.may(FACTS) and not audiences
    if not facts and not seen:
        raise Lacking(" or ".join(SCOPES))
    person = None
    if seen and not all_rows:
        person = await ctx.part(StaffContacts).who_signs_in(who.id)
    return Sight(facts, frozenset(a.value for a in seen), all_rows, person)


Reference = Annotated[
    str | None,
    Query(
        max_length=40,
        description="A customer follows their case, with `X-Tracking-Token`: they see its steps.",
        examples=["RD-7K3M9QXT-B"],
    ),
]
TrackingToken = Annotated[
    str | None, Header(alias="X-Tracking-Token", max_length=100, pattern=r"^[\x21-\x7e]+$")
]
Ticket = Annotated[
    str | None,
    Query(
        max_length=100,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="In place of headers, for browsers: of `POST /stream/tickets`, used once.",
    ),
]


async def _credentials(
    connection: HTTPConnection, reference: Reference = None, token: TrackingToken = None
) -> Credentials:
    """What the caller shows of themselves. Raises Unauthorized when that is nothing."""
    if reference is not None:
        return Credentials(reference=reference, token=token or "")
    kind, _, key = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and key.strip():
        return Credentials(key=key.strip())
    raise Unauthorized(
        "Send `Authorization: Bearer <API key>`, or as a customer `reference` and the header X-Tracking-Token, or a "
        "ticket. 请提供密钥，或投诉编号与查询码，或凭票。"
    )


async def _or_ticket(
    connection: HTTPConnection,
    ticket: Ticket = None,
    reference: Reference = None,
    token: TrackingToken = None,
) -> Credentials:
    """The same, where a ticket will do."""
    if ticket is None:
        return await _credentials(connection, reference, token)
    ctx: Context = connection.app.state.context
    return await use(ctx.database, ctx.part(TicketSeal), ticket)


Given = Annotated[Credentials, Depends(_credentials)]
GivenOrTicket = Annotated[Credentials, Depends(_or_ticket)]
