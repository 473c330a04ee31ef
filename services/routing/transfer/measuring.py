"""How timely audiences are, who was late, who took part, and what another table would have done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.transfer.distribution import Circumstances, DistributionTable, Duty, at_stake
from services.routing.transfer.schemas import Differing, NoticeMeasures, Participation, TrialResult
from shared import driver
from shared.database import sql
from shared.events import registry
from shared.events.vocabulary import Against, Audience, Channel, Kind, Money, Severity, Visibility

MOST_FACTS = 20_000
"""A trial looks at so many facts at most, the newest."""
EXAMPLES = 50

_MEASURES = sql(
    """
SELECT audience, count(*) AS issued, count(acknowledged_at) AS acknowledged,
       count(*) FILTER (WHERE acknowledged_at <= acknowledge_by) AS in_time, count(climbed_to) AS climbed,
       count(*) FILTER (WHERE acknowledged_at IS NULL AND climbed_to IS NULL) AS open,
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
           ORDER BY extract(epoch FROM acknowledged_at - issued_at) / 60) AS minutes
FROM notices WHERE form <> 'clipping' AND issued_at >= :since AND issued_at < :until GROUP BY audience
"""
)


async def measures(
    connection: AsyncConnection, since: datetime, until: datetime, audiences: Sequence[Audience]
) -> list[NoticeMeasures]:
    """Of the notices that were issued in the period, but those for clippings, which nobody need acknowledge."""
    rows = await driver.run(connection, _MEASURES, {"since": since, "until": until})
    found = {row["audience"]: dict(row) for row in rows.mappings()}
    return [_measured(audience, found.get(audience.value)) for audience in audiences]


def _measured(audience: Audience, row: dict[str, Any] | None) -> NoticeMeasures:
    if row is None:
        return NoticeMeasures(audience=audience, issued=0, acknowledged=0, in_time=0, climbed=0, open=0)
    p50, p90 = (round(float(m), 1) if m is not None else None for m in row.pop("minutes") or (None, None))
    rate = row["acknowledged"] / row["issued"]
    return NoticeMeasures(**row, acknowledgement_rate=round(rate, 4), minutes_p50=p50, minutes_p90=p90)


_PARTICIPATION = sql(
    """
SELECT d.department,
       (SELECT array_agg(DISTINCT p.department) FROM notices n JOIN people p ON p.id = ANY(n.recipients)
        WHERE n.complaint_id = d.complaint_id) AS informed,
       (SELECT array_agg(DISTINCT p.department) FROM people p
        WHERE p.id IN (SELECT acknowledged_person FROM notices WHERE complaint_id = d.complaint_id)
           OR p.id IN (SELECT assignee FROM tasks WHERE complaint_id = d.complaint_id AND done_at IS NOT NULL)
       ) AS took_part
FROM dispatches d WHERE d.complaint_id = :id AND d.status <> 'blank'
"""
)


async def participation(connection: AsyncConnection, complaint_id: UUID) -> Participation | None:
    """None when there is no such complaint."""
    row = (await driver.run(connection, _PARTICIPATION, {"id": complaint_id})).mappings().one_or_none()
    if row is None:
        return None
    part = {*(row["took_part"] or ()), *filter(None, [row["department"]])}
    return Participation(
        department=row["department"],
        informed=sorted(row["informed"] or ()),
        took_part=sorted(part),
        alone=len(part) < 2,
    )


_HEARD = sql(
    "SELECT h.*, d.reference, d.against, d.kind, d.channel, d.visibility, d.estimated_loss, d.desired_amount "
    "FROM heard_facts h JOIN dispatches d USING (complaint_id) "
    "WHERE h.at >= :since AND h.at < :until ORDER BY h.at DESC, h.fact_id LIMIT :most"
)


async def heard(connection: AsyncConnection, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The newest facts of a period, one more than a trial looks at."""
    rows = await driver.run(connection, _HEARD, {"since": since, "until": until, "most": MOST_FACTS + 1})
    return [dict(row) for row in rows.mappings()]


def compare(rows: list[dict[str, Any]], present: DistributionTable, tried: DistributionTable) -> TrialResult:
    """What both tables ask for. Pure."""
    looked_at = rows[:MOST_FACTS]
    more: list[Differing] = []
    fewer: list[Differing] = []
    changed: Counter[Audience] = Counter()
    for row in looked_at:
        now, then = _asked(present, row), _asked(tried, row)
        more += [_differing(row, duty) for audience, duty in then.items() if audience not in now]
        fewer += [_differing(row, duty) for audience, duty in now.items() if audience not in then]
        severity = Severity(row["severity"])
        changed.update(
            audience
            for audience in now.keys() & then.keys()
            if _terms(present, now[audience], severity) != _terms(tried, then[audience], severity)
        )
    return TrialResult(
        facts=len(looked_at),
        all_of_period=len(rows) <= MOST_FACTS,
        more=Counter(each.audience for each in more),
        fewer=Counter(each.audience for each in fewer),
        changed=changed,
        examples_more=more[:EXAMPLES],
        examples_fewer=fewer[:EXAMPLES],
    )


def _asked(table: DistributionTable, row: dict[str, Any]) -> Mapping[Audience, Duty]:
    if not registry.knows(row["fact_type"]):
        return {}
    fact = registry.get(registry.current(row["fact_type"]))
    return {duty.audience: duty for duty in table.duties(fact, _circumstances(row))}


def _terms(table: DistributionTable, duty: Duty, severity: Severity) -> tuple[object, ...]:
    return duty.form, duty.urgency_for(severity), table.within(severity, duty), duty.reason


def _circumstances(row: dict[str, Any]) -> Circumstances:
    named = [Money(**row[name]) for name in ("estimated_loss", "desired_amount") if row[name]]
    return Circumstances(
        Severity(row["severity"]),
        row["category"],
        Against(row["against"]) if row["against"] else None,
        Kind(row["kind"]) if row["kind"] else None,
        Channel(row["channel"]) if row["channel"] else None,
        Visibility(row["visibility"]) if row["visibility"] else None,
        at_stake(*named),
    )


def _differing(row: dict[str, Any], duty: Duty) -> Differing:
    return Differing(
        complaint_id=row["complaint_id"],
        reference=row["reference"],
        fact_type=row["fact_type"],
        fact_id=row["fact_id"],
        audience=duty.audience,
        reason=duty.reason,
    )
