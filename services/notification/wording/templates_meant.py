"""What the addresses of templates share: which one is meant, what is in force, and a draft beside it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path

from services.notification.wording.declared import (
    Language,
)
from services.notification.wording.in_force import (
    TEMPLATE_BOOKS,
    TemplateBook,
    texts_of,
)
from services.notification.wording.letter_text import LetterText, include_name
from services.notification.wording.templates_schemas import (
    TemplateFinding,
)
from shared import problems
from shared.auth import Principal, may
from shared.reply_policy import REPLY_POLICY, Judged
from shared.rulebooks import store
from shared.rulebooks.model import Books
from shared.service import Context

Reader = Annotated[Principal, may("cases:read")]
Name = Annotated[str, Path(pattern="^_?[a-z][a-z0-9-]{0,49}$", description="As the list names it.")]


def book_of(name: Name, language: Language) -> TemplateBook:
    book = TEMPLATE_BOOKS.get((name, language))
    if book is None:
        raise problems.not_found("template", "path/name")
    return book


async def books_in_force(ctx: Context) -> Books:
    async with ctx.database.reading() as connection:
        return await store.load_books(connection, REPLY_POLICY, *TEMPLATE_BOOKS.values())


def draft_of(books: Books, name: str, language: Language, source: str | None) -> LetterText:
    present = texts_of(books)[name, language]
    if source is None:
        return present
    parts = dict(present.parts)
    if present.is_part:
        parts[include_name(name, language)] = source
    return LetterText(name, language, present.version, source, parts)


def findings_shown(found: Sequence[tuple[str, Judged]]) -> list[TemplateFinding]:
    return [TemplateFinding.of(text, judged) for text, judged in found]
