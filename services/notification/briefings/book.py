"""The rulebook of briefings: who reads what, when. `briefings.json` is version 0."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from shared.events.vocabulary import Audience
from shared.rulebooks import Book
from shared.rulebooks.model import Content
from shared.text import ShortText

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
RowId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]


TransferAudience = Literal[
    Audience.PERSON_CONCERNED,
    Audience.RESPONSIBLE_DEPARTMENT,
    Audience.TECHNICAL_SUPPORT,
    Audience.COMPLAINT_MANAGEMENT,
    Audience.LEADERSHIP,
]
"""One of the five to whom routing gives notices; written out, because deliveries have audiences of their own."""


class Period(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


class Section(StrEnum):
    """A part of a briefing."""

    NUMBERS = "numbers"
    """Received, closed, open, promises kept and broken, against the time before; and the days before."""
    SEVERE = "severe"
    """Major and public complaints."""
    OVERDUE = "overdue"
    """Customers who were promised a reply in vain."""
    CLIPPINGS = "clippings"
    """Notices whose form is a clipping: each is shown once."""
    CATEGORIES = "categories"
    """The most frequent categories, against the time before."""
    CONVERSION = "conversion"
    """Dissatisfied customers who ended satisfied."""
    VOICES = "voices"
    """What customers said, masked."""
    NEXT = "next"
    """What to do next."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"no zone is called {name}: use a name such as Asia/Shanghai 没有这个时区，请使用 Asia/Shanghai 之类的名称"
        ) from None
    return name


Zone = Annotated[
    str, StringConstraints(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$"), AfterValidator(_known_zone)
]


class Title(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    en: ShortText
    zh: ShortText


class BriefingRow(BaseModel):
    """One briefing that is made again and again."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: RowId
    title: Title
    audience: TransferAudience
    """Whose notices it shows, and who reads it."""
    each_department: bool = False
    """One for each department of the audience, about its own complaints only."""
    departments: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    """Only these of the audience's departments; empty: all. Needs `each_department`."""
    roles: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    """People of the audience's departments with these roles read it, instead of those in charge."""
    persons: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    """People who read it, too, by their ids in the directory."""
    period: Period
    hour: Annotated[int, Field(ge=0, le=23)]
    """At which it is made, of the zone's day. It covers what happened up to the midnight before."""
    zone: Zone
    weekday: Annotated[int, Field(ge=0, le=6)] = 0
    """Of a weekly one: 0 is Monday."""
    working_days_only: bool = False
    """By the public calendar of China; the next one covers the days that were left out."""
    sections: Annotated[tuple[Section, ...], Field(min_length=1, max_length=len(Section))]
    """What it shows, in this order."""
    at_least: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Things that must have happened for it to be sent: complaints received and closed, promises broken, severe and
    overdue cases, clippings."""

    @property
    def shows_clippings(self) -> bool:
        return Section.CLIPPINGS in self.sections

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        if len(set(self.sections)) < len(self.sections):
            raise ValueError(
                f"{self.id} shows a section twice: keep one of them 同一简报中栏目重复，请保留其一"
            )
        if self.departments and not self.each_department:
            raise ValueError(
                f"{self.id} names departments: set each_department, or name none 限定部门时须按部门分发"
            )
        if self.each_department and self.audience in {Audience.LEADERSHIP, Audience.PERSON_CONCERNED}:
            raise ValueError(f"{self.id}: this audience has no departments 该对象不按部门划分")
        if self.audience is Audience.PERSON_CONCERNED and (
            set(self.sections) != {Section.CLIPPINGS} or self.roles or self.persons
        ):
            raise ValueError(
                f"{self.id}: a person concerned reads only the clippings that name them; leave out other sections, "
                "roles and persons 当事人只查阅与本人有关的剪报，请删去其他栏目、角色和人员"
            )
        return self


class BriefingTable(Content):
    """Which briefings there are."""

    example: ClassVar[dict[str, Any]]

    rows: Annotated[tuple[BriefingRow, ...], Field(max_length=100)]
    retry_minutes: Annotated[int, Field(ge=1, le=240)] = 5
    """After which a service that did not answer is asked again."""
    patience_minutes: Annotated[int, Field(ge=0, le=1440)] = 120
    """After which a briefing goes out without what could not be had, and says so."""
    categories: Annotated[int, Field(ge=1, le=20)] = 5
    """Categories that are shown at most."""
    voices: Annotated[int, Field(ge=1, le=5)] = 3
    """Customers who are quoted at most."""

    @model_validator(mode="after")
    def _must_not_contradict_itself(self) -> Self:
        ids = [row.id for row in self.rows]
        if doubled := sorted({id for id in ids if ids.count(id) > 1}):
            raise ValueError(f"two rows are called {doubled[0]}: rename one of them 编号重复，请修改")
        showing = [row.audience for row in self.rows if Section.CLIPPINGS in row.sections]
        for audience in showing:
            if showing.count(audience) > 1:
                raise ValueError(
                    f"two rows show the clippings of {audience}, and each is to be read once: leave the section out of "
                    "one 同一对象的剪报只能出现在一份简报中"
                )
        leaders = [row for row in self.rows if row.audience is Audience.LEADERSHIP]
        if leaders and not any(Section.SEVERE in row.sections for row in leaders):
            raise ValueError(
                "no briefing for leadership shows the severe complaints: what is important goes straight to them "
                "领导简报须包含重大投诉栏目"
            )
        return self


BriefingTable.example = {
    "rows": [
        {
            "id": "leadership-daily",
            "title": {"en": "Daily briefing for leadership", "zh": "领导每日简报"},
            "audience": "leadership",
            "period": "daily",
            "hour": 8,
            "zone": "Asia/Shanghai",
            "working_days_only": True,
            "sections": ["severe", "numbers", "overdue", "next"],
        }
    ]
}

BRIEFINGS = Book(
    "briefings", BriefingTable, "briefings", "简报表", ("services.notification.briefings", "briefings.json")
)
