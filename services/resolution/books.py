"""The rulebooks of resolution. Each room adds its own."""

from collections.abc import Sequence
from typing import Any

from services.resolution.approvals.book import APPROVALS
from services.resolution.field_action.book import FIELD_ACTIONS
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (APPROVALS, FIELD_ACTIONS)
