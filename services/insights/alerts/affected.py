"""Which complaints a finding is about, and what they have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts.findings import Finding
from services.insights.alerts.series import Key
from services.insights.losses import Band
from services.insights.model import DISSATISFIED
from shared import driver
from shared.database import sql
from shared.events.insights import WarningStep, WarningTail
from shared.events.vocabulary import Severity

MOST_NAMED = 50
BESIDE = timedelta(weeks=13)
"""The affected complaints are compared with those of so long before."""
OWN_PAST = 20
LAST_HEARD = timedelta(weeks=312)
"""So far back the last complaint of a silent series is looked for: as far as it is judged by."""
ATTRIBUTES = ("batch", "supplier", "region", "channel", "product", "category")


@dataclass(frozen=True, slots=True)
class Range:
    """When the affected complaints came."""

    since: datetime
    before: datetime


@dataclass(frozen=True, slots=True)
class Affected:
    """The complaints behind a finding."""

    range: Range
    number: int
    newest: tuple[UUID, ...]
    """At most MOST_NAMED. Of silence: the last that were heard."""
    bands: dict[Band, int]
    """Sizes of the losses; one that was not named is a middle one."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A value of an attribute, among the affected and among all complaints of the time."""

    attribute: str
    value: str
    affected: int
    all: int


def range_of(finding: Finding, step: WarningStep, starts: date) -> Range:
    """The steps that were judged together; of severe complaints, the newest gaps."""
    length = timedelta(days=7 if step is WarningStep.WEEK else 1)
    end = datetime.combine(starts, time(), UTC) + length
    if finding.tail is WarningTail.SEVERE:
        gaps = finding.evidence.counts[-max(finding.evidence.spans) :]
        return Range(end - length - timedelta(days=sum(gaps)), end)
    return Range(end - finding.span * length, end)


def condition(key: Key, tail: WarningTail) -> tuple[str, dict[str, Any]]:
    """Whether a complaint belongs to the series, as SQL with its parameters."""
    parts = [f"{name} = :of_{name}" for name in key.dimension.columns]
    parts.append("kind = ANY(CAST(:kinds AS text[]))")
    given: dict[str, Any] = {f"of_{name}": value for name, value in key.parts.items()}
    if tail is WarningTail.SEVERE:
        parts.append("severity = :severity")
        given["severity"] = Severity.MAJOR
    return " AND ".join(parts), given | {"kinds": sorted(DISSATISFIED)}


async def affected(connection: AsyncConnection, key: Key, tail: WarningTail, of: Range) -> Affected:
    which, given = condition(key, tail)
    counted = await driver.run(
        connection,
        sql(
            f"SELECT coalesce(loss, 'middle') AS loss, count(*) AS n FROM complaints WHERE {which} "  # noqa: S608 - `condition` has own names only
            "AND registered_at >= :since AND registered_at < :before GROUP BY 1"
        ),
        given | {"since": of.since, "before": of.before},
    )
    bands = {Band(row.loss): row.n for row in counted}
    # Of silence none may have come; the fact is then told with the last ones that were heard.
    since = of.before - LAST_HEARD if tail is WarningTail.SILENCE else of.since
    newest = await driver.run(
        connection,
        sql(
            f"SELECT id FROM complaints WHERE {which} AND registered_at >= :since "  # noqa: S608 - `condition` has own names only
            "AND registered_at < :before ORDER BY registered_at DESC, id LIMIT :most"
        ),
        given | {"since": since, "before": of.before, "most": MOST_NAMED},
    )
    return Affected(of, sum(bands.values()), tuple(newest.scalars()), bands)


@dataclass
class Everything:
    """What all complaints of a time have, by attribute and value: the same for all findings of a round about as long a
    time, and read once."""

    known: dict[tuple[datetime, datetime], dict[str, dict[str, int]]] = field(default_factory=dict)

    async def between(
        self, connection: AsyncConnection, since: datetime, before: datetime
    ) -> dict[str, dict[str, int]]:
        if (since, before) not in self.known:
            given = {"beside": since, "before": before, "since": since, "kinds": sorted(DISSATISFIED)}
            found = await driver.run(
                connection, _having("kind = ANY(CAST(:kinds AS text[]))", ATTRIBUTES), given
            )
            told: dict[str, dict[str, int]] = {}
            for row in found:
                told.setdefault(row.attribute, {})[row.value] = row.n
            self.known[since, before] = told
        return self.known[since, before]


def _having(which: str, names: Sequence[str]) -> TextClause:
    rows = ", ".join(f"('{name}', {name})" for name in names)
    return sql(
        "SELECT attribute, value, count(*) FILTER (WHERE registered_at >= :since) AS affected, count(*) AS n "  # noqa: S608 - own names only
        f"FROM complaints CROSS JOIN LATERAL (VALUES {rows}) AS a(attribute, value) WHERE {which} "
        "AND registered_at >= :beside AND registered_at < :before AND value IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    )


async def shared_by(
    connection: AsyncConnection, key: Key, tail: WarningTail, of: Range, everything: Everything
) -> tuple[Sequence[Shared], dict[str, tuple[int, int]]]:
    """What the affected have, by attributes that are not the series' own; and how many of the affected, and of all that
    they are compared with, have any value of the attribute.

    They are compared with the series' own complaints of the thirteen weeks, so that what it always has is no factor; a
    series with fewer than OWN_PAST before them, with all complaints.
    """
    which, given = condition(key, tail)
    names = [name for name in ATTRIBUTES if name not in key.dimension.columns]
    beside = min(of.since, of.before) - BESIDE
    given |= {"since": of.since, "before": of.before, "beside": beside}
    told = (await driver.run(connection, _having(which, names), given)).all()
    pairs: list[Shared] = []
    sums: dict[str, tuple[int, int]] = {}
    for name in names:
        mine = {row.value: row for row in told if row.attribute == name}
        hit, own = (sum(getattr(row, n) for row in mine.values()) for n in ("affected", "n"))
        compared = {value: row.n for value, row in mine.items()}
        if own - hit < OWN_PAST:
            compared = (await everything.between(connection, beside, of.before)).get(name, {})
        pairs += [
            Shared(name, value, mine[value].affected if value in mine else 0, n)
            for value, n in compared.items()
        ]
        sums[name] = hit, sum(compared.values())
    return pairs, sums
