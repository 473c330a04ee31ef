"""HTTP in: for the company, its surveys, what was suggested in them, and what came of them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import func, select

from services.notification.store import surveys as tables
from services.notification.surveys.model import SurveyState
from services.notification.surveys.results import results
from services.notification.surveys.schemas import SurveyResults, SurveySuggestion, SurveyView
from services.notification.surveys.words import seal_of
from shared import pages, problems
from shared.auth import Principal, may
from shared.pages import Cursor, Limit, Moment, Page
from shared.service import Ctx, api_router

router = api_router(tags=["surveys"])

NAME = r"^[a-z][a-z0-9_]{0,39}$"
Of = Annotated[str, Query(pattern=NAME, max_length=40, description="Id of a questionnaire.")]


@router.get(
    "/surveys", response_model_exclude_none=True, summary="List surveys", responses=problems.documented()
)
async def list_surveys(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    complaint_id: UUID | None = None,
    questionnaire: Of | None = None,
    state: Annotated[SurveyState | None, Query(description="Only those that stand so.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SurveyView]:
    """The newest first. Those that are open can be answered on the phone."""
    c, answers = tables.surveys.c, tables.answers.c
    counted = select(func.count()).where(answers.survey_id == c.id).scalar_subquery()
    shown = [c[name] for name in SurveyView.model_fields if name in c]
    query = select(*shown, counted.label("answered"))
    if complaint_id is not None:
        query = query.where(c.complaint_id == complaint_id)
    if questionnaire is not None:
        query = query.where(c.questionnaire == questionnaire)
    if state is not None:
        query = query.where(c.state == state.value)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: SurveyView(**row),
            c.planned_at,
            c.id,
            newest_first=True,
        )


@router.get(
    "/surveys/results",
    response_model_exclude_none=True,
    summary="What came of a questionnaire",
    responses=problems.documented(),
)
async def read_results(
    who: Annotated[Principal, may("measures:read")],
    ctx: Ctx,
    questionnaire: Of,
    since: Annotated[Moment | None, Query(alias="from", description="Sent at this time or later.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Sent before this time.")] = None,
) -> SurveyResults:
    """Response rate, and for each question how often which answer was given, with figures and their 95 % intervals:
    satisfaction (CSAT) and effort (CES) as the share of 4 and 5, recommendation as the net promoter score."""
    if since is not None and until is not None and since >= until:
        raise problems.invalid(
            "The time ends before it begins",
            "`to` must be later than `from`. 结束时间须晚于开始时间。",
            field="query/to",
        )
    async with ctx.database.reading() as connection:
        return await results(connection, questionnaire, since, until)


@router.get("/surveys/suggestions", summary="Read what customers suggested", responses=problems.documented())
async def list_suggestions(
    who: Annotated[Principal, may("customers:read")],
    ctx: Ctx,
    complaint_id: UUID | None = None,
    questionnaire: Of | None = None,
    question: Annotated[
        str | None, Query(pattern=NAME, max_length=40, description="Only to this one.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SurveySuggestion]:
    """Answers in free words, as they were written, the newest first. Personal data: what an erased customer wrote is
    gone."""
    c, answers = tables.surveys.c, tables.answers.c
    query = select(*answers, c.complaint_id, c.questionnaire).join_from(tables.answers, tables.surveys)
    query = query.where(answers.words != "")
    if complaint_id is not None:
        query = query.where(c.complaint_id == complaint_id)
    if questionnaire is not None:
        query = query.where(c.questionnaire == questionnaire)
    if question is not None:
        query = query.where(answers.question == question)
    async with ctx.database.reading() as connection:
        seal = seal_of(connection)
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: SurveySuggestion(**{**row, "words": seal.open(row["words"])}),
            answers.at,
            answers.survey_id,
            answers.question,
            newest_first=True,
        )
