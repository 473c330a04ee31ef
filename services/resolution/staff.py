"""Whoever acts, as routing's directory knows them: asked at the moment of use, and kept nowhere."""

from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict

from shared.auth import Principal
from shared.events.vocabulary import Money, Remedy
from shared.service import Context


class Limits(BaseModel):
    """What a person may grant without asking anybody."""

    model_config = ConfigDict(frozen=True)

    remedies: tuple[Remedy, ...] = ()
    amount: Decimal | None = None
    """At most so much in money's worth; None: nothing that costs money."""
    currency: str | None = None

    def suffice(self, remedies: frozenset[Remedy], value: Money | None) -> bool:
        """May all of these remedies be granted, at this cost?"""
        if not remedies <= set(self.remedies):
            return False
        if value is None or value.amount == 0:
            return True
        return self.amount is not None and value.currency == self.currency and value.amount <= self.amount


class Approver(Limits):
    """Somebody up the line, or their deputy."""

    id: str
    name: str
    layer: int
    """Of their department: 1 contact staff, 2 acceptance desk, 3 technical support, 4 management."""
    instead_of: str | None = None
    """For whom they stand in, who is away or has left."""


class Standing(Limits):
    """A person of the company, what they may grant, and who approves what is beyond."""

    person: str
    name: str
    works_in: str
    """Code of their department."""
    layer: int
    role: str | None = None
    approvers: tuple[Approver, ...] = ()
    """The nearest first."""


async def standing_of_account(context: Context, account: str) -> Standing | None:
    """None when nobody in the directory signs in with the account.

    Raises httpx.HTTPError when routing cannot be asked now.
    """
    return await _standing(context, f"/routing/v1/directory/authority?account={quote(account, safe='')}")


async def standing_of(context: Context, person: str) -> Standing | None:
    """None when the directory knows no such person. Raises httpx.HTTPError when routing cannot be asked now."""
    return await _standing(context, f"/routing/v1/directory/people/{quote(person, safe='')}/authority")


async def acting(context: Context, who: Principal, accused: Sequence[str]) -> str | None:
    """Who is calling, by their id in the directory, if that matters: if somebody is complained about.

    Raises httpx.HTTPError when routing cannot be asked now.
    """
    if not accused:
        return None
    standing = await standing_of_account(context, who.id)
    return None if standing is None else standing.person


async def _standing(context: Context, path: str) -> Standing | None:
    try:
        return Standing.model_validate(await context.ask("routing", path, "cases:read"))
    except httpx.HTTPStatusError as error:
        if error.response.status_code == 404:
            return None
        raise
