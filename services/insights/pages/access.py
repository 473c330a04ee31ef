"""Who may open a page. Browsers send no Authorization header, and a key in an address would stand in logs: so a link
carries a ticket, which is sealed, reads measures and nothing else, and ends soon. Nothing is kept of it. Measures of
single people it reads only if it was asked for them, by somebody who oversees them: a link goes round."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import AwareDatetime, BaseModel

from services.insights.measures.asking import OVERSEE
from shared import clock
from shared.auth import Lacking, Principal, Unauthorized, bearer
from shared.problems import Problem
from shared.seal import Seal, SecretUnreadable

SCOPE: Final = "measures:read"
VALID: Final = timedelta(minutes=30)


class _Ticket(BaseModel):
    who: str
    until: AwareDatetime
    oversees: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who reads, and the ticket that leads on to the next page."""

    principal: Principal
    ticket: str | None = None

    @property
    def oversees(self) -> bool:
        """May they read measures of single people?"""
        return self.principal.may(OVERSEE)


class TicketOver(Problem):
    def __init__(self) -> None:
        super().__init__(
            401,
            "unauthorized",
            "This link opens nothing any more",
            f"Links end after {VALID.seconds // 60} minutes: ask for another one, POST /insights/v1/pages/links. "
            "链接无效或已过期，请重新获取。",
            field="query/ticket",
        )


def issue(secret: bytes, who: Principal, *, oversees: bool = False) -> tuple[str, datetime]:
    """A ticket, and until when it opens pages. Raises Lacking for one that oversees people, when they may not."""
    if oversees and not who.may(OVERSEE):
        raise Lacking(OVERSEE)
    until = clock.now() + VALID
    return _seal(secret).close(_Ticket(who=who.id, until=until, oversees=oversees).model_dump_json()), until


def opened(secret: bytes, ticket: str) -> Principal:
    """Whom it was given to. Raises TicketOver."""
    try:
        found = _Ticket.model_validate_json(_seal(secret).open(ticket))
    except SecretUnreadable:
        raise TicketOver from None
    if found.until <= clock.now():
        raise TicketOver
    return Principal(found.who, frozenset({SCOPE, OVERSEE} if found.oversees else {SCOPE}))


async def admitted(request: Request, credentials: str) -> Principal:
    """The owner of a key or access token, if they may read measures. Raises Unauthorized, Lacking."""
    principal: Principal = await request.app.state.context.authenticator.principal(credentials)
    if not principal.may(SCOPE):
        raise Lacking(SCOPE)
    return principal


Ticket = Annotated[
    str | None,
    Query(max_length=500, pattern=r"^[A-Za-z0-9_=-]+$", description="Of `POST /pages/links`."),
]


async def _visitor(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ticket: Ticket = None,
) -> Visitor:
    if ticket is not None:
        return Visitor(opened(request.app.state.context.settings.installation_secret, ticket), ticket)
    if credentials is None:
        raise Unauthorized(
            "Open a link with a ticket, or send `Authorization: Bearer <API key>`. 请使用带凭票的链接。"
        )
    return Visitor(await admitted(request, credentials.credentials))


def _seal(secret: bytes) -> Seal:
    return Seal(secret, "insights/page-tickets")


Visiting = Annotated[Visitor, Depends(_visitor)]
