"""The rulebooks of routing."""

from collections.abc import Sequence
from typing import Any

from services.routing.assignment.rules import ASSIGNMENT
from services.routing.rewards.book import REWARDS
from services.routing.training.book import COURSES, DRILLS
from services.routing.transfer.distribution import DISTRIBUTION
from services.routing.transfer.meetings.agenda import AGENDA
from services.routing.triage.learner import LEARNER
from services.routing.triage.limits import LIMITS
from services.routing.triage.rules import RULES
from services.routing.triage.severity import MATRIX
from shared.rulebooks.model import Book

OF_TRIAGE = (RULES, MATRIX, LIMITS, LEARNER)
OF_TRANSFER = (DISTRIBUTION, AGENDA)
OF_PEOPLE = (ASSIGNMENT, REWARDS, COURSES, DRILLS)

BOOKS: Sequence[Book[Any]] = (*OF_TRIAGE, *OF_TRANSFER, *OF_PEOPLE)
