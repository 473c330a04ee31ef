"""The page on which customers answer: one question at a time, without scripts, readable on a telephone.

It is for people: what goes wrong is said on a page, too, and not as a problem document. It is no part of the OpenAPI
document; applications use the JSON addresses.
"""

import base64
import hashlib
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.store import survey_store
from services.notification.surveys.access import survey_of
from services.notification.surveys.answering import take
from services.notification.surveys.model import Survey, SurveyState
from services.notification.surveys.questions import SCALES, AnswerKind, NotAnAnswer, Question
from services.notification.surveys.schemas import WORDS
from shared import clock, driver
from shared.aggregate import NotPossible
from shared.database import sql
from shared.events.surveys import AnsweredBy, Value
from shared.events.vocabulary import Language
from shared.problems import Problem
from shared.service import Context, Ctx

router = APIRouter(include_in_schema=False)

_PAGES = Path(__file__).parent / "pages"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_PAGES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = (_PAGES / "page.css").read_text()
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_LANGUAGE = sql("SELECT language FROM conversations WHERE id = :id")


@router.get("/s/{token}")
async def show_page(token: str, ctx: Ctx, lang: str | None = None) -> Response:
    """The question that is asked now; thanks when nothing more is."""
    async with ctx.database.reading() as connection:
        survey = await _survey(connection, ctx, token)
        language = await _language(connection, survey, lang)
    return _page(ctx, survey, language)


@router.post("/s/{token}")
async def take_page(
    token: str,
    ctx: Ctx,
    question: Annotated[str, Form(max_length=40)],
    answer: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006 - FastAPI copies it
    skip: Annotated[str | None, Form(max_length=10)] = None,
    lang: str | None = None,
) -> Response:
    """Take the answer and lead to the next question."""
    async with ctx.database.reading() as connection:
        survey = await _survey(connection, ctx, token)
        language = await _language(connection, survey, lang)
    asked = survey.questionnaire.question(question) if survey else None
    if survey is None or asked is None:
        return _page(ctx, None, language)
    try:
        value = None if skip is not None else _typed(asked, answer)
        async with ctx.database.transaction() as transaction:
            await take(transaction, survey.id, {question: value}, AnsweredBy.LINK)
    except NotAnAnswer:
        return _page(ctx, survey, language, hint="answer", status=422)
    except (NotPossible, Problem) as refused:
        if isinstance(refused, Problem) and refused.status not in {410, 422}:
            raise
        async with ctx.database.reading() as connection:
            survey = await _survey(connection, ctx, token)
        return _page(ctx, survey, language, hint="before", status=getattr(refused, "status", 409))
    # Seen again after "back" or "reload", it asks nothing twice.
    here = f"?lang={language.value}" if lang else ""
    return Response(status_code=303, headers=HEADERS | {"Location": f"{token}{here}"})


async def _survey(connection: AsyncConnection, ctx: Context, token: str) -> Survey | None:
    survey_id = survey_of(ctx.settings.installation_secret, token)
    found: dict[UUID, Survey] = await survey_store.read(connection, [survey_id]) if survey_id else {}
    return next(iter(found.values()), None)


async def _language(connection: AsyncConnection, survey: Survey | None, wanted: str | None) -> Language:
    """As asked for on the page, else as the customer is written to."""
    if wanted in set(Language):
        return Language(wanted)
    if survey is None:
        return Language.ZH
    known = (await driver.run(connection, _LANGUAGE, {"id": survey.complaint_id})).scalar_one_or_none()
    return Language(known) if known else Language.ZH


def _typed(question: Question, told: list[str]) -> Value:
    """A form's text as the answer that it means. Raises NotAnAnswer."""
    first = told[0].strip() if told else ""
    try:
        match question.kind:
            case AnswerKind.CHOICES:
                return question.checked(told)
            case AnswerKind.YES_NO:
                return question.checked({"yes": True, "no": False}.get(first, first))
            case AnswerKind.SCALE_5 | AnswerKind.SCALE_10:
                return question.checked(int(first))
            case AnswerKind.TEXT:
                return question.checked(WORDS.validate_python(first) if first else None)
            case _:
                return question.checked(first)
    except (ValidationError, ValueError) as error:
        raise NotAnAnswer(str(error)) from None


def _page(
    ctx: Context, survey: Survey | None, language: Language, *, hint: str | None = None, status: int = 200
) -> Response:
    asked = None
    if survey is None or survey.state is SurveyState.PLANNED:
        name, status = "unknown", 404
    elif survey.state is SurveyState.ANSWERED:
        name = "thanks"
    elif survey.state is SurveyState.CLOSED or survey.closes_at is None or clock.now() > survey.closes_at:
        name, status = "over", 410
    else:
        name, asked = "question", survey.asked_now
    done = len(survey.answers) if survey else 0
    shown = _ENVIRONMENT.get_template(f"{name}.html.jinja").render(
        language=language.value,
        other=Language.EN if language is Language.ZH else Language.ZH,
        organisation=ctx.settings.organisation,
        style=_STYLE,
        survey=survey,
        question=asked,
        scale=SCALES.get(asked.kind, ()) if asked else (),
        number=done + 1,
        number_of=done + survey.questionnaire.longest(asked.id) if survey and asked else 0,
        hint=hint,
    )
    return Response(shown, status, HEADERS, "text/html; charset=utf-8")
