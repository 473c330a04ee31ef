"""Shapes of the directory in the HTTP interface: its entries, by table, and the bulk change of all."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field

from services.routing.schemas import Body
from shared.events.vocabulary import Language, Remedy
from shared.taxonomy import CategoryCode
from shared.text import ShortText

Code = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,49}$")]
PersonId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]
Account = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=200)]
WallClock = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]
DaySpans = Annotated[tuple[tuple[WallClock, WallClock], ...], Field(max_length=24)]
Weekday = Annotated[str, Field(pattern="^[0-6]$")]
Skills = Annotated[
    tuple[Code, ...], Field(max_length=100), AfterValidator(lambda given: tuple(sorted(set(given))))
]
Remedies = Annotated[
    tuple[Remedy, ...], Field(max_length=50), AfterValidator(lambda given: tuple(sorted(set(given))))
]


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Entry(Body):
    """A row of the directory. What a bulk change does not name of one that is there, stays as it is."""

    @property
    def key(self) -> str:
        return str(getattr(self, "id", None) or self.code)  # type: ignore[attr-defined]  # each has one of the two


class NewCalendar(Entry):
    """When a department or a person works."""

    model_config = _example(
        code="office",
        name_en="Office hours",
        name_zh="办公时间",
        zone="Asia/Shanghai",
        spans={str(day): [["09:00", "12:00"], ["13:00", "18:00"]] for day in range(5)},
        china=True,
    )

    code: Code
    name_en: ShortText
    name_zh: ShortText
    zone: Annotated[str, Field(pattern="^[A-Za-z0-9_+/-]{1,60}$", examples=["Asia/Shanghai"])]
    """IANA name of the time zone."""
    spans: Annotated[
        dict[Weekday, DaySpans], Field(examples=[{"0": [["09:00", "12:00"], ["13:00", "18:00"]]}])
    ]
    """Weekday (0 is Monday) to its spans; an end of 00:00 is the midnight that ends the day."""
    china: bool = False
    """China's public holidays are free, and its make-up workdays are worked."""
    closed: Annotated[tuple[date, ...], Field(max_length=1000)] = ()
    """Further days without work."""
    special: Annotated[dict[date, DaySpans], Field(max_length=1000, default_factory=dict)]
    """Days with spans of their own, whatever day they are."""


class NewSkill(Entry):
    """Something that people can do."""

    model_config = _example(code="encoders", name_en="Encoders", name_zh="编码器")

    code: Code
    name_en: ShortText
    name_zh: ShortText
    active: bool = True


class NewDepartment(Entry):
    """A unit in one of the four layers."""

    model_config = _example(
        code="field_service",
        name_en="Field service",
        name_zh="现场服务部",
        layer=1,
        categories=["after_sales"],
    )

    code: Code
    name_en: ShortText
    name_zh: ShortText
    layer: Annotated[int, Field(ge=1, le=4)]
    """1 contact staff, 2 acceptance desk, 3 technical support, 4 management."""
    categories: Annotated[tuple[CategoryCode, ...], Field(max_length=100)] = ()
    """Level-1 categories that it is responsible for."""
    calendar: Code | None = None
    """By which it works; without one at any time."""
    active: bool = True
    successor: Code | None = None
    """Takes over what this one cannot do; when this one is deactivated, its people, categories and open work."""


class NewTeam(Entry):
    """Some of a department's people."""

    model_config = _example(
        code="south", name_en="South", name_zh="华南组", department="sales", lead="zhao.lin"
    )

    code: Code
    name_en: ShortText
    name_zh: ShortText
    department: Code
    lead: PersonId | None = None
    """Who leads it."""
    active: bool = True


