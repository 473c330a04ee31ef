"""Shapes of what a case is worth, and of the indicators of the front line, in the HTTP interface."""

from decimal import Decimal

from services.resolution.offers.value import Account, Line, money
from services.resolution.views import Bilingual, PromiseView, View
from shared.events.vocabulary import Money, Remedy


class SourceShown(View):
    value: Decimal
    low: Decimal
    high: Decimal
    source: Bilingual


class LineShown(View):
    name: str
    amount: Money
    low: Money
    high: Money
    how: str
    """As a person would check it."""
    parameters: list[SourceShown]

    @classmethod
    def of(cls, line: Line, currency: str) -> "LineShown":
        return cls(
            name=line.name,
            amount=money(line.of.value, currency),
            low=money(line.of.low, currency),
            high=money(line.of.high, currency),
            how=line.how,
            parameters=[
                SourceShown(
                    value=p.value, low=p.low, high=p.high, source=Bilingual(en=p.source_en, zh=p.source_zh)
                )
                for p in line.sources
            ],
        )


class ValueShown(View):
    """V1, C and V2 of a case, with what they were computed from."""

    first_value: Money | None
    """V1: what the customer expected. Absent when nobody told it, or in a currency without a rate."""
    first_value_from: str | None
    """`told` by the customer, or `set` by a person."""
    reason: str | None
    """Why a person set it."""
    cost: Money
    """C = direct + time x wage + travel + premium."""
    lines: list[LineShown]
    """The summands of C."""
    material: Money | None
    """Of the offer that the customer agreed to: what is material in it."""
    moral: Money | None
    """And what is not."""
    second_value: Money | None
    """V2: both; absent before the customer agreed."""
    needed: Money | None
    """V1 + C."""
    shortfall: Money | None
    """By how much V2 is below it now; absent when V1 is not known."""
    rulebook_version: int

    @classmethod
    def of(cls, account: Account, currency: str, reason: str | None, version: int) -> "ValueShown":
        def shown(amount: Decimal | None) -> Money | None:
            return None if amount is None else money(amount, currency)

        worth = account.worth
        return cls(
            first_value=shown(account.first),
            first_value_from=account.first_from,
            reason=reason,
            cost=money(account.cost, currency),
            lines=[LineShown.of(line, currency) for line in account.lines],
            material=shown(worth.material if worth else None),
            moral=shown(worth.moral if worth else None),
            second_value=shown(worth.total if worth else None),
            needed=shown(account.needed),
            shortfall=shown(account.shortfall),
            rulebook_version=version,
        )


class LimitsShown(View):
    person: str | None
    """In the directory; absent: the account is nobody's there."""
    unlimited: bool
    """An administrator's."""
    remedies: list[Remedy]
    amounts: dict[str, Decimal]
    """At most so much, by currency."""
    approvers: list[str]
    """Who is asked beyond it, the nearest first."""


class Indicators(View):
    """By what the front line decides on a case."""

    limits: LimitsShown
    promise: PromiseView | None
    seconds_left: int | None
    """Until the promised reply; below 0 when it is overdue."""
    first_value: Money | None
    cost: Money
    value_of_customer: Money | None
    """What a customer who buys as much is worth in a life: orders x V1 x margin. It ranks nobody: every customer gets
    what is due."""
