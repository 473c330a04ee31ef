"""HTTP in: a clipping, as data or as a text."""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import Header, Query
from fastapi.responses import PlainTextResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.routing.directory.acting import known_as
from services.routing.transfer import access
from services.routing.transfer.clippings.model import bounds, clipping
from services.routing.transfer.clippings.schemas import Clipping, Period
from services.routing.transfer.clippings.words import HEADINGS, SEVERITIES
from shared import clock, driver, problems
from shared.database import sql
from shared.events.vocabulary import Audience, Language
from shared.service import Ctx, api_router

router = api_router(tags=["clippings"])
MOST = 5000
"""Notices that one clipping counts at most, the newest."""
NOBODY = ""
"""Instead of an id, for a key that belongs to no person: nothing names it."""

_NOTICES = sql(
    "SELECT n.*, d.reference, d.category FROM notices n JOIN dispatches d USING (complaint_id) "
    "WHERE n.audience = :audience AND n.issued_at >= :begin AND n.issued_at < :end "
    "AND (:person = ANY(n.recipients) OR NOT :own AND (NOT :hides OR NOT :person = ANY(d.accused))) "
    "ORDER BY n.issued_at DESC, n.id DESC LIMIT :most"
)
_TASKS = sql(
    "SELECT t.id AS task_id, d.reference, t.assignee, t.due_at, "
    "CASE WHEN :words OR t.assignee = :person THEN t.about END AS about FROM tasks t "
    "JOIN dispatches d USING (complaint_id) WHERE t.done_at IS NULL AND t.due_at < :now "
    "AND (t.assignee = :person OR NOT :own AND NOT :person = ANY(d.accused)) "
    "AND EXISTS (SELECT FROM notices n WHERE n.complaint_id = t.complaint_id AND n.audience = :audience "
    "AND (NOT :own OR :person = ANY(n.recipients))) "
    "ORDER BY t.due_at, t.id LIMIT 20"
)
Day = Annotated[
    date,
    Query(ge=date(1990, 1, 1), le=date(2999, 12, 31), description="A day of the period; left out: today."),
]


@router.get(
    "/clippings",
    response_model=Clipping,
    summary="What an audience was told in a day or a week",
    responses=problems.documented() | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def read_clipping(
    who: access.Reader,
    ctx: Ctx,
    audience: Audience,
    period: Period = Period.DAY,
    on: Day | None = None,
    language: Annotated[
        Language | None, Query(description="Left out: by Accept-Language, else Chinese.")
    ] = None,
    style: Annotated[Literal["data", "text"], Query(description="`text`: a page to read or print.")] = "data",
    accepted: Annotated[str | None, Header(alias="Accept-Language", max_length=200)] = None,
) -> Clipping | PlainTextResponse:
    """Counted by category and severity, the important first, then what nobody has acknowledged yet. No personal
    data. Needs the audience's scope, or `notices:read`. Whoever is complained about sees of that complaint only
    what names them."""
    access.must_read(who, audience)
    zone, now = ctx.settings.time_zone, clock.now()
    day = on or now.astimezone(ZoneInfo(zone)).date()
    begin, end = bounds(period, day, zone)
    async with ctx.database.reading() as connection:
        person = await known_as(connection, who) or NOBODY
        given = {"audience": audience.value, "person": person, "own": access.only_own(who, audience)}
        hides = access.hides_from_accused(audience)
        told = await driver.run(
            connection, _NOTICES, {**given, "hides": hides, "begin": begin, "end": end, "most": MOST}
        )
        words = who.may(access.EVERYTHING) or who.may("transfer:write")
        late = await driver.run(connection, _TASKS, {**given, "words": words, "now": now})
    rows = [access.as_read_by(who, person, row) for row in told.mappings()]
    spoken = language or preferred(accepted)
    made = clipping(audience, spoken, period, day, rows, late.mappings().all())
    return PlainTextResponse(as_text(made, zone)) if style == "text" else made


def preferred(accepted: str | None) -> Language:
    """The language that the caller's browser asks for first, of those that there are."""
    for wanted in (accepted or "").lower().split(","):
        if wanted.strip().startswith("en"):
            return Language.EN
        if wanted.strip().startswith("zh"):
            return Language.ZH
    return Language.ZH


def as_text(made: Clipping, zone: str) -> str:
    """A page to read or print."""

    def local(at: datetime) -> str:
        return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"

    return _template().render(
        clipping=made.model_dump(),
        words=HEADINGS[made.language],
        severities=SEVERITIES[made.language],
        time=local,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701 - plain text: nothing is to be escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("clipping.txt.jinja")
