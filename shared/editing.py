"""A request that edits what has a version: once per Idempotency-Key, and as the caller saw it last."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from shared import etag, idempotency
from shared.auth import Principal
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

    async def once(self, who: Principal, work: Callable[[Transaction], Awaitable[Answer]]) -> Response:
        """`idempotency.once`; the answer has the ETag of the `version` in its body. Raises KeyReused."""
        return etag.tagged(await idempotency.once(self.request, self.ctx.database, who.id, self.key, work))


async def _edit(request: Request, ctx: Ctx, key: IdempotencyKey = None, if_match: IfMatch = None) -> Edit:
    # A coroutine, because FastAPI calls what is none (a class, too) in a thread.
    return Edit(request, ctx, key, if_match)


Editing = Annotated[Edit, Depends(_edit)]
