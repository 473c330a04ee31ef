"""HTTP in: customers answer with their survey's token, people of the company for them, providers hand in replies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, SecurityScopes
from pydantic_core import to_json

from services.notification.store import survey_store
from services.notification.surveys.access import phone_digest, survey_of
from services.notification.surveys.model import NotAsked, Over, Survey, SurveyState
from services.notification.surveys.questions import NotAnAnswer
from services.notification.surveys.schemas import ReplyTaken, SurveyAnswers, SurveyOpened, SurveyReply
from shared import clock, problems
from shared.aggregate import save_one
from shared.auth import Principal, authenticate, bearer, may
from shared.database import Transaction, sql
from shared.events.surveys import AnsweredBy, Value
from shared.idempotency import Answer, IdempotencyKey, once
from shared.problems import Problem
from shared.service import Ctx, api_router

router = api_router(tags=["surveys"])


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers: the customer by their link, or somebody of the company on the phone with them."""

    by: AnsweredBy
    principal: str
    """Whose idempotency keys they are."""


async def _answering(
    survey_id: UUID,
    request: Request,
    ctx: Ctx,
    wanted: SecurityScopes,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    header: Annotated[str | None, Header(alias="X-Survey-Token", max_length=100)] = None,
    query: Annotated[
        str | None, Query(alias="token", max_length=100, description="For links; prefer the header.")
    ] = None,
) -> Answering:
    token = header or query
    if token is None:
        return Answering(AnsweredBy.PHONE, (await authenticate(request, wanted, credentials)).id)
    if survey_of(ctx.settings.installation_secret, token) != survey_id:
        raise unknown()
    return Answering(AnsweredBy.LINK, f"survey:{survey_id}")


Reader = Annotated[Answering, Security(_answering, scopes=["cases:read"])]
Teller = Annotated[Answering, Security(_answering, scopes=["cases:work"])]


def unknown() -> Problem:
    """One answer for a wrong id and for a wrong token."""
    return Problem(
        404,
        "unknown-survey-or-token",
        "No survey opens with this id and token",
        "Follow the link in the letter as it stands there. 请按信中的链接打开。",
        field="path/survey_id",
    )


@router.get(
    "/surveys/{survey_id}",
    response_model_exclude_none=True,
    summary="Open a survey",
    responses=problems.documented(404),
)
async def read_survey(survey_id: UUID, who: Reader, ctx: Ctx) -> SurveyOpened:
    """The questions in both languages, what was answered, and what comes next: for apps, and for whoever asks on the
    phone. With the survey's token nobody needs an account."""
    async with ctx.database.reading() as connection:
        found = (await survey_store.read(connection, [survey_id])).get(survey_id)
    if found is None:
        raise unknown()
    return SurveyOpened.of(found)


@router.post(
    "/surveys/{survey_id}/answers",
    response_model=SurveyOpened,
    response_model_exclude_none=True,
    summary="Answer a survey",
    responses=problems.documented(404, 409, 410),
)
async def answer_survey(
    survey_id: UUID,
    said: SurveyAnswers,
    who: Teller,
    ctx: Ctx,
    request: Request,
    key: IdempotencyKey = None,
) -> Response:
    """Some answers or all, in the order in which they are asked; to say the same again changes nothing. With the
    survey's token it is the customer who answers; without, somebody who has them on the phone."""

    async def work(transaction: Transaction) -> Answer:
        survey = await take(transaction, survey_id, said.answers, who.by)
        return Answer(200, to_json(SurveyOpened.of(survey), exclude_none=True))

    return await once(request, ctx.database, who.principal, key, work)


async def take(
    transaction: Transaction, survey_id: UUID, given: Mapping[str, Value], by: AnsweredBy
) -> Survey:
    """Take these answers to a survey. Raises NotPossible, and the problem to answer with."""
    await transaction.lock([survey_id])
    survey = (await survey_store.load(transaction, [survey_id])).get(survey_id)
    if survey is None:
        raise unknown()
    try:
        survey.answer(given, by, clock.now())
    except NotAsked as error:
        raise problems.invalid(
            "This is no answer to what is asked 答案与题目不符",
            f"{error.why}.",
            field=f"body/answers/{error.question}",
        ) from None
    except Over:
        raise Problem(
            410,
            "survey-over",
            "Thank you, but this survey is over 感谢您，该问卷已截止",
            "What you would like to tell us is welcome all the same: write to us with your reference. "
            "如有想说的话，欢迎凭投诉编号随时告诉我们。",
            field="path/survey_id",
        ) from None
    if survey.added:
        await save_one(survey_store, transaction, survey)
    return survey


_OF_PHONE = sql(
    "SELECT s.id FROM survey_phones p JOIN surveys s ON s.id = p.survey_id "
    "WHERE p.phone = :phone AND s.state = 'open' ORDER BY s.opened_at DESC, s.id LIMIT 1"
)


@router.post(
    "/surveys/replies",
    response_model=ReplyTaken,
    response_model_exclude_none=True,
    summary="Hand in a text message that answers a survey",
    responses=problems.documented(409, 410),
)
async def take_reply(
    reply: SurveyReply,
    who: Annotated[Principal, may("surveys:reply")],
    ctx: Ctx,
    request: Request,
    key: IdempotencyKey = None,
) -> Response:
    """For the provider of text messages. The number answers the question that is asked now in the newest open survey
    that was sent to this phone. Send the provider's id of the message as the Idempotency-Key: the same message again
    must not answer the next question."""
    phone = phone_digest(ctx.settings.installation_secret, reply.phone)

    async def work(transaction: Transaction) -> Answer:
        return Answer(200, to_json(await _taken(transaction, phone, reply.text), exclude_none=True))

    return await once(request, ctx.database, who.id, key, work)


async def _taken(transaction: Transaction, phone: bytes, text: str) -> ReplyTaken:
    found = (await transaction.execute(_OF_PHONE, {"phone": phone})).scalar_one_or_none()
    if found is None or not (text.isascii() and text.isdigit() and len(text) <= 2):
        return ReplyTaken(taken=False)
    await transaction.lock([found])
    survey = (await survey_store.load(transaction, [found]))[found]
    asked = survey.asked_now if survey.state is SurveyState.OPEN else None
    if asked is None:
        return ReplyTaken(taken=False)
    try:
        answer = asked.by_digit(int(text))
    except NotAnAnswer:
        return ReplyTaken(taken=False)
    await take(transaction, found, {asked.id: answer}, AnsweredBy.REPLY)
    return ReplyTaken(taken=True, survey_id=found, question=asked.id)