class NewPerson(Entry):
    """Somebody of the company who has to do with complaints."""

    model_config = _example(
        id="ma.li",
        name="马丽 Ma Li",
        department="technical_support",
        languages=["zh", "en"],
        role="rd",
        supervisor="wang.lei",
        remedies=["explanation", "repair"],
        amount="500",
        currency="CNY",
    )

    id: PersonId
    name: ShortText
    """Work name, with which the person signs towards customers."""
    department: Code
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=2)]
    capacity: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Open cases that the person may carry."""
    active: bool = True
    account: Account | None = None
    """The principal with which the person signs in: `key:5f0c1a9be27d`, `oidc:li.na`."""
    email: EmailStr | None = None
    """At work."""
    role: Code | None = None
    """One of those that `/directory/layers` lists."""
    team: Code | None = None
    skills: Skills = ()
    calendar: Code | None = None
    """A calendar of their own; without one that of the department."""
    deputy: PersonId | None = None
    """Stands in while the person is away."""
    supervisor: PersonId | None = None
    """Approves what is beyond the person's authority."""
    meets_customers: bool = False
    """Meets customers at work, in whatever department."""
    remedies: Remedies = ()
    """May be granted without asking anybody."""
    amount: Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)] | None = None
    """May be granted without asking anybody, at most; without one nothing that costs money."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """Of the amount (ISO 4217)."""


ENTRIES: Mapping[str, type[Entry]] = {
    "calendars": NewCalendar,
    "skills": NewSkill,
    "departments": NewDepartment,
    "teams": NewTeam,
    "people": NewPerson,
}
"""The tables of the directory, in the order in which their rows can be written."""

_EXAMPLE: dict[str, Any] = {
    "source": "hr",
    "departments": [
        {"code": "field_service", "name_en": "Field service", "name_zh": "现场服务部", "layer": 1}
    ],
    "people": [
        {
            "id": "ma.li",
            "name": "马丽 Ma Li",
            "department": "field_service",
            "languages": ["zh"],
            "role": "installer",
        }
    ],
}


class DirectoryChange(Body):
    """Any part of the directory. It can be sent again: what is as it should be is not changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    source: Code | None = None
    """The system that it comes from. Its entries are marked with it."""
    complete: bool = False
    """These are all of this source: whoever of it is not named in a part that is sent is deactivated."""
    dry_run: bool = False
    """Only say what would change."""
    skip_refused: bool = False
    """Do the rest when something is refused; otherwise nothing is done."""
    requeue: bool = False
    """Complaints of people who are deactivated go back to the queue; otherwise such people are refused."""
    calendars: Annotated[tuple[NewCalendar, ...], Field(max_length=1000)] = ()
    skills: Annotated[tuple[NewSkill, ...], Field(max_length=1000)] = ()
    departments: Annotated[tuple[NewDepartment, ...], Field(max_length=1000)] = ()
    teams: Annotated[tuple[NewTeam, ...], Field(max_length=2000)] = ()
    people: Annotated[tuple[NewPerson, ...], Field(max_length=10_000)] = ()

    def parts(self) -> dict[str, tuple[Entry, ...]]:
        """The parts that were sent, by table."""
        return {table: getattr(self, table) for table in ENTRIES if table in self.model_fields_set}


class PartDone(BaseModel):
    """What became of one table: numbers of entries."""

    added: int
    changed: int
    unchanged: int
    deactivated: int


class RefusedEntry(BaseModel):
    """An entry that was left out."""

    table: str
    key: str
    field: str
    detail: str


class DirectoryChanged(BaseModel):
    """What a bulk change did, or would do."""

    dry_run: bool
    calendars: PartDone
    skills: PartDone
    departments: PartDone
    teams: PartDone
    people: PartDone
    refused: list[RefusedEntry]


class Versioned(BaseModel):
    """What is known of an entry besides what it says."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: int
    """Counts its changes; the ETag."""
    source: str | None = None
    """The system that brings it."""


class CalendarEntry(NewCalendar, Versioned):
    """A calendar as it is."""

    model_config = ConfigDict(json_schema_extra={})


class SkillEntry(NewSkill, Versioned):
    """A skill as it is."""

    model_config = ConfigDict(json_schema_extra={})


class DepartmentEntry(NewDepartment, Versioned):
    """A department as it is."""

    model_config = ConfigDict(json_schema_extra={})


class TeamEntry(NewTeam, Versioned):
    """A team as it is."""

    model_config = ConfigDict(json_schema_extra={})


class PersonEntry(NewPerson, Versioned):
    """A person as they are."""

    model_config = ConfigDict(json_schema_extra={})

    open_cases: int = 0


class DepartmentShown(NewDepartment):
    model_config = ConfigDict(extra="ignore", json_schema_extra={})


class PersonShown(NewPerson):
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    open_cases: int


class DirectoryShown(BaseModel):
    departments: list[DepartmentShown]
    people: list[PersonShown]
