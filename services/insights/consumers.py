"""Everything in insights that reads the log."""

from collections.abc import Sequence
from typing import Any

from services.insights.handlers import reactions
from services.insights.journeys.handlers import reactions as journeys
from services.insights.recurrence.handlers import reactions as recurrence
from services.insights.staff.handlers import reactions as staff
from services.insights.tellings.handlers import reactions as tellings
from services.insights.training.handlers import reactions as lapses
from services.insights.voices.handlers import reactions as voices
from shared.reactions import Reactions

CONSUMERS: Sequence[Reactions[Any]] = (reactions, tellings, journeys, recurrence, voices, lapses, staff)
