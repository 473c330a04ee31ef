"""The rulebooks of insights. They are no read tables: a rebuild leaves them as they are."""

from collections.abc import Sequence
from typing import Any

from services.insights.cues.book import VALUES
from services.insights.economics.book import ECONOMICS
from services.insights.hazards.book import HAZARDS
from services.insights.training.book import TRAINING
from services.insights.voices.book import NEEDS
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (ECONOMICS, VALUES, NEEDS, TRAINING, HAZARDS)
