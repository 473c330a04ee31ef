"""V1, C and V2: what the customer expected, what complaining cost them, and what they get back. Pure.

The rule of the texts is V2 >= V1 + C: whoever complained shall not be worse off than if nothing had gone wrong.
C = direct cost + time x wage + travel + emotional premium (by the worst emotion). Everything is computed in the
currency of the table of values, to the cent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from services.resolution.offers.parameters import ValueTable
from services.resolution.offers.remedies import RemedyTable, moral
from services.resolution.offers.told import LARGEST, Told
from shared.events.vocabulary import Money, Remedy
from shared.rulebooks.parameter import Parameter

CENT = Decimal("0.01")


class Interval(NamedTuple):
    """A number, and between what it may lie."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One summand, and what it was computed from."""

    name: str
    of: Interval
    how: str
    """`1.50 h x 30.00`: as a person would check it."""
    sources: tuple[Parameter, ...]


def cost_of_complaining(told: Told, table: ValueTable) -> list[Line]:
    """C, line by line."""
    contacts, visits = Decimal(max(told.contacts, 1)), Decimal(told.visits)
    once, each, wage = table.hours_once, table.hours_per_contact, table.wage_per_hour
    hours = (p + contacts * q for p, q in zip(_interval(once), _interval(each), strict=True))
    time = Interval(*(cents(h * w) for h, w in zip(hours, _interval(wage), strict=True)))
    how = f"({_plain(once.value)} h + {contacts} x {_plain(each.value)} h) x {_plain(wage.value)}"
    lines = [
        _times("direct", contacts, table.direct_per_contact, "contacts"),
        Line("time", time, how, (once, each, wage)),
        _times("travel", visits, table.travel_per_visit, "visits"),
    ]
    worst = told.worst_emotion
    if worst is not None and (premium := table.premium.get(worst)) is not None:
        amount = Interval(*map(cents, _interval(premium)))
        lines.append(Line("premium", amount, worst.value, (premium,)))
    return lines


def total(lines: Iterable[Line]) -> Decimal:
    return sum((line.of.value for line in lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Worth:
    """What a solution is worth to the customer (V2) and costs the company."""

    material: Decimal
    moral: Decimal
    cost: Decimal

    @property
    def total(self) -> Decimal:
        return self.material + self.moral


def worth_of(remedies: Iterable[Remedy], stated: Decimal | None, first: Decimal, table: RemedyTable) -> Worth:
    """`stated`: what the offer says that it is worth; without it the table's share of the first value counts."""
    rows = {remedy: table.remedies[remedy] for remedy in set(remedies)}
    share = sum((row.worth_share for row in rows.values()), Decimal(0))
    fixed = {remedy: row.worth_fixed for remedy, row in rows.items()}
    felt = sum((fixed[remedy] for remedy in rows if moral(remedy)), Decimal(0))
    # Nobody gets the same thing back twice: an exchange and a refund together restore it once.
    restored = cents(
        min(share, Decimal(1)) * first
        + sum((fixed[remedy] for remedy in rows if not moral(remedy)), Decimal(0))
    )
    cost = sum((row.cost_share * first + row.cost_fixed for row in rows.values()), Decimal(0))
    if stated is None:
        return Worth(restored, cents(felt), cents(cost))
    return Worth(cents(stated), cents(felt), cents(cost + max(stated - restored, Decimal(0))))


@dataclass(frozen=True, slots=True)
class Account:
    """V1, C and V2 of one case."""

    first: Decimal | None
    """V1 in the table's currency; None when nobody told it, or in a currency without a rate."""
    first_from: str | None
    """`told` or `set`, by a person with a reason."""
    lines: list[Line]
    worth: Worth | None
    """Of the offer that the customer agreed to; None before."""

    @property
    def cost(self) -> Decimal:
        return total(self.lines)

    @property
    def needed(self) -> Decimal | None:
        """V1 + C."""
        return None if self.first is None else self.first + self.cost

    @property
    def shortfall(self) -> Decimal | None:
        """By how much V2 is below V1 + C: 0 when it is enough; None when V1 is not known."""
        if self.needed is None:
            return None
        return max(self.needed - (self.worth.total if self.worth else Decimal(0)), Decimal(0))


def money(amount: Decimal, currency: str) -> Money:
    """At most as large as can be written down."""
    return Money(amount=min(cents(amount), LARGEST), currency=currency)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _interval(parameter: Parameter) -> Interval:
    return Interval(parameter.value, parameter.low, parameter.high)


def _times(name: str, number: Decimal, parameter: Parameter, of: str) -> Line:
    amount = Interval(*(cents(number * bound) for bound in _interval(parameter)))
    return Line(name, amount, f"{number} {of} x {_plain(parameter.value)}", (parameter,))


def _plain(number: Decimal) -> str:
    return f"{number:.2f}"
