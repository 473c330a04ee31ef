"""Whoever acts, as routing's directory knows them: asked at the moment of use, and kept nowhere."""

from urllib.parse import quote

import httpx

from services.resolution.standing import Approver, Limits, Standing
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


async def _standing(context: Context, path: str) -> Standing | None:
    try:
        return Standing.model_validate(await context.ask("routing", path, "cases:read"))
    except httpx.HTTPStatusError as error:
        if error.response.status_code == 404:
            return None
        raise
