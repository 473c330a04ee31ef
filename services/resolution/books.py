"""The rulebooks of resolution. Each room adds its own."""

from collections.abc import Sequence
from typing import Any

from services.resolution.approvals.book import APPROVALS
from services.resolution.improvement.book import IMPROVEMENT
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (APPROVALS, IMPROVEMENT)
