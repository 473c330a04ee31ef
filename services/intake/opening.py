"""What reference and token open at intake: the record itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store import complaints
from services.intake.vault.rows import open_row, vault_of
from shared import driver, idempotency
from shared.database import Transaction, sql
from shared.idempotency import Answer
from shared.opening import opened_by, typed
from shared.service import Context, Ctx

_FIND = sql("SELECT id FROM complaints WHERE reference = :reference")


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
    reference: Annotated[str, Path(max_length=40, examples=["RD-7K3M9QXT-B"])],
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
    found = (await driver.run(connection, _FIND, {"reference": typed(reference)})).scalar_one_or_none()
    complaint_id = opened_by(ctx, token, found)
    row = await connection.execute(select(complaints).where(complaints.c.id == complaint_id))
    return open_row(vault_of(connection), "complaints", row.mappings().one())
