"""What a case is worth to the customer, and that it does not end below it unless somebody entitled says why. Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.resolution.approvals.needed import PermitNeeded
from services.resolution.approvals.terms import Terms
from services.resolution.offers.offering import Offering
from services.resolution.offers.parameters import VALUES
from services.resolution.offers.remedies import REMEDIES
from services.resolution.offers.value import Account, cents, cost_of_complaining, money, worth_of
from services.resolution.timeline import Kind
from shared.events import ClosedBelowValue, ComplaintRegistered, ComplaintSupplemented
from shared.events.approvals import Permit
from shared.events.vocabulary import Money
from shared.masking import mask

NOTHING = Decimal(0)


@dataclass(kw_only=True)
class Valuing(Offering):
    """V2 >= V1 + C, or somebody entitled says why not."""

    first_value: Money | None = None
    """V1 as a person set it; without it what the customer told counts."""
    first_value_reason: str | None = None
    first_value_by: str | None = None

    def hear_of(self, event: ComplaintRegistered | ComplaintSupplemented) -> None:
        """The customer told something, for the first time or again."""
        self.told = self.told.and_then(event)

    def set_first_value(
        self, value: Money, reason: str, author: str, at: datetime, *, permitted: bool = False
    ) -> None:
        """Somebody knows better than what was told. Raises PermitNeeded for less than the customer told: whoever could
        make V1 smaller alone could close below it alone."""
        table, told = self.books.read(VALUES), self.told.first_value()
        if not permitted and told is not None and _less(table.converted(value), table.converted(told)):
            exactly = Terms(exact={"first_value": f"{value.amount:.2f} {value.currency}"})
            raise PermitNeeded(Permit.CLOSE_BELOW_VALUE, exactly)
        self.first_value, self.first_value_reason, self.first_value_by = value, mask(reason), author
        text = f"{value.amount} {value.currency} · {self.first_value_reason}"
        self._tell(Kind.FIRST_VALUE_SET, at, author, text)

    def account(self) -> Account:
        """V1, C and V2 by the tables in force."""
        values, remedies = self.books.read(VALUES), self.books.read(REMEDIES)
        named = self.first_value or self.told.first_value()
        first = None if named is None else values.converted(named)
        offer, worth = self.agreed_offer, None
        if offer is not None:
            stated = None if offer.value is None else values.converted(offer.value)
            worth = worth_of(offer.remedies, stated, first or NOTHING, remedies)
        return Account(
            None if first is None else cents(first),
            None if first is None else ("told" if self.first_value is None else "set"),
            cost_of_complaining(self.told, values),
            worth,
        )

    def _must_be_worth_it(self, *, permitted: bool) -> None:
        """Raises PermitNeeded when the customer would get back less than V1 + C. Where the complaint is not valid,
        nothing is owed; where nobody knows V1, nothing can be compared."""
        if not permitted and self._shortfall():
            raise PermitNeeded(Permit.CLOSE_BELOW_VALUE, Terms())

    def _note_shortfall(self, author: str, reason: str | None, at: datetime) -> None:
        """The case has closed: if below V1 + C, that is a fact."""
        shortfall = self._shortfall()
        if not shortfall:
            return
        account, currency = self.account(), self.books.read(VALUES).currency
        assert account.first is not None
        worth = account.worth.total if account.worth else NOTHING
        below = ClosedBelowValue(
            complaint_id=self.id,
            first_value=money(account.first, currency),
            cost=money(account.cost, currency),
            second_value=money(worth, currency),
            shortfall=shortfall,
            reason=reason,
            closed_by=author,
            closed_at=at,
        )
        self.record(below, at)
        self._tell(Kind.CLOSED_BELOW_VALUE, at, author, f"{shortfall.amount} {shortfall.currency}")

    def _shortfall(self) -> Money | None:
        if self.valid is False:
            return None
        missing = self.account().shortfall
        return money(missing, self.books.read(VALUES).currency) if missing else None


def _less(value: Decimal | None, told: Decimal | None) -> bool:
    """Is it less, or can it no more be compared?"""
    return told is not None and (value is None or value < told)
