"""Tables of who must learn what. `conduct` is a read table, made from events alone; `training_needs` are what was found
at a moment, and stay when the others are made again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from services.insights.rows import RowStore
from services.insights.store import metadata
from services.insights.training.model import Conduct, Lapse, Stratum
from shared.database import Transaction

conduct = Table(
    "conduct",
    metadata,
    Column("id", Uuid, primary_key=True, comment="of the complaint"),
    Column("handler", Text, comment="who accepted it last"),
    Column("lapses", ARRAY(Text), nullable=False),
    Column("lapsed_at", ARRAY(DateTime(timezone=True)), nullable=False),
    Column("people", ARRAY(Text), nullable=False, comment="whose lapse it was; '' for the handler"),
    Column("permits_asked", ARRAY(Text), nullable=False, server_default="{}"),
    Column("permits_granted", ARRAY(Text), nullable=False, server_default="{}"),
    CheckConstraint(
        "cardinality(lapses) = cardinality(lapsed_at) AND cardinality(lapses) = cardinality(people)",
        name="lapses",
    ),
    CheckConstraint(f"lapses <@ '{{{','.join(Lapse)}}}'", name="known"),
    comment="what should not have happened in each complaint",
)

training_needs = Table(
    "training_needs",
    metadata,
    Column("id", Uuid, primary_key=True, comment="derived from whose it is, what about, and the period"),
    Column("complaint_id", Uuid, nullable=False, comment="the last that speaks for it"),
    Column("person_id", Text),
    Column("department", Text),
    Column("lapse", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("since", Date, nullable=False, comment="cases accepted from this day on were compared"),
    Column("complaints", Integer, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("expected", Float, nullable=False),
    Column("ratio", Float, comment="null: the others have none"),
    Column("ratio_low", Float, nullable=False),
    Column("ratio_high", Float, comment="null: no upper bound"),
    Column("p_value", Float, nullable=False),
    Column("q_value", Float, nullable=False),
    Column("thresholds_version", Integer, nullable=False, comment="of the rulebook training-needs"),
    Column("evidence", ARRAY(Uuid), nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("num_nonnulls(person_id, department) = 1", name="somebodys"),
    CheckConstraint("complaints > 0 AND complaints <= cases AND cardinality(evidence) > 0", name="evident"),
    CheckConstraint("ratio_low > 1", name="above_the_others"),
)
Index("ix_training_needs_newest", training_needs.c.found_at, training_needs.c.id)

store = RowStore(conduct, Conduct)

# A case counts for whoever accepted it last and for each whose lapse is in it, so that no lapse lies outside of the
# cases that it is a part of.
_CASES = """
WITH cases AS (
    SELECT c.id, coalesce(c.category, '') AS category, coalesce(c.severity, '') AS severity, c.department,
           w.handler, w.lapses, w.people, w.lapsed_at
    FROM complaints c JOIN conduct w ON w.id = c.id
    WHERE c.accepted_at >= :since AND c.accepted_at < :until
), lapsed AS (
    SELECT k.id, l.lapse, coalesce(nullif(l.person, ''), k.handler) AS person, l.at
    FROM cases k, unnest(k.lapses, k.people, k.lapsed_at) AS l(lapse, person, at)
), whose AS (
    SELECT id, handler AS person FROM cases WHERE handler IS NOT NULL
    UNION SELECT id, person FROM lapsed WHERE person IS NOT NULL
)
"""
_COUNTED = ", ".join(
    f"count(DISTINCT k.id) FILTER (WHERE l.lapse = '{each.value}') AS {each.value}" for each in Lapse
)
_BY_PERSON = text(
    f"{_CASES} SELECT w.person AS who, k.category, k.severity, count(DISTINCT k.id) AS cases, {_COUNTED} "  # noqa: S608 - own names only
    "FROM whose w JOIN cases k USING (id) LEFT JOIN lapsed l ON l.id = w.id AND l.person = w.person "
    "GROUP BY w.person, k.category, k.severity ORDER BY w.person, k.category, k.severity"
)
_BY_DEPARTMENT = text(
    f"{_CASES} SELECT k.department AS who, k.category, k.severity, count(DISTINCT k.id) AS cases, {_COUNTED} "  # noqa: S608 - own names only
    "FROM cases k LEFT JOIN lapsed l ON l.id = k.id WHERE k.department IS NOT NULL "
    "GROUP BY k.department, k.category, k.severity ORDER BY k.department, k.category, k.severity"
)
_EVIDENCE = text(
    f"{_CASES} SELECT l.id FROM lapsed l JOIN cases k USING (id) "  # noqa: S608 - own names only
    "WHERE l.lapse = :lapse AND (l.person = :person OR k.department = :department) "
    "GROUP BY l.id ORDER BY max(l.at) DESC, l.id LIMIT 50"
)


async def strata(
    transaction: Transaction, since: datetime, until: datetime, *, people: bool
) -> list[Stratum]:
    """Cases accepted in the time, by person or else by department."""
    found = await transaction.execute(
        _BY_PERSON if people else _BY_DEPARTMENT, {"since": since, "until": until}
    )
    return [
        Stratum(
            row.who,
            row.category,
            row.severity,
            row.cases,
            {each: getattr(row, each.value) for each in Lapse},
        )
        for row in found
    ]


async def evidence(
    transaction: Transaction,
    since: datetime,
    until: datetime,
    lapse: Lapse,
    *,
    person: str | None,
    department: str | None,
) -> list[UUID]:
    """Complaints with this lapse, the newest first, at most 50."""
    asked = {"since": since, "until": until, "lapse": lapse.value, "person": person, "department": department}
    return list((await transaction.execute(_EVIDENCE, asked)).scalars())
