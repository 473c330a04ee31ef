"""The rulebooks of notification. Each room adds its own."""

from collections.abc import Sequence
from typing import Any

from services.notification.briefings.book import BRIEFINGS
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (BRIEFINGS,)
