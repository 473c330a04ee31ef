"""How a case ends because the customer withdraws the complaint. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.resolution.following import Following
from services.resolution.lifecycle import State
from services.resolution.timeline import CUSTOMER, Kind, Source
from shared.events import CaseWithdrawn


@dataclass(kw_only=True)
class Withdrawing(Following):
    """Whoever complained may take it back, until the case is closed."""

    withdrawn_at: datetime | None = None

    def withdraw(self, reason: str | None, at: datetime) -> None:
        """The case ends without an outcome, and no promise runs any more; only one that was overdue is broken.

        A case that has closed meanwhile keeps the outcome that the customer gave it.
        """
        if self.state is State.WITHDRAWN:
            return
        if self.state is State.CLOSED:
            self._tell(Kind.WITHDRAWN_TOO_LATE, at, CUSTOMER, reason, Source.INTAKE)
            return
        self.state, self.withdrawn_at = State.WITHDRAWN, at
        self.leading_id = self.state_before = None
        self._tell(Kind.WITHDRAWN, at, CUSTOMER, reason, Source.INTAKE)
        self._release(at)
        self.record(CaseWithdrawn(complaint_id=self.id, withdrawn_at=at), at)
