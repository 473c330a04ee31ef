"""The pages there are, in the order in which they are listed. Another one is a module, its words and a line here."""

from collections.abc import Sequence

from services.insights.pages.board import BOARD
from services.insights.pages.causes import CAUSES
from services.insights.pages.fairness import FAIRNESS
from services.insights.pages.money import MONEY
from services.insights.pages.people import PEOPLE
from services.insights.pages.report import Report
from services.insights.pages.topics import TOPICS
from services.insights.pages.warnings import WARNINGS

REPORTS: Sequence[Report] = (BOARD, WARNINGS, CAUSES, TOPICS, MONEY, FAIRNESS, PEOPLE)
