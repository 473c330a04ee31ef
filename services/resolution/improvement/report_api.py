"""HTTP in: the 8D report as a PDF."""

import asyncio
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Response

from services.resolution.desk import Reader
from services.resolution.improvement import report
from services.resolution.improvement.desk import no_such_improvement
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.printing import Printing
from services.resolution.improvement.store import store
from services.resolution.staff import standing_of
from shared import clock, problems
from shared.database import sql
from shared.events.vocabulary import Language, Remedy
from shared.paper import write
from shared.service import Context, Ctx, api_router

router = api_router(tags=["improvements"])
AT_ONCE = 8
"""People whose names are asked at the same time."""
_REMEDIES = sql(
    "SELECT c.reference, o.remedies FROM cases c JOIN offers o ON o.offer_id = c.agreed_offer_id "
    "WHERE c.id = ANY(CAST(:ids AS uuid[]))"
)


@router.get(
    "/improvements/{improvement_id}/report",
    summary="The 8D report as a PDF",
    response_class=Response,
    responses={**problems.documented(404), 200: {"content": {"application/pdf": {}}}},
)
async def print_report(
    improvement_id: UUID,
    who: Reader,
    ctx: Ctx,
    language: Annotated[Language, Query(description="In which the headings are.")] = Language.ZH,
) -> Response:
    """For the customer's quality department: D1 to D8 with the four places, whys, fishbone, actions, numbers and room
    for signatures. It can be printed at every step; texts are as people wrote them."""
    async with ctx.database.reading() as connection:
        improvement = (await store.read(connection, [improvement_id])).get(improvement_id)
        if improvement is None:
            raise no_such_improvement()
        agreed = await connection.execute(_REMEDIES, {"ids": list(improvement.complaints)})
        remedies = {row.reference: tuple(map(Remedy, row.remedies)) for row in agreed}
    printing = Printing(
        "zh" if language is Language.ZH else "en",
        clock.now(),
        ZoneInfo(ctx.settings.time_zone),
        await _names(ctx, improvement),
        remedies,
    )
    content = await asyncio.to_thread(write, report.document(improvement, printing))
    name = f"{report.number(improvement)}-v{improvement.version}-{language.value}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


async def _names(ctx: Context, improvement: Improvement) -> dict[str, str]:
    """Names of the people who stand in the report, as the directory knows them now."""
    named = {member.person for member in improvement.members}
    named |= {action.responsible for action in improvement.actions.values()}
    named |= {effect.judged_by for effect in improvement.effects}
    named |= {person for meeting in improvement.meetings for person in meeting.attendees}
    for analysis in improvement.analyses:
        named |= {analysis.analysed_by, analysis.verified_by or analysis.analysed_by}
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(person: str) -> tuple[str, str]:
        async with gate:
            standing = await standing_of(ctx, person)
        return person, standing.name if standing else person

    return dict(await asyncio.gather(*map(ask, sorted(named))))
