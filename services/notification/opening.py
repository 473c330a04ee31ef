"""Reference and tracking token open one case's messages, and nothing else; wrong ones are answered alike."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path

from shared import driver
from shared.database import sql
from shared.opening import opened_by, typed
from shared.service import Ctx

_FIND = sql("SELECT id FROM conversations WHERE reference = :reference AND NOT erased")


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A complaint that reference and token opened, for one request."""

    id: UUID

    @property
    def principal(self) -> str:
        """Whose idempotency keys they are."""
        return f"tracking:{self.id}"


async def _open(
    reference: Annotated[str, Path(max_length=40, examples=["RD-7K3M9QXT-B"])],
    ctx: Ctx,
    token: Annotated[str | None, Header(alias="X-Tracking-Token", max_length=100)] = None,
) -> OpenedCase:
    async with ctx.database.reading() as connection:
        found = (await driver.run(connection, _FIND, {"reference": typed(reference)})).scalar_one_or_none()
    return OpenedCase(opened_by(ctx, token, found))


Opened = Annotated[OpenedCase, Depends(_open)]
