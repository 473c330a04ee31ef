"""The rulebooks of notification. Each room adds its own."""

from collections.abc import Sequence
from typing import Any

from services.notification.surveys.book import SURVEYS
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (SURVEYS,)
