"""A request that edits what has a version: once per Idempotency-Key, and as the caller saw it last."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from shared import etag, idempotency
from shared.database import Transaction
from shared.etag import IfMatch
from shared.idempotency import Answer, IdempotencyKey
from shared.service import Context, Ctx


@dataclass(frozen=True, slots=True)
class Edit:
    """What such a request brings with it, beside its path and its body."""

    request: Request
    ctx: Context
    key: str | None
    if_match: str | None

    def must_match(self, version: int | None, what: str, what_zh: str, /, **members: Any) -> None:
        """Raises a 412 problem when the caller saw another version; see `etag.must_match`."""
        etag.must_match(self.if_match, version, what, what_zh, **members)

    async def once(self, principal: str, work: Callable[[Transaction], Awaitable[Answer]]) -> Response:
        """See `idempotency.once`. Raises KeyReused."""
        return await idempotency.once(self.request, self.ctx.database, principal, self.key, work)

    async def once_tagged(self, principal: str, work: Callable[[Transaction], Awaitable[Answer]]) -> Response:
        """The same; the answer has the ETag of the `version` in its body."""
        return etag.tagged(await self.once(principal, work))


async def _edit(
    request: Request, ctx: Ctx, idempotency_key: IdempotencyKey = None, if_match: IfMatch = None
) -> Edit:
    # A coroutine, because FastAPI calls what is none (a class, too) in a thread. A path may have a `key` of its own.
    return Edit(request, ctx, idempotency_key, if_match)


Editing = Annotated[Edit, Depends(_edit)]
