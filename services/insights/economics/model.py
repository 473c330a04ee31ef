"""The money behind complaints. Pure.

The formulas are those of Goodman's market at risk (*Strategic Customer Service*, AMACOM 2009) with the shares of the
texts (TARP) as starting values. Everything is worked out twice by the same lines: once with the assumed values, in
decimals, so that it can be checked by hand to the cent; and once with arrays of draws, from which the interval comes.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.insights.economics.book import Assumptions, Repurchase
from services.insights.economics.draws import Draws
from services.insights.losses import Band
from shared.rulebooks.parameter import Parameter

Array = NDArray[np.float64]
X = TypeVar("X", Decimal, Array)


@dataclass(frozen=True)
class Counts:
    """Complaints of one group and band that ended, in one period."""

    complaints: int
    satisfied: int
    """Of them, those whose customer was satisfied or found the result acceptable."""
    slow: int = 0
    """Of them, those that were handled later than the target."""


@dataclass(frozen=True)
class Rates(Generic[X]):
    """The assumptions for one band, as numbers or as draws."""

    untroubled: X
    satisfied: X
    dissatisfied: X
    silent: X
    silent_per_complaint: X
    quick: X
    slow: X
    lifetime_value: X
    acquisition_cost: X
    told_by_satisfied: X
    told_by_dissatisfied: X
    won_per_told: X
    lost_per_told: X
    handling_cost: X


@dataclass(frozen=True)
class Money(Generic[X]):
    """What a group's complaints are worth, in the currency of the assumptions."""

    customers_at_risk: X
    """Customers whom the trouble drives away, those who complained and those who said nothing."""
    market_at_risk: X
    recovered: X
    """What handling has kept: satisfied complainants buy again more often than silent ones."""
    recoverable: X
    """What it would keep if those who are not satisfied had been."""
    speed: X
    """What quick handling of the slow ones would keep."""
    voice: X
    """What is kept for each one in a hundred of the silent ones that speaks up, handled as well as the others."""
    word_of_mouth: X
    """What is won by what satisfied customers tell, less what is lost by what the others tell."""
    replacement: X
    """What it costs to win as many new customers as are driven away."""
    handling: X


def money(counts: Counts, rates: Rates[X]) -> Money[X]:
    """Of one group and band."""
    satisfied, unsatisfied = counts.satisfied, counts.complaints - counts.satisfied
    silent = rates.silent_per_complaint * counts.complaints
    kept = _positive(rates.satisfied - rates.silent)
    lost = (
        _positive(rates.untroubled - rates.dissatisfied) * unsatisfied
        + _positive(rates.untroubled - rates.satisfied) * satisfied
        + _positive(rates.untroubled - rates.silent) * silent
    )
    share = Decimal(satisfied) / counts.complaints if counts.complaints else Decimal(0)
    told = rates.told_by_satisfied * rates.won_per_told * satisfied
    told = told - rates.told_by_dissatisfied * rates.lost_per_told * unsatisfied
    return Money(
        customers_at_risk=lost,
        market_at_risk=lost * rates.lifetime_value,
        recovered=kept * rates.lifetime_value * satisfied,
        recoverable=_positive(rates.satisfied - rates.dissatisfied) * rates.lifetime_value * unsatisfied,
        speed=_positive(rates.quick - rates.slow) * rates.lifetime_value * counts.slow,
        voice=_times(silent * kept * rates.lifetime_value, share / 100),
        word_of_mouth=told * rates.lifetime_value,
        replacement=lost * rates.acquisition_cost,
        handling=rates.handling_cost * counts.complaints,
    )


def prevention(of: Money[X], works: X, years: X, cost: X) -> X:
    """What removing a cause returns for each unit of money that it costs: (market at risk + handling) x chance that it
    works x years for which it does / cost. `of`: what the cause costs in a year."""
    return (of.market_at_risk + of.handling) * works * years / cost


def _positive(x: X) -> X:
    """max(0, x), of decimals and of arrays."""
    return (x + abs(x)) / 2


def _times(x: X, share: Decimal) -> X:
    return x * share if isinstance(x, Decimal) else x * float(share)


def rates_of(assumed: Assumptions, band: Band) -> Rates[Decimal]:
    """The assumed values."""
    return _rates(assumed, band, lambda name, parameter: parameter.value)


def draws_of(assumed: Assumptions, band: Band, draws: Draws) -> Rates[Array]:
    """Draws between what may be. A parameter has the same draws in every band and group: they are wrong together."""
    return _rates(assumed, band, draws.of)


def _rates(assumed: Assumptions, band: Band, number: Any) -> Rates[Any]:
    def of(name: str) -> Any:
        parameter: Parameter = getattr(assumed, name)
        return number(name, parameter)

    def again(name: str) -> Any:
        ends = (Band.MINOR, Band.MAJOR) if band is Band.MIDDLE else (band,)
        found = [number(f"{end}/{name}", getattr(assumed.repurchase[end], name)) for end in ends]
        return sum(found[1:], start=found[0]) / len(found)

    return Rates(
        **{name: again(name) for name in Repurchase.model_fields},
        lifetime_value=of("average_order") * of("orders_in_a_life") * of("margin"),
        **{
            name: of(name)
            for name in (
                *("silent_per_complaint", "quick", "slow", "acquisition_cost", "told_by_satisfied"),
                *("told_by_dissatisfied", "won_per_told", "lost_per_told", "handling_cost"),
            )
        },
    )
