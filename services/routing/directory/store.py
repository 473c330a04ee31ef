"""Tables of the directory."""

from datetime import date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.model import (
    Absence,
    Authority,
    Calendar,
    Department,
    Directory,
    Person,
)
from shared import clock, driver
from shared.database import Transaction, sql
from shared.events.vocabulary import Remedy
from shared.worktime import Spans


class Tables(NamedTuple):
    calendars: Table
    skills: Table
    departments: Table
    teams: Table
    people: Table
    absences: Table
    certificates: Table
    requeues: Table


def _edited() -> tuple[Column[Any], Column[Any]]:
    """What every entry has that people edit and other systems bring."""
    return (
        Column("version", Integer, nullable=False, server_default="1", comment="counts its changes"),
        Column(
            "source", Text, comment="the system that brings it: whoever it does not name any more is gone"
        ),
    )


def add_tables(metadata: MetaData) -> Tables:
    calendars = Table(
        "calendars",
        metadata,
        Column("code", Text, primary_key=True),
        Column("name_en", Text, nullable=False),
        Column("name_zh", Text, nullable=False),
        Column("zone", Text, nullable=False, comment="IANA name of the time zone"),
        Column("spans", JSONB, nullable=False, comment='weekday (0: Monday) to [["09:00", "12:00"], ...]'),
        Column(
            "china", Boolean, nullable=False, comment="China's holidays are free, its make-up days worked"
        ),
        Column("closed", ARRAY(Date), nullable=False, comment="further days without work"),
        Column("special", JSONB, nullable=False, comment="days with spans of their own, by date"),
        *_edited(),
        CheckConstraint("jsonb_typeof(spans) = 'object'", name="spans"),
        CheckConstraint("jsonb_typeof(special) = 'object'", name="special"),
    )
    skills = Table(
        "skills",
        metadata,
        Column("code", Text, primary_key=True),
        Column("name_en", Text, nullable=False),
        Column("name_zh", Text, nullable=False),
        Column("active", Boolean, nullable=False, server_default="true"),
        *_edited(),
    )
    departments = Table(
        "departments",
        metadata,
        Column("code", Text, primary_key=True),
        Column("name_en", Text, nullable=False),
        Column("name_zh", Text, nullable=False),
        Column(
            "layer",
            SmallInteger,
            nullable=False,
            comment="1 contact, 2 acceptance, 3 technical, 4 management",
        ),
        Column("categories", ARRAY(Text), nullable=False, comment="level-1 categories it is responsible for"),
        Column("calendar", Text, ForeignKey("calendars.code"), comment="null: works at any time"),
        Column("active", Boolean, nullable=False, server_default="true"),
        Column("successor", Text, ForeignKey("departments.code"), comment="takes over what it cannot do"),
        *_edited(),
        CheckConstraint("layer BETWEEN 1 AND 4", name="layer"),
        CheckConstraint("successor <> code", name="successor"),
    )
    teams = Table(
        "teams",
        metadata,
        Column("code", Text, primary_key=True),
        Column("name_en", Text, nullable=False),
        Column("name_zh", Text, nullable=False),
        Column("department", Text, ForeignKey("departments.code"), nullable=False),
        Column(
            "lead",
            Text,
            # A team and its people come in one transaction, and each names the other.
            ForeignKey("people.id", deferrable=True, initially="DEFERRED", use_alter=True),
        ),
        Column("active", Boolean, nullable=False, server_default="true"),
        *_edited(),
        UniqueConstraint("code", "department"),
    )
    people = Table(
        "people",
        metadata,
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False, comment="work name, the one they sign with"),
        Column("department", Text, ForeignKey("departments.code"), nullable=False),
        Column("languages", ARRAY(Text), nullable=False),
        Column("capacity", Integer, nullable=False),
        Column("open_cases", Integer, nullable=False, server_default="0"),
        Column(
            "turn", BigInteger, nullable=False, server_default="0", comment="number of their last assignment"
        ),
        Column("active", Boolean, nullable=False, server_default="true"),
        Column("account", Text, unique=True, comment="principal with which the person signs in"),
        Column("email", Text, comment="at work"),
        Column("role", Text),
        Column("team", Text),
        Column("skills", ARRAY(Text), nullable=False, server_default="{}"),
        Column("calendar", Text, ForeignKey("calendars.code"), comment="null: the department's"),
        Column("deputy", Text, ForeignKey("people.id"), comment="stands in during absence"),
        Column("supervisor", Text, ForeignKey("people.id")),
        Column("meets_customers", Boolean, nullable=False, server_default="false"),
        Column(
            "remedies", ARRAY(Text), nullable=False, server_default="{}", comment="granted without asking"
        ),
        Column("amount", Numeric(14, 2), comment="granted at most without asking"),
        Column("currency", Text),
        *_edited(),
        ForeignKeyConstraint(
            ["team", "department"],
            ["teams.code", "teams.department"],
            name="fk_people_team",
            deferrable=True,
            initially="DEFERRED",  # a team can change its department together with its people
        ),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("open_cases >= 0", name="open_cases"),
        CheckConstraint("deputy <> id", name="deputy"),
        CheckConstraint("supervisor <> id", name="supervisor"),
        CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="amount"),
    )
    absences = Table(
        "absences",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("person", Text, ForeignKey("people.id"), nullable=False, index=True),
        Column("since", DateTime(timezone=True), nullable=False),
        Column("until", DateTime(timezone=True), nullable=False),
        Column("kind", Text, nullable=False, comment="leave, sickness, travel, training, other"),
        CheckConstraint("since < until", name="order"),
    )
    certificates = Table(
        "certificates",
        metadata,
        Column("person", Text, ForeignKey("people.id"), primary_key=True),
        Column("code", Text, primary_key=True, comment="what the person was trained for: `safety`"),
        Column("issued_at", DateTime(timezone=True), nullable=False),
        Column("expires_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("issued_at < expires_at", name="order"),
    )
    requeues = Table(
        "requeues",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("person", Text, ForeignKey("people.id"), nullable=False),
        Column("to_person", Text, ForeignKey("people.id"), comment="null: back to the queue"),
        Column("reason", Text, nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("asked_at", DateTime(timezone=True), nullable=False),
        Column("done_at", DateTime(timezone=True)),
        CheckConstraint("to_person <> person", name="to_person"),
        comment="Whoever carried complaints and no longer does: where these go.",
    )
    Index(
        "ix_requeues_open",
        requeues.c.person,
        unique=True,
        postgresql_where=requeues.c.done_at.is_(None),
    )
    return Tables(calendars, skills, departments, teams, people, absences, certificates, requeues)


async def lock_directory(transaction: Transaction) -> None:
    """Nobody else assigns, frees or changes people until this transaction ends.

    So no capacity is exceeded, and people's rows are written by one at a time, whatever the order. Taken after
    the complaints' locks and as late as can be: all of routing waits for it.
    """
    await transaction.hold("directory")


async def load_directory(connection: AsyncConnection) -> Directory:
    """Everybody as they are now; to choose from them, hold the directory's lock."""
    units = await driver.run(connection, _DEPARTMENTS)
    staff = await driver.run(connection, _PEOPLE, {"now": clock.now()})
    calendars = await driver.run(connection, sql("SELECT * FROM calendars"))
    return Directory(
        {row["code"]: Department(**{**row, "categories": tuple(row["categories"])}) for row in _dicts(units)},
        [_person(row) for row in _dicts(staff)],
        {row["code"]: _calendar(row) for row in _dicts(calendars)},
    )


_DEPARTMENTS = sql(
    "SELECT code, name_en, name_zh, layer, categories, calendar, active, successor FROM departments"
)
_PEOPLE = sql(
    "SELECT p.*, (SELECT json_object_agg(c.code, c.expires_at) FROM certificates c "
    "WHERE c.person = p.id AND c.expires_at > :now) AS certificates, "
    "(SELECT json_agg(json_build_array(a.since, a.until) ORDER BY a.since) FROM absences a "
    "WHERE a.person = p.id AND a.until > :now) AS absences FROM people p ORDER BY p.id"
)


def _person(row: dict[str, Any]) -> Person:
    granted = Authority(frozenset(map(Remedy, row.pop("remedies"))), row.pop("amount"), row.pop("currency"))
    for kept_apart in ("email", "version", "source", "turn"):
        del row[kept_apart]
    return Person(
        **row
        | {
            "languages": tuple(row["languages"]),
            "skills": frozenset(row["skills"]),
            "authority": granted,
            "certificates": {
                code: datetime.fromisoformat(until) for code, until in (row["certificates"] or {}).items()
            },
            "absences": tuple(
                Absence(datetime.fromisoformat(since), datetime.fromisoformat(until))
                for since, until in row["absences"] or ()
            ),
        }
    )


def _calendar(row: dict[str, Any]) -> Calendar:
    return Calendar(
        row["code"],
        row["zone"],
        {int(day): _spans(spans) for day, spans in row["spans"].items()},
        row["china"],
        frozenset(row["closed"]),
        {date.fromisoformat(day): _spans(spans) for day, spans in row["special"].items()},
    )


def _spans(said: list[list[str]]) -> Spans:
    return tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in said)


def _dicts(result: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in result.mappings()]
