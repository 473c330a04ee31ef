"""HTTP in: templates of letters, their versions, and how they would read."""

import asyncio
from typing import Annotated

from fastapi import Request, Response
from pydantic_core import to_json

from services.notification.wording.checking import faults
from services.notification.wording.declared import (
    LANGUAGES,
    Language,
    declarations,
    declared,
    variables_of,
)
from services.notification.wording.drafting import FIELD, LookedOver, looked_over
from services.notification.wording.in_force import (
    TEMPLATE_BOOKS,
    TemplateBook,
    Templates,
    TemplateText,
    texts_of,
)
from services.notification.wording.schemas import InBoth
from services.notification.wording.templates_meant import (
    Name,
    Reader,
    book_of,
    books_in_force,
    draft_of,
    findings_shown,
)
from services.notification.wording.templates_schemas import (
    MadeTemplateVersion,
    NewTemplateVersion,
    TemplateInForce,
    TemplateShown,
    TemplateSummary,
    VariableShown,
)
from shared import etag, idempotency, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Editing
from shared.idempotency import Answer, IdempotencyKey
from shared.openapi import TAGGED
from shared.problems import FieldError, Problem
from shared.reply_policy import REPLY_POLICY, answering
from shared.rulebooks import store
from shared.rulebooks.api import Version
from shared.rulebooks.model import Books
from shared.rulebooks.schemas import Switch, VersionSummary
from shared.service import Context, Ctx, api_router

router = api_router(tags=["templates"])

Administrator = Annotated[Principal, may("rulebooks:write")]


@router.get("/templates", summary="List the templates of letters", responses=problems.documented())
async def list_templates(who: Reader, ctx: Ctx) -> list[TemplateSummary]:
    """Every letter that Redress writes, and which version of its words is in force in each language."""
    texts = texts_of(await books_in_force(ctx))
    return [
        TemplateSummary(
            name=name,
            what=InBoth(en=each.en, zh=each.zh),
            audience=each.audience,
            in_force=[
                TemplateInForce(language=language, version=text.version, digest=text.digest)
                for language in LANGUAGES
                for text in [texts[name, language]]
            ],
        )
        for name, each in declarations().templates.items()
    ]


@router.get(
    "/templates/{name}/{language}",
    summary="Read the words of a letter that are in force",
    responses=problems.documented(404) | TAGGED,
)
async def read_template(
    name: Name, language: Language, who: Reader, ctx: Ctx, response: Response
) -> TemplateShown:
    """With the variables that it may use, and those that it must."""
    book = book_of(name, language)
    text = texts_of(await books_in_force(ctx))[name, language]
    response.headers["ETag"] = etag.tag(text.version)
    return _shown(book, text.version, text.source)


@router.get(
    "/templates/{name}/{language}/versions",
    response_model_exclude_none=True,
    summary="List the versions of a letter's words",
    responses=problems.documented(404),
)
async def list_template_versions(
    name: Name, language: Language, who: Reader, ctx: Ctx
) -> list[VersionSummary]:
    """The newest first, at most 500; with whoever made it and why, and since when it is in force."""
    book = book_of(name, language)
    async with ctx.database.reading() as connection:
        return await store.summaries(connection, book)


@router.get(
    "/templates/{name}/{language}/versions/{version}",
    summary="Read a version of a letter's words",
    responses=problems.documented(404),
)
async def read_template_version(
    name: Name, language: Language, version: Version, who: Reader, ctx: Ctx
) -> TemplateShown:
    """A version never changes; version 0 comes with the release of Redress."""
    book = book_of(name, language)
    async with ctx.database.reading() as connection:
        content = await store.content_of(connection, book, version)
    if content is None:
        raise problems.not_found("version of the template", "path/version")
    return _shown(book, version, content.source)


