"""A time of the handler's own choice for the next reply: within the rulebook anybody's, beyond it by one's layer, and
beyond that by a permit of somebody above."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.resolution.approvals.book import APPROVALS
from services.resolution.approvals.line import line_of
from services.resolution.approvals.permits import permit_needed, use_permit
from services.resolution.approvals.terms import Terms
from services.resolution.audit.witnessed import Noted
from services.resolution.clocks.book import CLOCKS
from services.resolution.model import Case
from services.resolution.staff import standing_of_account
from services.resolution.standing import Standing
from shared.aggregate import NotPossible
from shared.auth import Principal
from shared.database import Transaction
from shared.events.approvals import Permit
from shared.rulebooks.store import load_books
from shared.service import Context
from shared.worktime import add_working_time


class PromisePassed(NotPossible):
    """Nobody can promise what has passed."""

    def __init__(self) -> None:
        super().__init__(
            "promise-in-the-past",
            "The time in promise_by has passed: choose a later one.",
            "promise_by 的时间已过，请选择更晚的时间。",
        )


FURTHEST = timedelta(days=731)


class PromiseTooFar(NotPossible):
    """No permit makes it a promise."""

    def __init__(self) -> None:
        super().__init__(
            "promise-too-far",
            "The time in promise_by is more than two years away: choose an earlier one.",
            "promise_by 的时间在两年之后，请选择更早的时间。",
        )


@dataclass(frozen=True)
class ChosenTime:
    """What somebody wants to promise; `by` None: what the rulebook says."""

    who: Principal
    by: datetime | None
    approval_id: UUID | None
    standing: Standing | None
    """Of whoever promises; None: nobody of the directory."""

    async def check(self, transaction: Transaction, case: Case, at: datetime) -> None:
        """Uses the permit up when one is needed. Raises PromisePassed, PromiseTooFar, and the problems of
        permits."""
        if self.by is None:
            return
        if self.by <= at:
            raise PromisePassed
        if self.by > at + FURTHEST:
            raise PromiseTooFar
        if self.by <= self._latest(case, at):
            return
        terms = Terms(exact={"promise_by": self.by.astimezone(UTC).isoformat()})
        if self.approval_id is not None:
            permit, by = Permit.PROMISE_LATER, self.who.id
            await use_permit(transaction, self.approval_id, permit, case.id, terms, by)
            case.witness(Noted.PERMIT_USED, at, by, permit=permit.value, approval_id=str(self.approval_id))
            return
        books = await load_books(transaction.connection, APPROVALS)
        line = line_of(self.standing, Permit.PROMISE_LATER, terms, books.read(APPROVALS))
        raise permit_needed(Permit.PROMISE_LATER, case.id, case.id, terms, line)

    def _latest(self, case: Case, at: datetime) -> datetime:
        """What may be promised without a permit."""
        usual = case.reply_due(at)
        hours = case.books.read(CLOCKS).promise_hours_by_layer
        own = hours.get(self.standing.layer) if self.standing is not None else None
        if own is None:
            return usual
        calendar = case.calendars.of(case.department)
        return max(usual, add_working_time(at, timedelta(hours=own), calendar))


async def chosen_time(
    context: Context, who: Principal, by: datetime | None, approval_id: UUID | None
) -> ChosenTime:
    """Routing's directory is asked who promises, when a time was chosen. Raises httpx.HTTPError when it is away."""
    standing = None if by is None else await standing_of_account(context, who.id)
    return ChosenTime(who, by, approval_id, standing)
