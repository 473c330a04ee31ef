"""Reference and tracking token open one case, wherever a customer shows them.

Whoever guesses learns nothing from the answer, nor from how long it takes, and is slowed down.
"""

import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from uuid import UUID

from fastapi import Depends, Request
from fastapi.requests import HTTPConnection

from shared.attempts import Attempts
from shared.problems import Problem
from shared.reference import normalised
from shared.service import Context, Ctx
from shared.tracking import tracking_token

_NONE = "RD-????????-?"
"""Looked for in place of what cannot be a reference, so that a mistyped one takes as long as any other."""
_NOBODY = UUID(int=0)


class UnknownCase(Problem):
    """One answer for a wrong reference and for a wrong token, so that neither can be guessed apart."""

    def __init__(self, field: str = "path/reference") -> None:
        super().__init__(
            404,
            "unknown-reference-or-token",
            "No case opens with this reference and token",
            "Check both as they stand in the acknowledgement. 请核对回执中的投诉编号和查询码。",
            field=field,
        )


def typed(reference: str) -> str:
    """The reference to look for."""
    return normalised(reference) or _NONE


def opened_by(ctx: Context, token: str | None, found: UUID | None) -> UUID:
    """The complaint that was found by the reference, if the token is its own. Raises UnknownCase.

    Both mistakes cost the same work.
    """
    wanted = tracking_token(ctx.settings.installation_secret, found or _NOBODY)
    if not hmac.compare_digest(wanted.encode(), (token or "").encode()) or found is None:
        raise UnknownCase
    return found


@contextmanager
def limited(ctx: Context, connection: HTTPConnection) -> Iterator[None]:
    """Counts an UnknownCase that is raised within. Raises the 429 problem while there were too many."""
    attempts, address = ctx.part(Attempts), connection.client.host if connection.client else ""
    attempts.check(address)
    try:
        yield
    except UnknownCase:
        attempts.failed(address)
        raise


async def _limited(request: Request, ctx: Ctx) -> AsyncIterator[None]:
    with limited(ctx, request):
        yield


LIMITED = Depends(_limited)
"""For every router that a tracking token opens."""
