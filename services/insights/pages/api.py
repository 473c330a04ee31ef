"""HTTP in: pages for people, and links that open them in a browser.

What goes wrong is said on a page to whoever asks for one, and as a problem document to everybody else. The pages are no
part of the OpenAPI document: machines read the numbers where the pages have them from.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Header, Query, Request, Response
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, StringConstraints

from services.insights.measures.asking import OVERSEE
from services.insights.pages import rendering
from services.insights.pages.access import Visiting, Visitor, admitted, issue
from services.insights.pages.catalogue import REPORTS
from services.insights.pages.model import Asked
from services.insights.pages.rendering import HEADERS, Shell
from services.insights.pages.report import Report
from services.insights.pages.schemas import PageLink, PageLinkAsked
from services.insights.pages.words import words_of
from services.insights.ranges import Reader, checked
from shared import clock, problems
from shared.auth import Lacking
from shared.events.vocabulary import Language
from shared.problems import FieldError, Problem
from shared.service import Ctx, StrictRoute, api_router

HTML = "text/html; charset=utf-8"
_LANGUAGES = {each.value: each for each in Language}


class PageRoute(StrictRoute):
    """Says on a page what is wrong, if a page was asked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await answer(request)
            except (Problem, RequestValidationError) as error:
                problem = error if isinstance(error, Problem) else _invalid(error)
                if "text/html" not in request.headers.get("accept", "") or not rendering.explains(problem):
                    raise
                ticket = request.query_params.get("ticket") if problem.status != 401 else None
                html = rendering.refusal(_shell(request, ticket), problem)
                return Response(html, problem.status, HEADERS | (problem.headers or {}), HTML)

        return shown


router = api_router(tags=["pages"])
face = api_router(tags=["pages"], include_in_schema=False)
face.route_class = PageRoute


def _or_none(given: str | None) -> str | None:
    """A form sends what was left empty as an empty text."""
    return given or None


Spoken = Annotated[Language | None, BeforeValidator(_or_none), Query(alias="lang")]
First = Annotated[date | None, BeforeValidator(_or_none), Query(alias="from")]
Last = Annotated[date | None, BeforeValidator(_or_none), Query(alias="to")]
Cut = Annotated[Annotated[str, StringConstraints(max_length=40)] | None, BeforeValidator(_or_none), Query()]


@router.post("/pages/links", summary="A link that opens the pages", responses=problems.documented())
async def make_page_link(asked: PageLinkAsked, who: Reader, ctx: Ctx) -> PageLink:
    """For browsers, which send no key: the address opens the pages for half an hour, reads measures and nothing else.
    Whoever has it can read them so long; it changes nothing, and there is nothing to take back. The page of people it
    opens only if it was asked for that page, which takes `appeals:oversee`."""
    of_people = asked.page is not None and _report(asked.page).of_people
    ticket, until = issue(ctx.settings.installation_secret, who, oversees=of_people)
    carried = ({"lang": asked.language.value} if asked.language else {}) | {"ticket": ticket}
    page = asked.page or ""
    return PageLink(url=f"{ctx.settings.base_url}/insights/pages/{page}?{urlencode(carried)}", until=until)


@face.get("")
async def lead_to_pages() -> Response:
    """With a slash at the end, so that links lead on from it."""
    return Response(status_code=308, headers=HEADERS | {"Location": "pages/"})


@face.get("/")
async def list_pages(request: Request, visitor: Visiting, lang: Spoken = None) -> Response:
    """Every page with its question."""
    return Response(rendering.index(_shell_of(request, visitor)), headers=HEADERS, media_type=HTML)


@face.post("/")
async def enter(
    request: Request, ctx: Ctx, key: Annotated[str, Form(min_length=1, max_length=4000)], lang: Spoken = None
) -> Response:
    """A key or access token typed into the form becomes a ticket."""
    who = await admitted(request, key.strip())
    ticket, _ = issue(ctx.settings.installation_secret, who, oversees=who.may(OVERSEE))
    return Response(status_code=303, headers=HEADERS | {"Location": _shell(request, ticket).link()})


@face.get("/{page}")
async def show_page(
    request: Request,
    visitor: Visiting,
    ctx: Ctx,
    page: Annotated[str, InPath(max_length=40)],
    first: First = None,
    last: Last = None,
    by: Cut = None,
    lang: Spoken = None,
    seen: Annotated[str | None, Header(alias="If-None-Match", max_length=1000)] = None,
) -> Response:
    """One question, answered for a range of days."""
    report, shell, now = _report(page), _shell_of(request, visitor), clock.now()
    if report.of_people and not visitor.oversees:
        raise Lacking(OVERSEE)
    first, last = checked(first, last, now.astimezone(UTC).date())
    asked = Asked(first, last, _cut(report, by), now, shell.language, words_of(report.id))
    async with ctx.database.reading() as connection:
        sections = await report.make(connection, asked)
    headers = HEADERS | {"ETag": rendering.tag(shell, asked, sections)}
    if seen and headers["ETag"] in seen:
        return Response(status_code=304, headers=headers)
    html = await asyncio.to_thread(rendering.page, shell, report, asked, sections)
    return Response(html, headers=headers, media_type=HTML)


def _report(id: str) -> Report:
    found = next((report for report in REPORTS if report.id == id), None)
    if found is None:
        known = ", ".join(report.id for report in REPORTS)
        detail = f"There are {known}. 可查看的页面：{known}。"
        raise Problem(404, "not-found", "No such page", detail, field="path/page")
    return found


def _cut(report: Report, by: str | None) -> str:
    if by is not None and by not in report.cuts:
        known = ", ".join(report.cuts)
        detail = f"This page is broken down by one of {known}. 本页可按以下方式分组：{known}。"
        raise problems.not_valid([FieldError(field="query/by", detail=detail)])
    return by or report.cuts[0]


def _invalid(error: RequestValidationError) -> Problem:
    return problems.not_valid(problems.field_errors(error.errors()))


def _shell_of(request: Request, visitor: Visitor) -> Shell:
    return _shell(request, visitor.ticket, oversees=visitor.oversees)


def _shell(request: Request, ticket: str | None, *, oversees: bool = False) -> Shell:
    organisation = request.app.state.context.settings.organisation
    asked = request.query_params.get("lang", "")
    language = _LANGUAGES.get(asked) or _preferred(request.headers.get("accept-language", ""))
    return Shell(organisation, language, ticket, oversees)


def _preferred(accepted: str) -> Language:
    """The language that the reader's browser names first, of those that there are."""
    named = (each.strip()[:2].lower() for each in accepted.split(","))
    return next((_LANGUAGES[each] for each in named if each in _LANGUAGES), Language.ZH)
