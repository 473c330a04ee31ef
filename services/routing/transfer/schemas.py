"""Shapes of the notices in the HTTP interface."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.events.vocabulary import Audience


class NoticeShown(BaseModel):
    id: UUID
    complaint_id: UUID
    audience: Audience
    reason: str
    fact_type: str
    fact_id: UUID
    issued_at: datetime
    acknowledge_by: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
