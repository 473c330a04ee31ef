"""Whoever acts, as routing's directory knows them: asked at the moment of use, and kept nowhere."""

from collections.abc import Sequence
from urllib.parse import quote

import httpx

from services.resolution.standing import Approver, Limits, Standing
from shared.auth import Principal
from shared.service import Context

__all__ = ["Approver", "Limits", "Standing", "standing_of", "standing_of_account"]


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