@router.post(
    "/templates/{name}/{language}/versions",
    status_code=201,
    response_model=MadeTemplateVersion,
    summary="Make a version of a letter's words",
    responses=problems.documented(404, 422),
)
async def make_template_version(
    name: Name,
    language: Language,
    wanted: NewTemplateVersion,
    request: Request,
    who: Administrator,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """It is not in force until it is switched on. Refused are drafts that could not be rendered, show not what they
    must, or that the reply check blocks."""
    book = book_of(name, language)
    looked = await _looked_over(ctx, name, language, wanted.source)
    _must_be_fit(looked)

    async def work(transaction: Transaction) -> Answer:
        content = TemplateText(source=wanted.source)
        version = await store.add_version(transaction, book, content, wanted.reason, who.id)
        made = MadeTemplateVersion(
            name=name, language=language, version=version, findings=findings_shown(looked.findings)
        )
        return Answer(201, to_json(made))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.put(
    "/templates/{name}/{language}",
    response_model=TemplateShown,
    summary="Switch to a version of a letter's words",
    responses=problems.documented(404, 412, 422) | TAGGED,
)
async def switch_template(
    name: Name,
    language: Language,
    wanted: Switch,
    who: Administrator,
    editing: Editing,
    ctx: Ctx,
) -> Response:
    """Every letter that is written from now on has these words, of other processes after two seconds at most. Which
    wording a letter had, its delivery says."""
    book = book_of(name, language)

    async def work(transaction: Transaction) -> Answer:
        await store.lock_kind(transaction, book)
        books = await store.load_books(transaction.connection, REPLY_POLICY, *TEMPLATE_BOOKS.values())
        editing.must_match(books.version(book), "template", "模板")
        content = await store.content_of(transaction.connection, book, wanted.version)
        if content is None:
            raise Problem(
                404,
                "not-found",
                "No such version of the template",
                "Make it first. 没有这一版，请先新建。",
                field="body/version",
            )
        after = Books({**books.in_force, book.kind: (wanted.version, content)})
        await asyncio.to_thread(_must_fit_together, name, language, after)
        await store.switch(transaction, book, wanted.version, wanted.reason, who.id)
        return Answer(200, to_json(_shown(book, wanted.version, content.source)))

    answer = await editing.once_tagged(who.id, work)
    await ctx.part(Templates).refresh()
    return answer


async def _looked_over(ctx: Context, name: str, language: Language, source: str) -> LookedOver:
    books = await books_in_force(ctx)
    draft = draft_of(books, name, language, source)
    return await asyncio.to_thread(looked_over, draft, books.read(REPLY_POLICY))


def _must_be_fit(looked: LookedOver) -> None:
    if looked.faults:
        raise problems.invalid(
            "The template cannot be used",
            "Mend what errors names; the preview shows it, too. 请按提示修改，可先预览。",
            errors=[
                FieldError(field=FIELD, detail=f"{_line(each.line)}{each.en}. {each.zh}。")
                for each in looked.faults
            ],
        )
    if looked.blocked:
        raise answering.refusal(looked.blocked)


def _line(line: int | None) -> str:
    return "" if line is None else f"Line {line}: "


def _must_fit_together(name: str, language: Language, books: Books) -> None:
    """A part is put into every letter: all of them must still say what they must. Raises a 422 problem."""
    texts = texts_of(books)
    concerned = [
        text
        for (each, spoken), text in texts.items()
        if spoken == language and (each == name or declared(name).audience == "part")
    ]
    for text in concerned:
        if wrong := faults(text):
            raise problems.invalid(
                "The template cannot be used as things are now",
                f"In `{text.name}`: {wrong[0].en}. Make another version. {wrong[0].zh}，请新建一版。",
                field="body/version",
            )


def _shown(book: TemplateBook, version: int, source: str) -> TemplateShown:
    told = declared(book.name)
    return TemplateShown(
        name=book.name,
        language=book.language,
        version=version,
        source=source,
        variables=[
            VariableShown(
                name=each,
                type=variable.type,
                what=InBoth(en=variable.en, zh=variable.zh),
                example=variable.values[book.language][0],
                may_be_missing=None in variable.values[book.language] and each not in told.known,
                must_be_shown=each in told.must,
            )
            for each, variable in variables_of(book.name).items()
        ],
    )
