"""Reference and token open one case. Whoever guesses learns nothing from the answer, nor from how long it takes."""

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.reference import normalised
from services.intake.registration import tracking_token
from services.intake.store import complaints
from services.intake.vault.rows import open_row, vault_of
from shared import driver, idempotency
from shared.attempts import Attempts
from shared.database import Transaction, sql
from shared.idempotency import Answer
from shared.problems import Problem
from shared.service import Context, Ctx

_FIND = sql("SELECT id FROM complaints WHERE reference = :reference")
_NONE = "RD-????????-?"
"""Looked for in place of what cannot be a reference, so that a mistyped one takes as long as any other."""
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

    told: Mapping[str, Any]
    """Its row, readable."""
    request: Request
    ctx: Context

    @property
    def id(self) -> UUID:
        return cast(UUID, self.told["id"])

    @property
    def reference(self) -> str:
        return str(self.told["reference"])

    @property
    def principal(self) -> str:
        """Whose idempotency keys they are."""
        return f"tracking:{self.id}"

    async def once(self, key: str | None, work: Callable[[Transaction], Awaitable[Answer]]) -> Response:
        return await idempotency.once(self.request, self.ctx.database, self.principal, key, work)


async def _open(
    reference: Annotated[str, Path(max_length=40, examples=["RD-7K3M9QXT-4"])],
    request: Request,
    ctx: Ctx,
    header: Annotated[str | None, Header(alias="X-Tracking-Token", max_length=100)] = None,
    query: Annotated[
        str | None, Query(alias="token", max_length=100, description="For links; prefer the header.")
    ] = None,
) -> OpenedCase:
    async with ctx.database.reading() as connection:
        return OpenedCase(await opened(connection, ctx, reference, header or query), request, ctx)


Opened = Annotated[OpenedCase, Depends(_open)]


async def opened(
    connection: AsyncConnection, ctx: Context, reference: str, token: str | None
) -> Mapping[str, Any]:
    """The complaint that reference and token open. Raises UnknownCase, whichever of them is wrong.

    Both mistakes cost the same work: one look at the index and one comparison. What was told is read only when
    the token is right.
    """
    typed = normalised(reference) or _NONE
    found = (await driver.run(connection, _FIND, {"reference": typed})).scalar_one_or_none()
    wanted = tracking_token(ctx.settings.installation_secret, found or _NOBODY)
    if not hmac.compare_digest(wanted.encode(), (token or "").encode()) or found is None:
        raise UnknownCase
    row = await connection.execute(select(complaints).where(complaints.c.id == found))
    return open_row(vault_of(connection), "complaints", row.mappings().one())


async def _limited(request: Request, ctx: Ctx) -> AsyncIterator[None]:
    attempts, address = ctx.part(Attempts), request.client.host if request.client else ""
    attempts.check(address)
    try:
        yield
    except UnknownCase:
        attempts.failed(address)
        raise


LIMITED = Depends(_limited)
"""For every router of tracking: guessing is slowed down."""
