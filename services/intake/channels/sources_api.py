"""HTTP in: the sources of webhooks, for an administrator."""

from typing import Annotated

from fastapi import Path, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.intake.channels import mapping, sources
from services.intake.channels.mapping import TooManyMessages, Unmapped
from services.intake.channels.schemas import Source, SourceShown, Trial, TrialResult, Tried
from services.intake.channels.store import EMAIL, webhook_sources
from services.intake.channels.words import language
from shared import etag, pages, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Editing
from shared.etag import IfMatch
from shared.idempotency import Answer
from shared.pages import Cursor, Limit, Page
from shared.problems import Problem
from shared.seal import Seal
from shared.service import Ctx, api_router

router = api_router(tags=["channels"])

Name = Annotated[
    str,
    Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Chosen by you; stands in the URL."),
]
Keeper = Annotated[Principal, may("channels:write")]


@router.get("/channels/sources", summary="List the sources of webhooks", responses=problems.documented())
async def list_sources(who: Keeper, ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[SourceShown]:
    """By name, without their secrets."""
    query, base = select(webhook_sources), ctx.settings.base_url
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection, query, limit, cursor, lambda row: sources.shown(row, base), webhook_sources.c.name
        )


@router.get("/channels/sources/{name}", summary="Read a source", responses=problems.documented(404))
async def read_source(name: Name, who: Keeper, ctx: Ctx, response: Response) -> SourceShown:
    """Its ETag goes into `If-Match`."""
    async with ctx.database.reading() as connection:
        row = await sources.find(connection, name)
    if row is None:
        raise sources.unknown()
    response.headers["ETag"] = etag.tag(row["version"])
    return sources.shown(row, ctx.settings.base_url)


@router.put(
    "/channels/sources/{name}",
    response_model=SourceShown,
    summary="Set up a source, or change it as a whole",
    responses=problems.documented(412),
)
async def put_source(
    name: Name,
    wanted: Source,
    who: Keeper,
    editing: Editing,
    ctx: Ctx,
) -> Response:
    """From then on it may post to its `url`. Without `secret` the present one stays."""

    if name == EMAIL:
        raise problems.invalid(
            "This name is taken",
            "Mails have it. Choose another name. 该名称已用于邮件，请换一个。",
            field="path/name",
        )

    async def work(transaction: Transaction) -> Answer:
        before = await sources.held(transaction, name, editing.if_match)
        row = await sources.put(transaction, name, wanted, before, who.id, ctx.part(Seal))
        return Answer(200, to_json(sources.shown(row, ctx.settings.base_url)))

    return await editing.once_tagged(who.id, work)


@router.delete(
    "/channels/sources/{name}",
    status_code=204,
    summary="End a source",
    responses=problems.documented(404, 412),
)
async def delete_source(name: Name, who: Keeper, ctx: Ctx, if_match: IfMatch = None) -> None:
    """Its calls are refused from then on; what it brought stays."""
    async with ctx.database.transaction() as transaction:
        if await sources.held(transaction, name, if_match) is None:
            raise sources.unknown()
        await sources.remove(transaction, name)


@router.post("/channels/trial", summary="Try a mapping", responses=problems.documented())
async def try_mapping(trial: Trial, who: Keeper, ctx: Ctx) -> TrialResult:
    """What a mapping reads in a payload. Nothing is kept; no source is needed."""
    try:
        found = mapping.read(trial.mapping.model_dump(exclude_none=True), trial.payload, None)
    except TooManyMessages:
        raise too_many("body/payload") from None
    return TrialResult(messages=[_tried(each) for each in found])


def too_many(field: str) -> Problem:
    return problems.invalid(
        "One call brings too many messages",
        f"At most {mapping.MOST_MESSAGES} are taken at once. 单次消息过多，请分批发送。",
        field=field,
    )


def _tried(each: mapping.Mapped | Unmapped) -> Tried:
    if isinstance(each, Unmapped):
        return Tried(ignored=each.reason)
    names = ("text", "message_id", "author", "permalink", "time", "thread_id")
    return Tried(**{name: getattr(each, name) for name in names}, language=language(each.text))
