"""A time of the handler's own choice for the next reply: within the rulebook everybody, beyond it by one's layer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.resolution.clocks.book import CLOCKS
from services.resolution.ledger import Ledger
from services.resolution.staff import standing_of_account
from shared.aggregate import NotPossible
from shared.auth import Principal
from shared.service import Context
from shared.worktime import add_working_time


class TooLateAPromise(NotPossible):
    """Whoever promises may not let the customer wait so long."""

    def __init__(self, latest: datetime, layer: int | None) -> None:
        super().__init__(
            "promise-beyond-authority",
            "You may not let the customer wait so long: promise an earlier time, or let somebody above you promise it.",
            "您的权限不允许承诺这么晚的答复时间：请承诺更早的时间，或请上级作出承诺。",
            latest=latest.isoformat(),
            layer=layer,
        )


class PromisePassed(NotPossible):
    """Nobody can promise what has passed."""

    def __init__(self) -> None:
        super().__init__(
            "promise-in-the-past",
            "The time in promise_by has passed: choose a later one.",
            "promise_by 的时间已过，请选择更晚的时间。",
        )


@dataclass(frozen=True)
class ChosenTime:
    """What was asked for, by somebody of a layer of the company; None: nobody of its directory."""

    by: datetime | None
    layer: int | None = None

    def of(self, case: Ledger, at: datetime) -> datetime | None:
        """The time, if it may be promised. Raises PromisePassed and TooLateAPromise."""
        if self.by is None:
            return None
        if self.by <= at:
            raise PromisePassed
        latest = case.reply_due(at)
        own = case.books.read(CLOCKS).promise_hours_by_layer.get(self.layer or 0)
        if own is not None:
            calendar = case.calendars.of(case.department)
            latest = max(latest, add_working_time(at, timedelta(hours=own), calendar))
        if self.by > latest:
            raise TooLateAPromise(latest, self.layer)
        return self.by


async def chosen_time(context: Context, who: Principal, by: datetime | None) -> ChosenTime:
    """Routing's directory is asked who promises, when a time was chosen. Raises httpx.HTTPError when it is away."""
    if by is None:
        return ChosenTime(None)
    standing = await standing_of_account(context, who.id)
    return ChosenTime(by, None if standing is None else standing.layer)
