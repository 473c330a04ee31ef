"""By which written policies and which rulebooks a case was handled. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.resolution.audit.witnessed import Witnessed
from services.resolution.books import BOOKS
from shared.rulebooks.model import AS_SHIPPED, Books


@dataclass(kw_only=True)
class HandledUnder(Witnessed):
    """Versions by code or kind. 0 of a rulebook is what Redress is shipped with."""

    books: Books = field(default=AS_SHIPPED, repr=False, compare=False)
    """The rulebooks in force."""
    policies: Mapping[str, int] | None = None
    """Written policies in force that concern the responsible department, as of the last assignment."""
    books_at_start: Mapping[str, int] | None = None
    """Resolution's rulebooks when somebody took the case up."""
    books_at_end: Mapping[str, int] | None = None
    """The same when the case was closed."""

    def _note_start(self) -> None:
        self.books_at_start = self.books_at_start or self._versions()

    def _note_end(self) -> None:
        self.books_at_end = self._versions()

    def _versions(self) -> Mapping[str, int]:
        return {book.kind: self.books.version(book) for book in BOOKS}
