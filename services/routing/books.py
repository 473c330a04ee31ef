"""The rulebooks of routing, by kind."""

from collections.abc import Mapping
from typing import Any

from services.routing.assignment.rules import ASSIGNMENT
from services.routing.rewards.book import REWARDS
from services.routing.rulebooks.model import Book
from services.routing.training.book import COURSES, DRILLS
from services.routing.transfer.distribution import DISTRIBUTION
from services.routing.triage.learner import LEARNER
from services.routing.triage.limits import LIMITS
from services.routing.triage.rules import RULES
from services.routing.triage.severity import MATRIX

BOOKS: Mapping[str, Book[Any]] = {
    book.kind: book
    for book in (RULES, MATRIX, LIMITS, LEARNER, ASSIGNMENT, DISTRIBUTION, REWARDS, COURSES, DRILLS)
}
