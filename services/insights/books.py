"""The rulebooks of insights. They are no read tables: a rebuild leaves them as they are."""

from collections.abc import Sequence
from typing import Any

from services.insights.alerts.book import EARLY_WARNING
from services.insights.charts.book import CHARTS
from services.insights.cues.book import VALUES
from services.insights.economics.book import ECONOMICS
from services.insights.fairness.book import AUDIT_RULES
from services.insights.hazards.book import HAZARDS
from services.insights.measures.book import MEASURE_TARGETS
from services.insights.recurrence.book import RECURRED
from services.insights.suggestions.book import SUGGESTIONS
from services.insights.topics.book import TOPICS_BOOK
from services.insights.training.book import TRAINING
from services.insights.voices.book import NEEDS
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (
    ECONOMICS,
    VALUES,
    MEASURE_TARGETS,
    CHARTS,
    EARLY_WARNING,
    TOPICS_BOOK,
    NEEDS,
    TRAINING,
    HAZARDS,
    AUDIT_RULES,
    RECURRED,
    SUGGESTIONS,
)
