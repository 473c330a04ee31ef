"""Reference and tracking token open one case's messages, and nothing else; wrong ones are answered alike."""

import hmac
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Request

from shared import driver
from shared.attempts import Attempts
from shared.database import sql
from shared.problems import Problem
from shared.service import Ctx
from shared.tracking import tracking_token

_FIND = sql("SELECT id FROM conversations WHERE reference = :reference AND NOT erased")
_NOBODY = UUID(int=0)


class UnknownCase(Problem):
    """One answer for a wrong reference and for a wrong token, so that neither can be guessed apart."""

    def __init__(self) -> None:
        super().__init__(
            404,
            "unknown-reference-or-token",
            "No case opens with this reference and token",
            "Check both as they stand in the acknowledgement. 请核对回执中的投诉编号和查询码。",
            field="path/reference",
        )


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A complaint that reference and token opened, for one request."""

    id: UUID

    @property
    def principal(self) -> str:
        """Whose idempotency keys they are."""
        return f"tracking:{self.id}"


async def _limited(request: Request, ctx: Ctx) -> AsyncIterator[None]:
    attempts, address = ctx.part(Attempts), request.client.host if request.client else ""
    attempts.check(address)
    try:
        yield
    except UnknownCase:
        attempts.failed(address)
        raise


LIMITED = Depends(_limited)
"""For every router that a tracking token opens: guessing is slowed down."""


async def _open(
    reference: Annotated[str, Path(max_length=40, examples=["RD-7K3M9QXT-4"])],
    ctx: Ctx,
    token: Annotated[str | None, Header(alias="X-Tracking-Token", max_length=100)] = None,
) -> OpenedCase:
    async with ctx.database.reading() as connection:
        typed = {"reference": _written(reference)}
        found: UUID | None = (await driver.run(connection, _FIND, typed)).scalar_one_or_none()
    wanted = tracking_token(ctx.settings.installation_secret, found or _NOBODY)
    if not hmac.compare_digest(wanted.encode(), (token or "").encode()) or found is None:
        raise UnknownCase
    return OpenedCase(found)


def _written(typed: str) -> str:
    """As it is kept, if it was typed in lower case, with blanks or without hyphens."""
    plain = re.sub(r"[^0-9A-Z]", "", typed.upper())
    return f"{plain[:2]}-{plain[2:10]}-{plain[10:]}"


Opened = Annotated[OpenedCase, Depends(_open)]
