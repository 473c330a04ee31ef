"""The rulebooks of resolution. Each room adds its own."""

from collections.abc import Sequence
from typing import Any

from services.resolution.approvals.book import APPROVALS
from services.resolution.clocks.book import CLOCKS
from services.resolution.dispute.book import BODIES
from services.resolution.fairness.book import FAIRNESS
from services.resolution.field_action.book import FIELD_ACTIONS
from services.resolution.improvement.book import IMPROVEMENT
from services.resolution.listening.book import LISTENING
from services.resolution.offers.authority import AUTHORITY
from services.resolution.offers.explaining import EXPLANATIONS
from services.resolution.offers.parameters import VALUES
from services.resolution.offers.remedies import REMEDIES
from services.resolution.reopening.book import REOPENING
from shared.reply_policy import REPLY_POLICY
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (
    APPROVALS,
    AUTHORITY,
    BODIES,
    CLOCKS,
    EXPLANATIONS,
    FAIRNESS,
    FIELD_ACTIONS,
    IMPROVEMENT,
    LISTENING,
    REMEDIES,
    REOPENING,
    REPLY_POLICY,
    VALUES,
)
