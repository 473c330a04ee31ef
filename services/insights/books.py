"""The rulebooks of insights. They are no read tables: a rebuild leaves them as they are."""

from collections.abc import Sequence
from typing import Any

from services.insights.cues.book import VALUES
from services.insights.economics.book import ECONOMICS
from services.insights.fairness.book import AUDIT_RULES
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (ECONOMICS, VALUES, AUDIT_RULES)
