"""HTTP in: the topics that emerged, and what people say about them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic_core import to_json

from services.insights.ranges import Reader
from services.insights.topics import reading
from services.insights.topics.job import LOCK
from services.insights.topics.model import Topic, TopicState
from services.insights.topics.schemas import (
    TopicComplaint,
    TopicMerge,
    TopicNamed,
    TopicReason,
    TopicSummary,
    TopicView,
)
from services.insights.topics.store import merge, store
from services.insights.topics.tables import topic_complaints
from shared import clock, etag, pages, problems
from shared.aggregate import save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.idempotency import Answer
from shared.masking import mask
from shared.openapi import TAGGED
from shared.pages import Cursor, Limit, Page
from shared.problems import FieldError
from shared.service import Ctx, api_router

router = api_router(tags=["topics"])

TopicId = Annotated[UUID, Path(examples=["01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"])]
Voice = Annotated[Principal, may("topics:write")]
CHANGED = problems.documented(404, 409, 412, 422) | TAGGED


@router.get("/topics", summary="What is told anew", responses=problems.documented())
async def list_topics(
    who: Reader,
    ctx: Ctx,
    state: Annotated[TopicState | None, Query(description="Only those in this state.")] = None,
    category: Annotated[
        str | None, Query(pattern="^[a-z][a-z0-9_]{0,49}$", description="Only those of this category.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TopicSummary]:
    """Problems that were not told before, or not nearly as often: those found last first. Every week is mined once it
    is over. Names and labels hold no personal data."""
    async with ctx.database.reading() as connection:
        return await reading.listed(connection, state, category, limit, cursor)


@router.get("/topics/{topic_id}", summary="Read a topic", responses=problems.documented(404) | TAGGED)
async def read_topic(
    topic_id: TopicId, who: Annotated[Principal, may("measures:read", "cases:read")], ctx: Ctx
) -> Response:
    """With the complaints by week, and what those said that speak for it, masked."""
    async with ctx.database.reading() as connection:
        found = await reading.view(connection, topic_id)
    if found is None:
        raise problems.not_found("topic", "path/topic_id")
    return etag.tagged(Response(found.model_dump_json(), media_type="application/json"))


@router.get(
    "/topics/{topic_id}/complaints",
    summary="List the complaints of a topic",
    responses=problems.documented(404),
)
async def list_topic_complaints(
    topic_id: TopicId,
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TopicComplaint]:
    """The newest first."""
    c = topic_complaints.c
    query = topic_complaints.select().where(c.topic_id == topic_id)
    async with ctx.database.reading() as connection:
        found = await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: TopicComplaint(
                complaint_id=row["complaint_id"], week=row["week"], language=row["language"]
            ),
            c.complaint_id,
            newest_first=True,
        )
    if not found.items and cursor is None:
        raise problems.not_found("topic", "path/topic_id")
    return found


@router.put("/topics/{topic_id}/name", response_model=TopicView, summary="Name a topic", responses=CHANGED)
async def name_topic(
    topic_id: TopicId,
    body: TopicNamed,
    who: Voice,
    editing: Editing,
) -> Response:
    """It is called so from now on; its label stays what was told."""
    return await _change(editing, who, topic_id, lambda topic, at: topic.call(mask(body.name)))


@router.post(
    "/topics/{topic_id}/dismiss", response_model=TopicView, summary="Dismiss a topic", responses=CHANGED
)
async def dismiss_topic(
    topic_id: TopicId,
    body: TopicReason,
    who: Voice,
    editing: Editing,
) -> Response:
    """It is no problem. It is still followed, so that it is not found again as something new."""
    return await _change(
        editing, who, topic_id, lambda topic, at: topic.dismiss(mask(body.reason), who.id, at)
    )


@router.post(
    "/topics/{topic_id}/resume",
    response_model=TopicView,
    summary="Resume a dismissed topic",
    responses=CHANGED,
)
async def resume_topic(
    topic_id: TopicId,
    body: TopicReason,
    who: Voice,
    editing: Editing,
) -> Response:
    """It is one after all."""
    return await _change(
        editing, who, topic_id, lambda topic, at: topic.resume(mask(body.reason), who.id, at)
    )


@router.post(
    "/topics/{topic_id}/merge",
    response_model=TopicView,
    summary="Merge a topic into another",
    responses=CHANGED,
)
async def merge_topic(
    topic_id: TopicId,
    body: TopicMerge,
    who: Voice,
    editing: Editing,
) -> Response:
    """Both are one problem. Its complaints, and whatever is found of it later, are those of the other, too."""

    async def work(transaction: Transaction) -> Answer:
        topic = await _locked(transaction, editing, topic_id)
        into = topic if body.into == topic_id else (await store.load(transaction, [body.into])).get(body.into)
        if into is None:
            raise problems.invalid(
                "There is no such topic",
                errors=[
                    FieldError(field="body/into", detail="`/topics` lists them. 没有这个问题，请见 /topics。")
                ],
            )
        topic.merge(into, mask(body.reason), who.id, clock.now())
        await merge(transaction, topic, into)
        return await _answered(transaction, topic_id)

    return await editing.once_tagged(who.id, work)


async def _change(
    editing: Edit, who: Principal, topic_id: UUID, act: Callable[[Topic, datetime], None]
) -> Response:
    async def work(transaction: Transaction) -> Answer:
        topic = await _locked(transaction, editing, topic_id)
        act(topic, clock.now())
        await save_one(store, transaction, topic)
        return await _answered(transaction, topic_id)

    return await editing.once_tagged(who.id, work)


async def _locked(transaction: Transaction, editing: Edit, topic_id: UUID) -> Topic:
    await transaction.hold(LOCK)
    topic = (await store.load(transaction, [topic_id])).get(topic_id)
    if topic is None:
        raise problems.not_found("topic", "path/topic_id")
    editing.must_match(topic.version, "topic", "该问题")
    return topic


async def _answered(transaction: Transaction, topic_id: UUID) -> Answer:
    return Answer(200, to_json(await reading.view(transaction.connection, topic_id)))
