"""HTTP in, for everybody: the public warnings."""

from fastapi import Response

from services.resolution.field_action import queries
from services.resolution.field_action.book import FIELD_ACTIONS
from services.resolution.field_action.views import PublicWarnings
from shared import problems
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["public warnings"])


@router.get(
    "/public-warnings",
    summary="Read the public warnings",
    responses={429: problems.documented()[429], 503: problems.documented()[503]},
)
async def read_public_warnings(ctx: Ctx, response: Response) -> PublicWarnings:
    """Goods that are dangerous, and what to do now: of every field action that warns publicly, from its start to its
    end, also while it is suspended. It needs no key, and other sites may show it."""
    async with ctx.database.reading() as connection:
        rules = (await load_books(connection, FIELD_ACTIONS)).read(FIELD_ACTIONS)
        found = await queries.warnings(connection)
    response.headers["Cache-Control"] = f"public, max-age={rules.warning_cache_seconds}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return found
