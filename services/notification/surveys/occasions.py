"""What a conversation tells its surveys. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.ids import derived_id


class Moment(StrEnum):
    REGISTERED = "registered"
    ASKED = "asked"
    """For an opinion on a result, for the first time."""
    ASKED_AGAIN = "asked-again"
    CLOSED = "closed"
    RESUMED = "resumed"
    """Work goes on: what was asked about the last result is out of date."""
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    """The customer is."""


@dataclass(frozen=True, slots=True)
class Occasion:
    moment: Moment
    at: datetime
    subject: UUID
    """The customer; the first request for an opinion on this result; or the fact."""


def survey_on_result(complaint_id: UUID, follow_up_id: UUID) -> UUID:
    """Id of the survey about a result, by the first request for an opinion on it."""
    return derived_id("survey", complaint_id, follow_up_id)
