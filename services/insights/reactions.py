"""What follows in insights from events, for each kind of aggregate."""

from collections.abc import Sequence
from typing import Any

from services.insights.handlers import reactions as facts
from services.insights.journeys.handlers import reactions as journeys
from services.insights.recurrence.handlers import reactions as recurrence
from services.insights.staff.handlers import reactions as staff
from services.insights.tellings.handlers import reactions as tellings
from services.insights.training.handlers import reactions as lapses
from services.insights.voices.handlers import reactions as voices
from shared.reactions import Reactions

REACTIONS: Sequence[Reactions[Any]] = (voices, tellings, lapses, staff, recurrence, journeys, facts)
"""Saved in this order: what takes long is worked out before a lock on sums is taken that replicas wait for."""
