"""What somebody who works a case stands before: which action is possible now, and what follows from it. Pure."""

from dataclasses import dataclass

from services.resolution.dispute.model import Dispute
from services.resolution.lifecycle import LIFECYCLE, Action, NotNow, why_not
from services.resolution.withdrawing import Withdrawing
from shared.events.vocabulary import Severity


@dataclass(frozen=True)
class Judgement:
    reason_sufficient: bool
    demand_reasonable: bool

    @property
    def valid(self) -> bool:
        return self.reason_sufficient and self.demand_reasonable


@dataclass(kw_only=True)
class Working(Withdrawing):
    """A case on which people act."""

    severity: Severity | None = None
    judgement: Judgement | None = None
    solutions: int = 0
    """How often a result was told."""
    dispute: Dispute | None = None
    """Before which outside body it lies now."""

    @property
    def valid(self) -> bool | None:
        """Is the complaint valid? None before the judgement."""
        return None if self.judgement is None else self.judgement.valid

    @property
    def in_dispute(self) -> bool:
        return self.dispute is not None

    def _check(self, action: Action) -> None:
        reason = why_not(self, action)
        if reason is not None:
            raise NotNow(action, reason)

    def _move(self, action: Action) -> None:
        self._check(action)
        self.state = LIFECYCLE[action].to or self.state
