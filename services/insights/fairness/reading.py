"""What an audit looks at: the complaints received in its days, as they are known when it is made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.fairness.estimate import Codes
from services.insights.fairness.measures import MeasureId
from services.insights.fairness.model import Sample, Stratum
from services.insights.model import DISSATISFIED
from services.insights.ranges import moments
from shared import driver
from shared.database import sql
from shared.events.vocabulary import Channel, Medium

_CUSTOMERS = sql(
    """
SELECT id, coalesce(category, '') AS category, coalesce(severity, '') AS severity, coalesce(loss, '') AS loss,
       to_char(registered_at AT TIME ZONE 'UTC', 'YYYY"Q"Q') AS quarter,
       coalesce(standing, '') AS standing, key_account, channel, coalesce(language, '') AS language,
       coalesce(region, '') AS region, outcome, withdrawn_at IS NOT NULL AS withdrawn, valid, offer_rounds,
       offered_material, offered / nullif(claimed, 0) AS offer_per_loss,
       accepted_at IS NOT NULL AS accepted, handled_at IS NOT NULL AS handled,
       extract(epoch FROM coalesce(accepted_at, withdrawn_at, closed_at, :now) - registered_at) AS response,
       extract(epoch FROM coalesce(handled_at, withdrawn_at, :now) - registered_at) AS handling
FROM (SELECT *, CASE WHEN withdrawn_at IS NULL THEN coalesce(carried_out_at, closed_at) END AS handled_at
      FROM complaints) AS c
WHERE registered_at >= :since AND registered_at < :until AND leading_id IS NULL
  AND kind = ANY(CAST(:kinds AS text[]))
ORDER BY id
"""
)

One = Row[Any]
Kept = Callable[[One], bool]
Valued = Callable[[One], float]
_SATISFIED = frozenset({"satisfied"})
_ACCEPTABLE = _SATISFIED | {"acceptable"}


def _always(row: One) -> bool:
    return True


_CUSTOMER_MEASURES: Mapping[MeasureId, tuple[Kept, Valued, Kept]] = {
    MeasureId.FIRST_RESPONSE: (_always, lambda row: row.response, lambda row: row.accepted),
    MeasureId.HANDLING_TIME: (_always, lambda row: row.handling, lambda row: row.handled),
    MeasureId.SATISFIED: (
        lambda row: row.outcome is not None,
        lambda row: row.outcome in _SATISFIED,
        _always,
    ),
    MeasureId.ACCEPTABLE: (
        lambda row: row.outcome is not None,
        lambda row: row.outcome in _ACCEPTABLE,
        _always,
    ),
    MeasureId.WITHDRAWN: (_always, lambda row: row.withdrawn, _always),
    MeasureId.JUDGED_VALID: (lambda row: row.valid is not None, lambda row: row.valid, _always),
    MeasureId.MATERIAL_OFFER: (
        lambda row: row.offered_material is not None,
        lambda row: row.offered_material,
        _always,
    ),
    MeasureId.OFFER_PER_LOSS: (
        lambda row: row.offer_per_loss is not None,
        lambda row: row.offer_per_loss,
        _always,
    ),
    MeasureId.OFFER_ROUNDS: (lambda row: row.offer_rounds > 0, lambda row: row.offer_rounds, _always),
}
"""Which complaints count, what is measured of them, and whether it has happened."""

_CHARACTERISTICS: Mapping[str, Callable[[One], str]] = {
    "standing": lambda row: row.standing,
    "account": lambda row: "" if row.key_account is None else "key" if row.key_account else "ordinary",
    "contact": lambda row: contact(row.channel),
    "language": lambda row: row.language,
    "region": lambda row: row.region,
}


def contact(channel: str | None) -> str:
    """Face to face or by letter, on the telephone, or online."""
    if channel is None:
        return ""
    known = Channel(channel)
    if known is Channel.PHONE:
        return "phone"
    return "offline" if known.medium is Medium.OFFLINE else "online"


@dataclass(frozen=True, slots=True)
class Seen:
    """All that an audit compares."""

    cases: int
    samples: Mapping[MeasureId, Sample]
    strata: Sequence[Stratum]
    """Their names, by code."""
    newest: Mapping[tuple[str, str], UUID]
    """Of each characteristic and group the newest complaint."""


async def customers(connection: AsyncConnection, first: date, last: date, now: datetime) -> Seen:
    """The complaints and criticisms received from `first` to `last` (UTC, included); merged ones are left out, because
    how they end is told of the leading one."""
    since, until = moments(first, last)
    given = {"since": since, "until": until, "kinds": sorted(DISSATISFIED), "now": now}
    found = await driver.run(connection, _CUSTOMERS, given)
    rows = found.all()
    strata, names = coded([(row.category, row.severity, row.loss, row.quarter) for row in rows])
    groups = {
        name: np.array([of(row) for row in rows], dtype=np.str_) for name, of in _CHARACTERISTICS.items()
    }
    samples = {}
    for measure, (counts, value, happened) in _CUSTOMER_MEASURES.items():
        kept = np.array([counts(row) for row in rows], dtype=np.bool_)
        of = [row for row, one in zip(rows, kept, strict=True) if one]
        samples[measure] = Sample(
            strata[kept],
            np.array([value(row) for row in of], dtype=np.float64),
            np.array([happened(row) for row in of], dtype=np.bool_),
            {name: each[kept] for name, each in groups.items()},
        )
    newest = {(name, of(row)): row.id for row in rows for name, of in _CHARACTERISTICS.items()}
    return Seen(len(rows), samples, names, newest)


def coded(strata: Sequence[Stratum]) -> tuple[Codes, list[Stratum]]:
    """The strata as numbers, and what each number stands for."""
    names = sorted(set(strata))
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[each] for each in strata], dtype=np.int64), names
