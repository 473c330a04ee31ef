"""Shapes of the briefings in the HTTP interface."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.notification.briefings.book import BriefingRow, Code, Section, Title, TransferAudience
from services.notification.briefings.model import Briefing, BriefingAttention, BriefingReport
from shared.events.vocabulary import Language, NoticeUrgency, Severity


class BriefingFormat(StrEnum):
    JSON = "json"
    HTML = "html"
    PDF = "pdf"


class BriefingLine(BaseModel):
    """A briefing in a list."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    row: str
    """Of the rulebook."""
    title: Title
    audience: TransferAudience
    department: str | None = None
    since: datetime
    until: datetime
    """What happened before this moment is told."""
    made_at: datetime
    read_at: datetime | None = None
    """When the caller opened it first."""


class BriefingReader(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    person: str
    """Id in the directory."""
    told_at: datetime | None = None
    """When the letter was delivered."""
    read_at: datetime | None = None
    """When they first opened it here."""


class BriefingClipping(BaseModel):
    notice_id: UUID
    complaint_id: UUID
    reference: str | None = None
    what: Title
    severity: Severity
    urgency: NoticeUrgency
    issued_at: datetime


class BriefingVoice(BaseModel):
    complaint_id: UUID
    reference: str
    language: Language
    text: str


class BriefingView(BaseModel):
    """What an audience should know of a time. No personal data but customers' words, masked."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    row: str
    """Of the rulebook."""
    title: Title
    audience: TransferAudience
    department: str | None = None
    department_name: Title | None = None
    since: datetime
    until: datetime
    made_at: datetime
    sections: list[Section]
    """What it shows, in this order."""
    report: BriefingReport | None = None
    """As insights told it when the briefing was made."""
    attention: BriefingAttention | None = None
    """As resolution told it; cases about the caller are left out."""
    clippings: list[BriefingClipping]
    voices: list[BriefingVoice]
    lacking: list[Section]
    """Sections whose service did not answer in time."""
    readers: list[BriefingReader] | None = None
    """Shown with `notices:read`."""

    @classmethod
    def of(cls, briefing: Briefing, readers: list[BriefingReader] | None = None) -> "BriefingView":
        content = briefing.content
        return cls(
            id=briefing.id,
            row=briefing.row.id,
            title=briefing.row.title,
            audience=briefing.row.audience,
            department=briefing.department,
            department_name=briefing.department_name,
            since=briefing.since,
            until=briefing.until,
            made_at=briefing.made_at,
            sections=list(briefing.row.sections),
            report=content.report,
            attention=content.attention,
            clippings=[
                BriefingClipping(
                    notice_id=c.id,
                    complaint_id=c.complaint_id,
                    reference=c.reference,
                    what=Title(**c.what),
                    severity=c.severity,
                    urgency=c.urgency,
                    issued_at=c.issued_at,
                )
                for c in briefing.clippings
            ],
            voices=[
                BriefingVoice(
                    complaint_id=v.complaint_id, reference=v.reference, language=v.language, text=v.text
                )
                for v in briefing.voices
            ],
            lacking=list(content.lacking),
            readers=readers,
        )


class BriefingTrial(BaseModel):
    """A briefing to try."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {
                    "row": {
                        "id": "quality-daily",
                        "title": {"en": "Daily briefing for quality", "zh": "品质部每日简报"},
                        "audience": "responsible-department",
                        "each_department": True,
                        "period": "daily",
                        "hour": 8,
                        "zone": "Asia/Shanghai",
                        "sections": ["numbers", "overdue", "categories"],
                    },
                    "department": "quality",
                    "language": "zh",
                }
            ]
        },
    )

    row: BriefingRow
    """As it would stand in the rulebook."""
    department: Code | None = None
    """Which of its departments' briefing; left out: the whole company's numbers."""
    on: Annotated[date, Field(ge=date(1990, 1, 1), le=date(2999, 12, 31))] | None = None
    """The day on which it would be made; left out: the last one that is due."""
    language: Language = Language.ZH


class BriefingPreview(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    would_be_sent: bool
    """Enough happened, and there is somebody to read it."""
    readers: list[str]
    """Ids in the directory."""
    briefing: BriefingView
    """Its id is drawn for the trial: nothing is kept. Clippings that a briefing has shown already are not among its
    clippings."""
    html: str
    """As the mail would show it."""


class BriefingTimeliness(BaseModel):
    """How quickly the briefings of an audience were read."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    audience: TransferAudience
    made: int
    """Briefings made in the period."""
    letters: int
    """Readers of these."""
    told: int
    """Of `letters`, those that were delivered."""
    read: int
    """Of `letters`, those whose reader opened the briefing here."""
    median_hours_to_read: float | None = None
    """From making to reading, of those that were read."""
