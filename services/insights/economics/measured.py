"""Complaints of a range by group and size of loss, from the rollups; and what they are worth. The sums are pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.economics.book import Assumptions
from services.insights.economics.draws import INTERVAL, Draws
from services.insights.economics.model import Array, Counts, Money, draws_of, money, rates_of
from services.insights.losses import Band
from services.insights.model import JOIN
from services.insights.pieces import pieces, rows
from shared import driver
from shared.database import sql

CENT = Decimal("0.01")
_WIDE = Context(prec=100)
"""Digits for whatever may be assumed: the usual 28 are too few for a product of several ten-digit numbers."""
_NAMES = tuple(each.name for each in fields(Money))

_PARTS = rows("value, closed, satisfied, closed_slowly", "in", "dimension = :dimension")
_CLOSED = sql(
    "SELECT value, sum(closed)::bigint AS complaints, sum(satisfied)::bigint AS satisfied, "  # noqa: S608 - own names only
    f"sum(closed_slowly)::bigint AS slow FROM ({_PARTS}) p GROUP BY value HAVING sum(closed) > 0"
)


async def closed(
    connection: AsyncConnection, by: str | None, first: date, last: date
) -> dict[str, dict[Band, Counts]]:
    """Complaints closed from `first` to `last`, by group ('' is what is not known, or the whole) and by loss. A loss
    that was not named counts as a middle one."""
    dimension = f"{by}+loss" if by else "loss"
    given = {"dimension": dimension, **pieces("in", first, last)}
    groups: dict[str, dict[Band, Counts]] = {}
    for row in await driver.run(connection, _CLOSED, given):
        group, _, loss = row.value.rpartition(JOIN)
        band = Band(loss) if loss else Band.MIDDLE
        before = groups.setdefault(group, {}).get(band, Counts(0, 0, 0))
        groups[group][band] = Counts(
            before.complaints + row.complaints, before.satisfied + row.satisfied, before.slow + row.slow
        )
    return groups


@dataclass(frozen=True)
class Figure:
    """An amount with the interval in which it lies in four cases of five, if the assumptions hold."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Worth:
    """Of one group over all bands: the assumed values and the draws."""

    assumed: Money[Decimal]
    drawn: Money[Array]

    def figures(self) -> dict[str, Figure]:
        return {name: figure(getattr(self.assumed, name), getattr(self.drawn, name)) for name in _NAMES}


def figure(value: Decimal, drawn: Array) -> Figure:
    low, high = np.quantile(drawn, INTERVAL)
    return Figure(_cents(value), _cents(Decimal(float(low))), _cents(Decimal(float(high))))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP, _WIDE)


def worth(groups: Mapping[str, Mapping[Band, Counts]], assumed: Assumptions) -> dict[str, Worth]:
    """Of each group."""
    draws = Draws()
    rates = {band: (rates_of(assumed, band), draws_of(assumed, band, draws)) for band in Band}
    found = {}
    for group, bands in groups.items():
        values = [money(counts, rates[band][0]) for band, counts in bands.items()]
        drawn = [money(counts, rates[band][1]) for band, counts in bands.items()]
        found[group] = Worth(
            Money(**{name: sum((getattr(each, name) for each in values), Decimal(0)) for name in _NAMES}),
            Money(**{name: np.sum([getattr(each, name) for each in drawn], axis=0) for name in _NAMES}),
        )
    return found
