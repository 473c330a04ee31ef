"""Which wording of each letter is in force. Versions and switches are rulebooks; a letter takes no statement."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, StringConstraints
from pydantic_core import to_json

from services.notification.wording import layout
from services.notification.wording.declared import LANGUAGES, Language, declarations
from services.notification.wording.letter_text import PARTS, LetterText, include_name, shipped_source
from services.notification.wording.sandbox import MOST_CHARACTERS
from shared import clock
from shared.database import Database, sql
from shared.rulebooks.model import AS_SHIPPED, Book, Books, Content
from shared.rulebooks.store import load_books
from shared.text import clean

log = logging.getLogger(__name__)

LOOK_AGAIN = 2.0
"""Seconds after which another process's switch is seen."""
LAYOUT = "layout.html.jinja"

Source = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_CHARACTERS),
    AfterValidator(lambda text: clean(text.replace("\r\n", "\n"))),
]


class TemplateText(Content):
    """One version of a template."""

    example: ClassVar[dict[str, Any]] = {"source": "Subject: ...\n\n..."}

    source: Source


@dataclass(frozen=True)
class TemplateBook(Book[TemplateText]):
    """The versions of one template in one language; version 0 is its file."""

    name: str
    language: Language

    @property
    def shipped(self) -> TemplateText:
        return _SHIPPED[self.name, self.language]


def _book(name: str, language: Language) -> TemplateBook:
    told = declarations().templates[name]
    return TemplateBook(
        f"template/{name}/{language}", TemplateText, f"template {name}", told.zh, ("", ""), name, language
    )


_KEYS = [(name, language) for name in declarations().templates for language in LANGUAGES]
_SHIPPED = {key: TemplateText(source=shipped_source(*key)) for key in _KEYS}
TEMPLATE_BOOKS: Mapping[tuple[str, Language], TemplateBook] = {key: _book(*key) for key in _KEYS}

_NOTE = sql(
    "INSERT INTO wordings (digest, name, language, version, source, parts, since) "
    "SELECT digest, name, language, version, source, parts, :now "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given("
    "digest text, name text, language text, version int, source text, parts jsonb) ON CONFLICT DO NOTHING"
)


def texts_of(books: Books) -> dict[tuple[str, Language], LetterText]:
    """Every template as these books have it, with the parts that they have."""
    parts = {
        language: {
            include_name(part, language): books.read(TEMPLATE_BOOKS[part, language]).source for part in PARTS
        }
        for language in LANGUAGES
    }
    return {
        (name, language): LetterText(
            name, language, books.version(book), books.read(book).source, parts[language]
        )
        for (name, language), book in TEMPLATE_BOOKS.items()
    }


class Templates:
    """Without a database: as shipped."""

    def __init__(self, database: Database | None = None) -> None:
        self._database = database
        self._shipped = self._texts = texts_of(AS_SHIPPED)
        self._noted: set[str] = set()
        self._loaded = asyncio.Event()

    def of(self, name: str, language: str) -> LetterText:
        return self._texts[name, _language(language)]

    def shipped(self, name: str, language: str) -> LetterText:
        return self._shipped[name, _language(language)]

    async def refresh(self) -> None:
        """Read what is in force, and note wordings that never were before."""
        assert self._database is not None
        async with self._database.reading() as connection:
            books = await load_books(connection, *TEMPLATE_BOOKS.values())
        texts = texts_of(books)
        await self._note([each for each in texts.values() if each.digest not in self._noted])
        if books.in_force:  # what it falls back to must be readable, too
            await self._note([each for each in self._shipped.values() if each.digest not in self._noted])
        self._texts = texts
        self._loaded.set()

    async def run(self) -> None:
        """Refresh for ever."""
        while True:
            await self.refresh()
            await asyncio.sleep(LOOK_AGAIN)

    def before(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The same work, begun when it is known which words are in force."""

        async def begun() -> None:
            await self._loaded.wait()
            await work()

        return begun

    async def _note(self, texts: list[LetterText]) -> None:
        if not texts:
            return
        assert self._database is not None
        rows = [
            {
                "digest": each.digest,
                "name": each.name,
                "language": each.language,
                "version": each.version,
                "source": each.source,
                "parts": {**each.parts, LAYOUT: layout.SOURCE},
            }
            for each in texts
        ]
        async with self._database.transaction() as transaction:
            await transaction.execute(_NOTE, {"rows": to_json(rows).decode(), "now": clock.now()})
        self._noted.update(each.digest for each in texts)


def _language(language: str) -> Language:
    return "zh" if language == "zh" else "en"
