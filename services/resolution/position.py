"""Where a case stands, and what everything that follows is decided by. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from services.resolution.audit.handled_under import HandledUnder
from services.resolution.clocks.calendars import USUAL, Calendars
from services.resolution.dispute.model import Dispute
from services.resolution.fairness.record import Accusation
from services.resolution.judgement import Judgement
from services.resolution.lifecycle import LIFECYCLE, Action, NotNow, State, WaitingFor, why_not
from shared.events.vocabulary import Channel, Severity, Visibility


@dataclass(kw_only=True)
class Positioned(HandledUnder):
    """What the guards of the lifecycle look at, and the times are decided by."""

    calendars: Calendars = field(default=USUAL, repr=False, compare=False)
    """When the departments work."""
    state: State = State.UNOPENED
    registered_at: datetime | None = None
    category: str | None = None
    severity: Severity | None = None
    channel: Channel | None = None
    visibility: Visibility | None = None
    publicly_answered_at: datetime | None = None
    department: str | None = None
    handler_id: str | None = None
    judgement: Judgement | None = None
    round: int = 0
    """Rounds of offers so far."""
    waiting_for: WaitingFor | None = None
    accused: dict[str, Accusation] = field(default_factory=dict[str, Accusation])
    """The people complained about, by their ids in the directory."""
    solutions: int = 0
    """How often a result was told."""
    dispute: Dispute | None = None
    """Before which outside body it lies now."""

    @property
    def valid(self) -> bool | None:
        """Is the complaint valid? None before the judgement."""
        return None if self.judgement is None else self.judgement.valid

    @property
    def unheard(self) -> int:
        """How many of those complained about may still answer before anything is judged."""
        return sum(each.waits for each in self.accused.values())

    @property
    def in_dispute(self) -> bool:
        return self.dispute is not None

    @property
    def owes_public_response(self) -> bool:
        """Was it made in public, and not answered there yet?"""
        return self.visibility is Visibility.PUBLIC and self.publicly_answered_at is None

    @property
    def waits_for_customer(self) -> bool:
        """Offers or a question lie before them."""
        return self.state is State.OFFERED or self.waiting_for is WaitingFor.CUSTOMER

    def _check(self, action: Action) -> None:
        reason = why_not(self, action)
        if reason is not None:
            raise NotNow(action, reason)

    def _move(self, action: Action) -> None:
        self._check(action)
        self.state = LIFECYCLE[action].to or self.state
