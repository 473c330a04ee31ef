"""HTTP in: what complaints suggest to change, what people decide, and whether it helped."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.suggestions.book import SUGGESTIONS
from services.insights.suggestions.effect import course, effect, since_when
from services.insights.suggestions.loop import WORDS, loop
from services.insights.suggestions.model import SUBJECTS, Suggestion, SuggestionState
from services.insights.suggestions.schemas import (
    ChangeMade,
    LoopStep,
    SuggestionAcceptance,
    SuggestionEffect,
    SuggestionInFull,
    SuggestionJudgement,
    SuggestionRefusal,
    SuggestionShown,
)
from services.insights.suggestions.store import load, save, suggestion_of, suggestions
from shared import clock, etag, pages, problems
from shared.aggregate import NotPossible
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.events.learning import SuggestionKind, SuggestionSource
from shared.idempotency import Answer
from shared.masking import mask
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["suggestions"])
Reads = Annotated[Principal, may("cases:read")]
Decides = Annotated[Principal, may("policies:write")]
CHANGED = problems.documented(404, 409, 412, 422) | TAGGED
Change = Callable[[Transaction, Suggestion, datetime], Awaitable[None]]


@router.get(
    "/suggestions",
    response_model=pages.Page[SuggestionShown],
    summary="What complaints suggest to change",
    responses=problems.documented(),
)
async def list_suggestions(
    who: Reads,
    ctx: Ctx,
    state: Annotated[SuggestionState | None, Query(description="Only in this state.")] = None,
    kind: Annotated[SuggestionKind | None, Query(description="Only of this kind.")] = None,
    source: Annotated[SuggestionSource | None, Query(description="Only of this evidence.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[SuggestionShown]:
    """Found on schedule: hazards that come back, categories whose handlers lack authority, exceptions that are granted
    again and again, training that is needed again. The newest first, with what became of them."""
    c = suggestions.c
    query = select(suggestions)
    for column, wanted in ((c.state, state), (c.kind, kind), (c.source, source)):
        if wanted is not None:
            query = query.where(column == wanted.value)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: SuggestionShown(**_plain(suggestion_of(row))),
            c.made_at,
            c.id,
            newest_first=True,
        )


@router.get(
    "/suggestions/{suggestion_id}",
    response_model=SuggestionInFull,
    summary="One suggestion, from the problem to the effect",
    responses=problems.documented(404) | TAGGED,
)
async def read_suggestion(suggestion_id: UUID, who: Reads, ctx: Ctx) -> Response:
    async with ctx.database.reading() as connection:
        found = await load(connection, suggestion_id)
        if found is None:
            raise problems.not_found("suggestion", "path/suggestion_id")
        shown = await _in_full(connection, found, clock.now())
    return etag.tagged(Response(shown.model_dump_json(), media_type="application/json"))


@router.post(
    "/suggestions/{suggestion_id}/accept",
    response_model=SuggestionInFull,
    summary="Accept a suggestion",
    responses=CHANGED,
)
async def accept_suggestion(
    suggestion_id: UUID,
    wanted: SuggestionAcceptance,
    who: Decides,
    editing: Editing,
) -> Response:
    """By an improvement, which resolution opens for the complaints that speak for it; or by a change that you name, and
    tell of when it is in force."""

    async def change(transaction: Transaction, of: Suggestion, at: datetime) -> None:
        of.accept(wanted.action, mask(wanted.title), mask(wanted.problem), who.id, at)

    return await _changed(suggestion_id, who, editing, change)


@router.post(
    "/suggestions/{suggestion_id}/decline",
    response_model=SuggestionInFull,
    summary="Decline a suggestion",
    responses=CHANGED,
)
async def decline_suggestion(
    suggestion_id: UUID,
    wanted: SuggestionRefusal,
    who: Decides,
    editing: Editing,
) -> Response:
    """With a reason. What happens from now on may suggest it again."""

    async def change(transaction: Transaction, of: Suggestion, at: datetime) -> None:
        of.decline(mask(wanted.reason), who.id, at)

    return await _changed(suggestion_id, who, editing, change)


@router.post(
    "/suggestions/{suggestion_id}/carry-out",
    response_model=SuggestionInFull,
    summary="Say that the change is in force",
    responses=CHANGED,
)
async def carry_out_suggestion(
    suggestion_id: UUID,
    wanted: ChangeMade,
    who: Decides,
    editing: Editing,
) -> Response:
    """Of a suggestion that was accepted as a change. An improvement tells by itself how far it has come."""

    async def change(transaction: Transaction, of: Suggestion, at: datetime) -> None:
        of.carry_out(mask(wanted.reference), wanted.in_force_on, who.id, at)
        if not of.made_at.astimezone(UTC).date() <= wanted.in_force_on <= at.astimezone(UTC).date():
            raise Problem(
                422,
                "invalid-request",
                "The day does not fit",
                "Name a day between the suggestion and today. 生效日期须在提出建议之后且不晚于今天。",
                field="body/in_force_on",
            )

    return await _changed(suggestion_id, who, editing, change)


@router.post(
    "/suggestions/{suggestion_id}/effect",
    response_model=SuggestionInFull,
    summary="Judge whether it helped",
    responses=CHANGED,
)
async def judge_suggestion(
    suggestion_id: UUID,
    wanted: SuggestionJudgement,
    who: Decides,
    editing: Editing,
) -> Response:
    """That it helped: when it has been in force, or its improvement closed, for as long as the rulebook says. That it
    did not, at any time: its improvement was dropped, for example. The numbers, if there are any, are kept with it."""

    async def change(transaction: Transaction, of: Suggestion, at: datetime) -> None:
        connection = transaction.connection
        since = since_when(of, await course(connection, of))
        rules = (await load_books(connection, SUGGESTIONS)).read(SUGGESTIONS)
        seen = None
        if since is not None and at >= since + timedelta(days=rules.effect_days):
            seen = await effect(connection, of, since, at)
        if (
            wanted.effective
            and seen is None
            and of.state in {SuggestionState.ACCEPTED, SuggestionState.CARRIED_OUT}
        ):
            raise NotPossible(
                "nothing-to-judge-yet",
                f"It is judged {rules.effect_days} days after it was carried out, when there is something to compare.",
                f"须在落实满 {rules.effect_days} 天且有数据可比后再判断。",
                state_now=of.state.value,
            )
        of.judge(wanted.effective, mask(wanted.reason), seen.told() if seen else {}, who.id, at)

    return await _changed(suggestion_id, who, editing, change)


async def _changed(suggestion_id: UUID, who: Principal, editing: Edit, change: Change) -> Response:
    async def work(transaction: Transaction) -> Answer:
        found = await load(transaction.connection, suggestion_id, hold=True)
        if found is None:
            raise problems.not_found("suggestion", "path/suggestion_id")
        editing.must_match(found.version, "suggestion", "改进建议")
        at = clock.now()
        await change(transaction, found, at)
        await save(transaction, [found])
        return Answer(200, to_json(await _in_full(transaction.connection, found, at)))

    return await editing.once_tagged(who.id, work)


async def _in_full(connection: AsyncConnection, of: Suggestion, now: datetime) -> SuggestionInFull:
    come = await course(connection, of)
    numbers: Any = of.numbers
    since = since_when(of, come)
    if numbers is None and since is not None:
        seen = await effect(connection, of, since, now)
        numbers = seen.told() if seen else None
    steps = [
        LoopStep(
            stage=each.stage,
            what=each.what,
            words_en=WORDS[each.what][0],
            words_zh=WORDS[each.what][1],
            at=each.at,
            by=each.by,
            said=each.said,
            complaints=list(each.complaints),
        )
        for each in loop(of, come)
    ]
    shown = SuggestionEffect.model_validate(numbers) if numbers else None
    return SuggestionInFull(**_plain(of), loop=steps, effect=shown)


def _plain(of: Suggestion) -> dict[str, Any]:
    told = {name: getattr(of, name) for name in SuggestionShown.model_fields}
    return told | {"subject": {name: value for name in SUBJECTS[of.source] if (value := of.about(name))}}
