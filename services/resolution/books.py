"""The rulebooks of resolution. Each room adds its own."""

from collections.abc import Sequence
from typing import Any

from services.resolution.approvals.book import APPROVALS
from services.resolution.dispute.book import BODIES
from services.resolution.listening.book import LISTENING
from services.resolution.reopening.book import REOPENING
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (APPROVALS, LISTENING, REOPENING, BODIES)
