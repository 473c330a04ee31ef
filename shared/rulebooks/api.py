"""HTTP in: the rulebooks of a service. Each kind has its own addresses, so that its content has a schema."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from shared import etag, idempotency, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Editing
from shared.idempotency import Answer, IdempotencyKey
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.rulebooks import store
from shared.rulebooks.model import SHIPPED, Book
from shared.rulebooks.schemas import (
    MadeVersion,
    NewVersion,
    RulebookShown,
    RulebookSummary,
    Switch,
    VersionSummary,
    new_version_of,
)
from shared.service import Ctx, api_router

Version = Annotated[int, Path(ge=SHIPPED, le=1_000_000, description="0 is what Redress is shipped with.")]


def routes(*books: Book[Any]) -> APIRouter:
    """The addresses of these rulebooks."""
    router = api_router(tags=["rulebooks"])
    _list(router, books)
    for book in books:
        _read(router, book)
        _change(router, book)
    return router


def _list(router: APIRouter, books: tuple[Book[Any], ...]) -> None:
    @router.get("/rulebooks", summary="List the rulebooks", responses=problems.documented())
    async def list_rulebooks(who: Annotated[Principal, may("cases:read")], ctx: Ctx) -> list[RulebookSummary]:
        """The tables by which the service decides, and which version of each is in force."""
        async with ctx.database.reading() as connection:
            in_force = await store.load_books(connection, *books)
        return [
            RulebookSummary(
                kind=book.kind, name_en=book.name_en, name_zh=book.name_zh, version=in_force.version(book)
            )
            for book in books
        ]


def _read(router: APIRouter, book: Book[Any]) -> None:
    name = book.kind.replace("-", "_")
    shown: Any = RulebookShown.__class_getitem__(book.content)

    @router.get(
        f"/rulebooks/{book.kind}",
        name=f"read_{name}_rulebook",
        response_model=shown,
        summary=f"Read the {book.name_en} in force",
        responses=problems.documented() | TAGGED,
    )
    async def read(who: Annotated[Principal, may("cases:read")], ctx: Ctx, response: Response) -> BaseModel:
        async with ctx.database.reading() as connection:
            books = await store.load_books(connection, book)
        response.headers["ETag"] = etag.tag(books.version(book))
        made: BaseModel = shown(kind=book.kind, version=books.version(book), content=books.read(book))
        return made

    @router.get(
        f"/rulebooks/{book.kind}/versions",
        name=f"list_{name}_versions",
        response_model=list[VersionSummary],
        response_model_exclude_none=True,
        summary=f"List the versions of the {book.name_en}",
        responses=problems.documented(),
    )
    async def versions(who: Annotated[Principal, may("cases:read")], ctx: Ctx) -> list[VersionSummary]:
        """The newest first, at most 500; with whoever made it and why, and since when it is in force."""
        async with ctx.database.reading() as connection:
            return await store.summaries(connection, book)

    @router.get(
        f"/rulebooks/{book.kind}/versions/{{version}}",
        name=f"read_{name}_version",
        response_model=shown,
        summary=f"Read a version of the {book.name_en}",
        responses=problems.documented(404),
    )
    async def read_version(
        version: Version, who: Annotated[Principal, may("cases:read")], ctx: Ctx
    ) -> BaseModel:
        """A version never changes."""
        async with ctx.database.reading() as connection:
            content = await store.content_of(connection, book, version)
        if content is None:
            raise problems.not_found(f"version of the {book.name_en}", "path/version")
        made: BaseModel = shown(kind=book.kind, version=version, content=content)
        return made


def _change(router: APIRouter, book: Book[Any]) -> None:
    name = book.kind.replace("-", "_")
    shown: Any = RulebookShown.__class_getitem__(book.content)

    async def make(
        wanted: NewVersion[Any],
        request: Request,
        who: Annotated[Principal, may("rulebooks:write")],
        ctx: Ctx,
        key: IdempotencyKey = None,
    ) -> Response:
        """It is not in force until it is switched on."""

        async def work(transaction: Transaction) -> Answer:
            version = await store.add_version(transaction, book, wanted.content, wanted.reason, who.id)
            return Answer(201, to_json(MadeVersion(kind=book.kind, version=version)))

        return await idempotency.once(request, ctx.database, who.id, key, work)

    # FastAPI reads the annotation: this kind's own content is what the body must hold.
    make.__annotations__["wanted"] = new_version_of(book)
    router.post(
        f"/rulebooks/{book.kind}/versions",
        name=f"make_{name}_version",
        status_code=201,
        response_model=MadeVersion,
        summary=f"Make a version of the {book.name_en}",
        responses=problems.documented(422),
    )(make)

    @router.put(
        f"/rulebooks/{book.kind}",
        name=f"switch_{name}_rulebook",
        response_model=shown,
        summary=f"Switch to a version of the {book.name_en}",
        responses=problems.documented(404, 412) | TAGGED,
    )
    async def switch(
        wanted: Switch,
        who: Annotated[Principal, may("rulebooks:write")],
        editing: Editing,
    ) -> Response:
        """It is in force for whatever is decided from now on. What was decided before says by which version."""

        async def work(transaction: Transaction) -> Answer:
            await store.lock_kind(transaction, book)
            books = await store.load_books(transaction.connection, book)
            editing.must_match(books.version(book), f"version of the {book.name_en}", book.name_zh)
            content = await store.content_of(transaction.connection, book, wanted.version)
            if content is None:
                raise Problem(
                    404,
                    "not-found",
                    f"No such version of the {book.name_en}",
                    f"Make it first. 没有这一版{book.name_zh}，请先新建。",
                    field="body/version",
                )
            await store.switch(transaction, book, wanted.version, wanted.reason, who.id)
            return Answer(200, to_json(shown(kind=book.kind, version=wanted.version, content=content)))

        return await editing.once_tagged(who.id, work)
