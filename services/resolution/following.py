"""How a case follows another one about the same matter, and goes on by itself again. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.resolution.clocks.ticking import Ticking
from services.resolution.lifecycle import UNSOLVED, State
from services.resolution.timeline import SYSTEM, Kind, Source
from shared.events import OffersWithdrawn


@dataclass(kw_only=True)
class Following(Ticking):
    """A merged case is not worked and holds no promise: the leading one is, and does."""

    leading_id: UUID | None = None
    """Of a merged case: the one that is worked instead."""
    state_before: State | None = None
    """Of a merged case: where it goes on when it is separated."""

    def merge(self, leading_id: UUID, by: str, reason: str | None, at: datetime) -> None:
        """It follows another case from now on. The customer is told so by a person's decision, and of all further
        progress there: that is a reply, and the leading case holds the next promise.

        Whatever lay before the customer is withdrawn. A case that has ended meanwhile stays as it is.
        """
        if self.state in {State.CLOSED, State.WITHDRAWN}:
            self._tell(Kind.MERGED_TOO_LATE, at, by, str(leading_id), Source.INTAKE)
            return
        before, self.state, self.leading_id = self.state, State.MERGED, leading_id
        self.state_before = State.ACCEPTED if before is State.OFFERED else before
        self._tell(Kind.MERGED, at, by, reason, Source.INTAKE)
        if before is State.OFFERED:
            self.record(OffersWithdrawn(complaint_id=self.id, round=self.round, withdrawn_at=at), at)
        if self.promise is not None:
            self._settle(at, interim_reply=False)

    def separate(self, by: str, reason: str | None, at: datetime) -> None:
        """It is worked on its own again, from where it stood; an unsolved case begins with a fresh promise."""
        if self.state is not State.MERGED:
            return
        assert self.state_before is not None, "a merged case knows where it stood"
        self.state, self.leading_id, self.state_before = self.state_before, None, None
        self._tell(Kind.SEPARATED, at, by, reason, Source.INTAKE)
        if self.state in UNSOLVED:
            self._promise(at, Source.INTAKE)

    def join(self, merged_id: UUID, at: datetime) -> None:
        """Another complaint follows this case."""
        self._tell(Kind.REPORTER_JOINED, at, SYSTEM, str(merged_id), Source.INTAKE)

    def leave(self, merged_id: UUID, at: datetime) -> None:
        self._tell(Kind.REPORTER_LEFT, at, SYSTEM, str(merged_id), Source.INTAKE)
